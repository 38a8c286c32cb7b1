import type { Shape } from '../../staff/client'

export type Entry = Shape<'LedgerEntry'>

/** When it is due, from today. */
export function dueWords(entry: Entry): string {
  if (entry.days_left < 0) return `逾期${-entry.days_left}天`
  if (entry.days_left === 0) return '今天'
  return entry.days_left === 1 ? '明天' : `${entry.days_left}天后`
}

/** What a found hazard is reported as; a household's door and file number stay in the ledger. */
export function reportWords(entry: Entry, note: string): string {
  const spot = entry.place.replace(/(\d+单元)?\s*\d+[-－—]\d+(室|号)?$/, '')
  return `${spot}${note}`
}
