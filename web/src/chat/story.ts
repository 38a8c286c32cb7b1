import type { AddedEvidence, TicketFields, TimelineEntry } from '../api/types'
import { deadline, stamp } from './times'

/** One line of a ticket's story: a move, or something that came to it. */
export interface Step {
  at: string
  /** The state since, or that something was added. */
  head: string
  text: string
  note?: string
  attachments: string[]
}

const instant = (at: string) => new Date(at).getTime()

/** Moves and what was added, the newest first; what came with a move stands in its line. */
export function storyOf(moves: TimelineEntry[], added: AddedEvidence[] = []): Step[] {
  const steps: Step[] = moves.map((move) => ({
    at: move.at,
    head: move.to,
    text: move.text ?? [move.by, move.note].filter(Boolean).join('：'),
    // What somebody wrote about a move, unless its sentence says it.
    note: move.text && move.note && !move.text.includes(move.note) ? move.note : undefined,
    attachments: [],
  }))
  for (const more of added) {
    const move = more.with_move ? steps.find((s) => instant(s.at) === instant(more.at)) : undefined
    if (move) move.attachments.push(...more.attachments)
    else
      steps.push({
        at: more.at,
        head: more.attachments.length > 0 ? '补充材料' : '补充说明',
        text: `${more.by === '居民' ? '您' : more.by}补充了${more.attachments.length > 0 ? ` ${more.attachments.length} 件材料` : '情况'}`,
        note: more.note ?? undefined,
        attachments: more.attachments,
      })
  }
  return steps.sort((a, b) => instant(b.at) - instant(a.at))
}

const ENDED = ['已回访', '合并', '撤销']
const NOT_ACCEPTED = ['已提交', '已送达平台']

/** Whether something can still be added. */
export const takesMore = (status: string | undefined): boolean => status !== undefined && !ENDED.includes(status)

/** Whether it can still be taken back: nothing is done yet, and it was not sent back once. */
export const canWithdraw = (status: string | undefined): boolean => takesMore(status) && status !== '已办结' && status !== '重新办理'

/** What a state that is out of the ordinary means for the resident. */
export function meaning(ticket: TicketFields): string {
  switch (ticket.status) {
    case '合并':
      return ticket.duplicate_of
        ? `和工单 ${ticket.duplicate_of} 是同一件事，一起办。有进展照样告诉您。`
        : '和已有的工单是同一件事，一起办。'
    case '重新办理':
      return '您说没有解决，已经请他们重新办。'
    case '退回待审':
      return '承办单位提出退回，街道正在审核，您不用再报一次。'
    case '延期':
      return '承办单位需要更多时间。'
    case '撤销':
      return '已经撤回，不再办理。还要办的话，直接再说一遍。'
    default:
      return ''
  }
}

export interface ClockWords {
  lines: string[]
  /** A deadline is over: whoever wants can ring. */
  overdue: boolean
}

/** Until when what is done, in words; nothing once it is done. */
export function clockWords(ticket: Pick<TicketFields, 'status' | 'clock'>, now: Date): ClockWords {
  const { status = '', clock } = ticket
  const lines: string[] = []
  if (!clock || status === '已办结' || ENDED.includes(status)) return { lines, overdue: false }
  const over = (at: string | undefined) => at !== undefined && new Date(at) < now
  const late = (what: string, at: string | undefined) => `${what}：应在${deadline(at, now)}，已经超过时限`
  let overdue = false
  if (clock.accept_by && (status === '' || NOT_ACCEPTED.includes(status))) {
    overdue = over(clock.accept_by)
    lines.push(overdue ? late('受理', clock.accept_by) : `受理：${deadline(clock.accept_by, now)}`)
  }
  if (clock.paused_since)
    lines.push(`办结：从 ${stamp(clock.paused_since, now)} 起暂停计时${clock.why ? `（${clock.why}）` : ''}，恢复后接着办`)
  else if (over(clock.resolve_by)) {
    overdue = true
    lines.push(late('办结', clock.resolve_by))
  } else if (clock.resolve_by) lines.push(`办结：${deadline(clock.resolve_by, now)}`)
  if (!clock.paused_since && (clock.extended ?? 0) > 0) lines.push(`已经延期${clock.why ? `，原因：${clock.why.replace(/。$/, '')}` : ''}`)
  return { lines, overdue }
}
