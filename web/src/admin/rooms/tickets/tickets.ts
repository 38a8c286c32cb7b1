// What every page of this room knows of tickets: whose deadline counts, in which words, what may be done next.
import '../../parts/forms.less'
import { onScopeDispose, ref, type Ref } from 'vue'
import { api, got, type Shape } from '../../../staff/client'
import { span } from '../../../staff/format'

export type StaffTicket = Shape<'StaffTicket'>
export type Status = Shape<'Status'>

/** Open states in the order of a ticket's life, then those in which nothing more is expected. */
export const STATUSES: readonly Status[] = [
  '已提交',
  '已送达平台',
  '已受理',
  '已交办',
  '处置中',
  '延期',
  '重新办理',
  '退回待审',
  '已办结',
  '已回访',
  '合并',
  '撤销',
]
const BEFORE_ACCEPTANCE: readonly Status[] = ['已提交', '已送达平台']
const BEFORE_RESULT: readonly Status[] = ['已受理', '已交办', '处置中', '重新办理', '延期', '退回待审']

export interface Due {
  /** What is to have happened by then. */
  what: '受理' | '办结'
  at: number
}

/** The deadline that counts in the ticket's state: none when nothing is awaited or its clock stands still. */
export function due(ticket: Pick<StaffTicket, 'status' | 'clock'>): Due | undefined {
  if (BEFORE_ACCEPTANCE.includes(ticket.status)) return { what: '受理', at: Date.parse(ticket.clock.accept_by) }
  if (!BEFORE_RESULT.includes(ticket.status) || ticket.clock.paused_since) return undefined
  return { what: '办结', at: Date.parse(ticket.clock.resolve_by) }
}

export const paused = (ticket: Pick<StaffTicket, 'status' | 'clock'>): boolean =>
  BEFORE_RESULT.includes(ticket.status) && Boolean(ticket.clock.paused_since)

/** `late` is over, `soon` has less than an hour or, of what must be accepted, two minutes. */
export type Pressure = 'late' | 'soon' | 'calm' | 'still'

export function pressure(ticket: Pick<StaffTicket, 'status' | 'clock'>, now: number): Pressure {
  const next = due(ticket)
  if (!next) return 'still'
  const left = next.at - now
  return left < 0 ? 'late' : left < (next.what === '受理' ? 2 : 60) * 60_000 ? 'soon' : 'calm'
}

/** `受理还剩 4:32`, `办结还剩 2天3小时`, `办结超时 3小时`, `计时已暂停`; empty when nothing is awaited. */
export function clockWords(ticket: Pick<StaffTicket, 'status' | 'clock'>, now: number): string {
  if (paused(ticket)) return '计时已暂停'
  const next = due(ticket)
  if (!next) return ''
  const left = next.at - now
  if (left < 0) return `${next.what}超时 ${span(left)}`
  if (left >= 3_600_000) return `${next.what}还剩 ${span(left)}`
  const seconds = Math.floor(left / 1000)
  return `${next.what}还剩 ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Place down to the building, with grid. */
export function placeWords(ticket: Pick<StaffTicket, 'place'>): string {
  const { place } = ticket
  const spot = [place.estate, place.building, place.unit].filter(Boolean).join('') || place.text
  const grid = [place.community, place.grid].filter(Boolean).join('')
  return [spot, grid].filter(Boolean).join(' · ') || '地点未填'
}

/** What the title does not say of the place. */
export function placeBeside(ticket: Pick<StaffTicket, 'place' | 'title'>): string {
  const grid = [ticket.place.community, ticket.place.grid].filter(Boolean).join('')
  const spot = [ticket.place.estate, ticket.place.building].filter(Boolean).join('')
  return grid && spot && ticket.title.includes(spot) ? [grid, ticket.place.unit].filter(Boolean).join(' ') : placeWords(ticket)
}

/** The moves that a person makes by hand; all others have actions of their own. */
const BY_HAND: readonly Status[] = ['已受理', '已交办', '处置中', '已办结']
export const MOVE_WORDS: Partial<Record<Status, string>> = { 已受理: '受理', 已交办: '交办', 处置中: '开始处置', 已办结: '办结' }

/** What the server allows next, as far as the caller may do it. */
export function offered(mayBecome: readonly Status[], mayDispatch: boolean): Status[] {
  return BY_HAND.filter((to) => mayBecome.includes(to) && (to !== '已交办' || mayDispatch))
}

/** How far the service's clock is ahead of this machine's (ms): deadlines are shown by the former. */
const ahead = ref(0)
export const serverSays = (now: string): void => {
  const at = Date.parse(now)
  // A few seconds are the network's.
  ahead.value = Math.abs(at - Date.now()) > 5000 ? at - Date.now() : 0
}

/** The service's time, ticking once a second while the page is in sight. */
export function useNow(): Ref<number> {
  const now = ref(Date.now() + ahead.value)
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') now.value = Date.now() + ahead.value
  }, 1000)
  onScopeDispose(() => clearInterval(timer))
  return now
}

/** Keys of what is asked: one for each resource, so that a change can say what it made old. */
export const keys = {
  board: ['board'] as const,
  list: ['tickets'] as const,
  ticket: (number: string) => ['ticket', number] as const,
  alerts: ['alerts'] as const,
  disputes: ['disputes'] as const,
  outbox: ['outbox'] as const,
  destinations: ['destinations'] as const,
}

export const directory = { queryKey: ['directory'], queryFn: () => got(api.GET('/api/v1/worker/directory')), staleTime: 60_000 }
export const taxonomy = { queryKey: ['taxonomy'], queryFn: async () => (await got(api.GET('/api/v1/taxonomy'))).groups, staleTime: 60_000 }

/** In which order the tickets were last looked at: next and previous follow it. */
const kept = ref<string[]>([])
export const order = {
  keep: (numbers: string[]): void => void (kept.value = numbers),
  beside(number: string, step: 1 | -1): string | undefined {
    const at = kept.value.indexOf(number)
    return at < 0 ? undefined : kept.value[at + step]
  },
  place(number: string): string {
    const at = kept.value.indexOf(number)
    return at < 0 ? '' : `第 ${at + 1} / ${kept.value.length} 张`
  },
}
