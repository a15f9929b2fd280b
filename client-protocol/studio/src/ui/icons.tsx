// The Studio's icons: strokes on a grid of 20, drawn in the colour of their text. Decoration only: what they mean
// is said by the label of what holds them.

const PATHS = {
  alert: 'M10 3 18 17H2ZM10 8v4M10 14.5v.1',
  back: 'M12 4 6 10l6 6',
  check: 'M4 10.5 8.5 15 16 6',
  clock: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM10 6v4.5l3 1.5',
  close: 'm5 5 10 10M15 5 5 15',
  cloud: 'M6 15a3.5 3.5 0 0 1-.4-7A4.5 4.5 0 0 1 14 7.5a3.8 3.8 0 0 1 0 7.5Z',
  compare: 'M7 4v12M13 4v12M3 8l4-4M17 12l-4 4',
  copy: 'M7 7h9v9H7ZM13 4H4v9',
  download: 'M10 3v9M6 8.5 10 12.5l4-4M4 16h12',
  eye: 'M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5ZM10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z',
  fit: 'M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4M8 8h4v4H8Z',
  flag: 'M5 17V4h9l-2 3.5 2 3.5H5',
  flow: 'M5 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM7.5 10h3M14 6.5 17.5 10 14 13.5 10.5 10Z',
  folder: 'M3 6.5V15h14V7.5h-7L8.5 5H3Z',
  help: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM8 8a2 2 0 1 1 2.6 2c-.4.2-.6.5-.6 1.2M10 13.5v.1',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3l1-1',
  minus: 'M4 10h12',
  moon: 'M15.5 12A6 6 0 0 1 8 4.5 6 6 0 1 0 15.5 12Z',
  more: 'M4.5 9.5h.8v1h-.8ZM9.6 9.5h.8v1h-.8ZM14.7 9.5h.8v1h-.8Z',
  offline: 'M3 3l14 14M5.5 8.5A3.5 3.5 0 0 0 6 15h8M9 5.1A4.5 4.5 0 0 1 14 8a3.6 3.6 0 0 1 2.5 5.5',
  pencil: 'M4 16l.8-3.5L13 4.3a1.6 1.6 0 0 1 2.3 0l.4.4a1.6 1.6 0 0 1 0 2.3L7.5 15.2Z',
  people:
    'M7.5 4a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM2 16.5c.4-3 2.4-4.5 5.5-4.5s5.1 1.5 5.5 4.5M13 4.2a3 3 0 0 1 0 5.6M14.8 12.3c1.8.5 2.9 1.9 3.2 4.2',
  plus: 'M10 4v12M4 10h12',
  redo: 'M15 8H8a4 4 0 0 0 0 8h3M12 4.5 15.5 8 12 11.5',
  restore: 'M4 10a6 6 0 1 1 2 4.5M4 5v4h4M10 7v3l2 1.5',
  search: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4ZM12.8 12.8 16.5 16.5',
  sliders:
    'M3.5 6.5h7M15.5 6.5h1M13 4.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4ZM3.5 13.5h1M9.5 13.5h7M7 11.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z',
  sun: 'M10 7a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM10 2.5v1M10 16.5v1M2.5 10h1M16.5 10h1M4.7 4.7l.7.7M14.6 14.6l.7.7M4.7 15.3l.7-.7M14.6 5.4l.7-.7',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6',
  undo: 'M5 8h7a4 4 0 0 1 0 8H9M8 4.5 4.5 8 8 11.5',
  upload: 'M10 13V4M6 7.5 10 3.5l4 4M4 16h12',
  user: 'M10 4a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM4 16.5c.5-3 2.8-4.5 6-4.5s5.5 1.5 6 4.5',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
