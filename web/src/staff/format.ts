/** Dates, spans and numbers as they are written in a Chinese office. The street's clock, wherever the reader's is. */
const ZONE = 'Asia/Shanghai'
const parts = new Intl.DateTimeFormat('zh-CN', {
  timeZone: ZONE,
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})
const numbers = new Intl.NumberFormat('zh-CN', { maximumFractionDigits: 2 })

type Instant = string | number | Date | null | undefined

function fields(at: Instant): Record<string, string> | undefined {
  if (at === null || at === undefined || at === '') return undefined
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return undefined
  return Object.fromEntries(parts.formatToParts(date).map((p) => [p.type, p.value]))
}

/** `2026年3月1日`; nothing is a dash. */
export function day(at: Instant): string {
  // A day without a time is that day everywhere.
  const plain = typeof at === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(at) : null
  if (plain) return `${plain[1]}年${Number(plain[2])}月${Number(plain[3])}日`
  const f = fields(at)
  return f ? `${f['year']}年${f['month']}月${f['day']}日` : '—'
}

/** `2026年3月1日 09:05` */
export function moment(at: Instant): string {
  const f = fields(at)
  return f ? `${f['year']}年${f['month']}月${f['day']}日 ${f['hour'] === '24' ? '00' : f['hour']}:${f['minute']}` : '—'
}

/** `2026年3月1日 09:05:07`, where the order of two things within a minute counts. */
export const exactMoment = (at: Instant): string => (fields(at) ? `${moment(at)}:${fields(at)?.['second']}` : '—')

/** `3月1日 09:05`, with the year when it is not this one. */
export function shortMoment(at: Instant, now: Date = new Date()): string {
  const f = fields(at)
  if (!f) return '—'
  const words = moment(at)
  return f['year'] === fields(now)?.['year'] ? words.slice(words.indexOf('年') + 1) : words
}

/** `2天3小时`, `5分钟`; at most two units. */
export function span(ms: number): string {
  const minutes = Math.max(0, Math.floor(Math.abs(ms) / 60_000))
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  const words = [days && `${days}天`, hours && `${hours}小时`, !days && rest && `${rest}分钟`].filter(Boolean)
  return words.slice(0, 2).join('') || '不到1分钟'
}

/** `还有2小时` or `超过3天`, seen from now. */
export function until(at: Instant, now: Date = new Date()): string {
  if (at === null || at === undefined || at === '') return '—'
  const ms = new Date(at).getTime() - now.getTime()
  return ms >= 0 ? `还有${span(ms)}` : `超过${span(ms)}`
}

export const number = (value: number | null | undefined): string => (value === null || value === undefined ? '—' : numbers.format(value))

/** A share as `92.3%`; of nothing there is none. */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '—' : `${numbers.format(Math.round((part / whole) * 1000) / 10)}%`

/** `1.2 MB`, `11.8 GB` */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 ** 2) return `${numbers.format(value / 1024)} KB`
  return value < 1024 ** 3 ? `${numbers.format(value / 1024 ** 2)} MB` : `${numbers.format(Math.round((value / 1024 ** 3) * 10) / 10)} GB`
}
