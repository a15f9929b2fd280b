// Names stay readable on every colour that people have.

const BLACK = '#000000'
const WHITE = '#ffffff'

/** Black or white, whichever stands out more on a `#rrggbb`: at least 4.5 to 1, as WCAG asks. */
export function readableOn(color: string): typeof BLACK | typeof WHITE {
  // The luminance at which black and white stand out alike.
  return luminance(color) > Math.sqrt(1.05 * 0.05) - 0.05 ? BLACK : WHITE
}

/** Relative luminance as WCAG 2 defines it, 0 to 1. */
export function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
