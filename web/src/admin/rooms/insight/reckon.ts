// What is reckoned on the page: days to choose from, and how a figure changed.
const text = (day: Date) => day.toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })
const DAY = 86_400_000

/** What people choose without a calendar; `today` is a day of the street. */
export function usualSpans(now: Date = new Date()): { title: string; from: string; until: string }[] {
  const today = text(now)
  const back = (days: number) => text(new Date(now.getTime() - days * DAY))
  const month = `${today.slice(0, 8)}01`
  // The day before the first of this month, whatever its number.
  const last = new Date(Date.parse(`${month}T00:00:00Z`) - DAY).toISOString().slice(0, 10)
  return [
    { title: '今天', from: today, until: today },
    { title: '近7天', from: back(6), until: today },
    { title: '近30天', from: back(29), until: today },
    { title: '本月', from: month, until: today },
    { title: '上月', from: `${last.slice(0, 8)}01`, until: last },
  ]
}

/** How a figure changed against the span before, in words; nothing where there is nothing to compare. */
export function change(
  now: { part: number; whole?: number | null },
  before: { part: number; whole?: number | null },
): { words: string; more: number } | undefined {
  const rate = (c: { part: number; whole?: number | null }) => (c.whole ? (c.part / c.whole) * 100 : undefined)
  if (now.whole !== undefined && now.whole !== null) {
    const [a, b] = [rate(now), rate(before)]
    if (a === undefined || b === undefined) return undefined
    const points = Math.round((a - b) * 10) / 10
    return { words: points === 0 ? '持平' : `${points > 0 ? '+' : '−'}${Math.abs(points)}个百分点`, more: Math.sign(points) }
  }
  const more = now.part - before.part
  if (before.part === 0 && now.part === 0) return undefined
  const share = before.part === 0 ? '' : `（${more > 0 ? '+' : '−'}${Math.round((Math.abs(more) / before.part) * 100)}%）`
  return { words: more === 0 ? '持平' : `${more > 0 ? '+' : '−'}${Math.abs(more)}${share}`, more: Math.sign(more) }
}
