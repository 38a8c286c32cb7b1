import type { Card, Citation, Finish, ServerMessage, Verdict } from '../api/types'

/** How far a message is. `failed` can be tried again, `refused` cannot. */
export type Progress = 'waiting' | 'sending' | 'streaming' | 'done' | 'failed' | 'refused'

/** A message as it is drawn. */
export interface Message {
  /** Stable for the life of the page. */
  key: string
  id?: string
  seq?: number
  role: 'resident' | 'assistant' | 'news'
  text: string
  created_at: string
  turn_id?: string
  client_message_id?: string
  route?: string
  citations: Citation[]
  card?: Card
  finish?: Finish
  generated: boolean
  label?: string
  attachments: string[]
  feedback?: Verdict
  progress: Progress
  /** What the service is doing before the first word. */
  status?: string
  notices: string[]
  /** The line is broken and is being tried again. */
  stalled?: boolean
  /** Why it failed, in words. */
  problem?: string
}

export function fromServer(message: ServerMessage): Message {
  const feedback = message.feedback
  return {
    key: message.id,
    id: message.id,
    seq: message.seq,
    role: message.role,
    text: message.text,
    created_at: message.created_at,
    turn_id: message.turn_id ?? undefined,
    client_message_id: message.client_message_id ?? undefined,
    route: message.route ?? undefined,
    citations: message.citations ?? [],
    card: message.card ?? undefined,
    finish: message.finish ?? undefined,
    // Only a model's words can break off in the middle: they carry the label whoever else forgets it.
    generated: message.generated || (message.role === 'assistant' && message.finish === 'cut' && message.text !== ''),
    label: message.label ?? undefined,
    attachments: (message.attachments ?? []).flatMap((a) => (typeof a === 'string' ? a : (a.attachment_id ?? a.id ?? []))),
    feedback: typeof feedback === 'string' ? feedback : feedback?.verdict,
    progress: 'done',
    notices: [],
  }
}

/** The ticket number of a receipt, by which a receipt made here and the server's own are one. */
const receiptOf = (message: Message): string | undefined => (message.card?.kind === 'receipt' ? message.card.ticket.number : undefined)

function sameMessage(mine: Message, theirs: Message): boolean {
  if (mine.id !== undefined) return mine.id === theirs.id
  if (mine.role !== theirs.role) return false
  if (mine.role === 'resident') return mine.client_message_id !== undefined && mine.client_message_id === theirs.client_message_id
  if (mine.turn_id !== undefined) return mine.turn_id === theirs.turn_id
  const receipt = receiptOf(mine)
  return receipt !== undefined && receipt === receiptOf(theirs)
}

/**
 * Brings what the server holds into the list: known messages are brought up to date in place, unknown ones are
 * appended in the server's order. A message that is being streamed keeps its words. Returns the new ones.
 */
export function mergeFromServer(list: Message[], incoming: ServerMessage[]): Message[] {
  const added: Message[] = []
  for (const raw of incoming) {
    const theirs = fromServer(raw)
    const mine = list.find((m) => sameMessage(m, theirs))
    if (!mine) {
      // What another tab said at the same time may have been first.
      const { seq } = theirs
      const later = seq === undefined ? -1 : list.findIndex((m) => m.seq !== undefined && m.seq > seq)
      const at = later < 0 ? list.length : later
      list.splice(at, 0, theirs)
      added.push(list[at] as Message)
      continue
    }
    const { key, text, progress, notices, card, label } = mine
    const streaming = progress === 'streaming'
    Object.assign(mine, theirs, { key, notices, card: theirs.card ?? card, label: theirs.label ?? label })
    if (streaming) Object.assign(mine, { text, progress })
    // Why the line broke is over; what became of the answer is known now.
    else if (mine.role === 'assistant') mine.problem = undefined
  }
  return added
}

/** The last message whose draft card is still the one to fill in. */
export function liveDraftKey(list: Message[]): string | undefined {
  for (let i = list.length - 1; i >= 0; i--) if (list[i]?.card?.kind === 'draft') return list[i]?.key
  return undefined
}

/** The highest sequence number seen: where to go on from. */
export function lastSeq(list: Message[]): number | undefined {
  return list.reduce<number | undefined>((max, m) => (m.seq !== undefined && (max === undefined || m.seq > max) ? m.seq : max), undefined)
}
