/** Times as a resident reads them, in the device's own zone. */

const two = (n: number) => String(n).padStart(2, '0')
const dayOf = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()

/** 「14:03」, 「昨天 14:03」, 「3月2日 14:03」, 「2024年3月2日 14:03」. */
export function stamp(at: string | number | Date, now: Date): string {
  const d = new Date(at)
  if (Number.isNaN(d.getTime())) return ''
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}`
  const days = Math.round((dayOf(now) - dayOf(d)) / 86_400_000)
  if (days === 0) return clock
  if (days === 1) return `昨天 ${clock}`
  if (days === -1) return `明天 ${clock}`
  const day = `${d.getMonth() + 1}月${d.getDate()}日 ${clock}`
  return d.getFullYear() === now.getFullYear() ? day : `${d.getFullYear()}年${day}`
}

/** 「3月2日 14:03 前」, with 今天 spelt out. */
export function deadline(at: string | undefined, now: Date): string {
  if (!at) return ''
  const words = stamp(at, now)
  return words === '' ? '' : `${/^\d\d:/.test(words) ? `今天 ${words}` : words} 前`
}

/** 「2024年1月1日」 out of a date; anything else as it is. */
export function date(value: string | null | undefined): string {
  const found = /^(\d{4})-(\d{2})-(\d{2})/.exec(value ?? '')
  return found ? `${found[1]}年${Number(found[2])}月${Number(found[3])}日` : (value ?? '')
}

/** The value of an `<input type="datetime-local">` for an instant. */
export function localInput(at: string | null | undefined): string {
  if (!at) return ''
  const d = new Date(at)
  if (Number.isNaN(d.getTime())) return ''
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`
}

/** RFC 3339 with this device's zone out of a `datetime-local` value. */
export function fromLocalInput(value: string): string | null {
  const d = new Date(value)
  if (value === '' || Number.isNaN(d.getTime())) return null
  const zone = -d.getTimezoneOffset()
  const sign = zone < 0 ? '-' : '+'
  const abs = Math.abs(zone)
  return `${localInput(d.toISOString())}:${two(d.getSeconds())}${sign}${two(Math.floor(abs / 60))}:${two(abs % 60)}`
}

/** Whether a time stamp stands between two messages: as in WeChat, after five minutes of silence. */
export function needsStamp(previous: string | undefined, current: string): boolean {
  if (previous === undefined) return true
  return new Date(current).getTime() - new Date(previous).getTime() > 5 * 60_000
}
