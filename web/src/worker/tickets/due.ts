import type { Shape } from '../../staff/client'
import { span } from '../../staff/format'

type Ticket = Shape<'StaffTicket'>
const NOT_ACCEPTED = ['已提交', '已送达平台']
const RUNNING = ['已受理', '已交办', '处置中', '重新办理', '延期', '退回待审']

export interface Due {
  /** Which deadline counts now. */
  clock: '受理' | '办结' | ''
  at?: string
  ms: number
  late: boolean
  paused: boolean
  words: string
}

/** The deadline that counts now, and how far it is; no clock runs in what is closed. */
export function dueOf(ticket: Ticket, now: Date): Due {
  const clock = NOT_ACCEPTED.includes(ticket.status) ? '受理' : RUNNING.includes(ticket.status) ? '办结' : ''
  const at = clock === '受理' ? ticket.clock.accept_by : clock === '办结' ? ticket.clock.resolve_by : undefined
  if (!clock || !at) return { clock: '', ms: Infinity, late: false, paused: false, words: ticket.status === '已办结' ? '等回访' : '已结束' }
  if (ticket.clock.paused_since)
    return {
      clock,
      at,
      ms: Number.MAX_SAFE_INTEGER,
      late: false,
      paused: true,
      words: `已暂停计时${ticket.clock.why ? `：${ticket.clock.why}` : ''}`,
    }
  const ms = new Date(at).getTime() - now.getTime()
  return { clock, at, ms, late: ms < 0, paused: false, words: ms < 0 ? `${clock}超时${span(ms)}` : `${clock}还有${span(ms)}` }
}

/** What is late first, then what is due next; within the same by number. */
export const byDue =
  (now: Date) =>
  (a: Ticket, b: Ticket): number => {
    const [x, y] = [dueOf(a, now).ms, dueOf(b, now).ms]
    return x === y ? b.number.localeCompare(a.number) : x - y
  }
