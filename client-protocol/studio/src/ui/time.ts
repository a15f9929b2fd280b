// Times for people. Pure: now is an argument.

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' })
const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

/** "3 minutes ago"; a date where it is longer ago than a week. */
export function ago(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000
  if (!Number.isFinite(seconds)) return ''
  if (seconds > 7 * 86_400) return date.format(Date.parse(iso))
  const unit = UNITS.find(([, size]) => seconds >= size)
  return unit ? relative.format(-Math.floor(seconds / unit[1]), unit[0]) : 'just now'
}

/** Day and minute, in the reader's time zone. */
export function exactly(iso: string): string {
  const time = Date.parse(iso)
  return Number.isFinite(time) ? moment.format(time) : ''
}
