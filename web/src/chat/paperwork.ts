import type { DraftPatch, MediaKind, ServerMessage, Taxonomy, UploadedAttachment, Verdict } from '../api/types'
import { Problem } from '../api/problem'
import type { Conversation } from './conversation'
import { mergeFromServer, type Message } from './feed'
import { type Desk, useDesk } from './desk'
import { kindOf } from './files'

/** An attachment as it can be shown before the whole of it is fetched. */
export interface Shown {
  kind: MediaKind
  /** The small picture of a photo, or what was sent from here. */
  url?: string
  bytes?: number
  duration_ms?: number
}

/** What a resident does besides talking: the draft, photos, ratings, feedback. */
export class Paperwork {
  private confirming: Promise<void> | undefined
  private confirmKey: string | undefined
  private taxonomyOnce: Promise<Taxonomy> | undefined
  private readonly shown = new Map<string, Promise<Shown>>()
  private readonly wholes = new Map<string, Promise<string>>()

  constructor(private readonly conversation: Conversation) {}

  /** Corrects the draft; throws a `Problem` with `errors` per field. */
  async patch(patch: DraftPatch): Promise<void> {
    const key = await this.conversation.ensureKey()
    const { card } = await this.conversation.world.api.patchDraft(key, patch)
    this.conversation.state.draft = card
    // What is confirmed now is another draft than before.
    this.confirmKey = undefined
  }

  /** 确认提交: however often it is tapped, one ticket. */
  confirm(): Promise<void> {
    this.confirming ??= this.doConfirm().finally(() => (this.confirming = undefined))
    return this.confirming
  }

  private async doConfirm(): Promise<void> {
    const { state, world } = this.conversation
    const key = await this.conversation.ensureKey()
    this.confirmKey ??= world.newId()
    try {
      const { ticket, card } = await world.api.confirmDraft(key, this.confirmKey)
      this.confirmKey = undefined
      state.draft = null
      state.draftEnded = 'confirmed'
      const receipt = card ?? { kind: 'receipt', ticket }
      const mine = state.messages.find((m) => m.card?.kind === 'receipt' && m.card.ticket.number === ticket.number)
      if (!mine) {
        // News of the ticket can be faster than this answer; the receipt stands before them.
        const news = state.messages.findIndex(
          (m) => m.role === 'news' && m.card?.kind === 'progress' && m.card.ticket.number === ticket.number,
        )
        const at = news < 0 ? state.messages.length : news
        state.messages.splice(at, 0, {
          key: `receipt-${ticket.number ?? world.newId()}`,
          role: 'assistant',
          text: '',
          created_at: world.now().toISOString(),
          citations: [],
          generated: false,
          attachments: [],
          progress: 'done',
          notices: [],
        })
        const added = state.messages[at] as Message
        this.conversation.takeCard(added, receipt)
        this.conversation.announce(added)
      }
      if (ticket.number) void this.refresh(ticket.number)
    } catch (error) {
      if (error instanceof Problem && error.status === 409 && state.draft && error.missing.length > 0) {
        state.draft = { ...state.draft, missing: error.missing, complete: false }
      }
      throw error
    }
  }

  async cancel(): Promise<void> {
    const { state, world } = this.conversation
    const key = await this.conversation.ensureKey()
    const { message } = await world.api.cancelDraft(key)
    this.confirmKey = undefined
    state.draft = null
    state.draftEnded = 'cancelled'
    if (message && typeof message === 'object' && 'id' in message) mergeFromServer(state.messages, [message as ServerMessage])
  }

  /** Brings one ticket and its timeline up to date. */
  async refresh(number: string): Promise<void> {
    const key = this.conversation.currentKey
    if (!key) return
    try {
      const { ticket, timeline, added } = await this.conversation.world.api.ticket(key, number)
      this.conversation.takeTicket(ticket, timeline, added)
    } catch {
      // The card shows what it has; news will come.
    }
  }

  async rate(number: string, rating: { solved: boolean; stars: number; comment?: string }): Promise<void> {
    const key = await this.conversation.ensureKey()
    const view = await this.conversation.world.api.rate(key, number, rating)
    if (view?.ticket) this.conversation.takeTicket(view.ticket, view.timeline, view.added)
    else await this.refresh(number)
  }

  /** 补充: files that are uploaded already go to a ticket that is on its way. */
  async supplement(number: string, attachments: string[], note: string): Promise<void> {
    const key = await this.conversation.ensureKey()
    const view = await this.conversation.world.api.supplement(key, number, { attachments, ...(note ? { note } : {}) })
    this.conversation.takeTicket(view.ticket, view.timeline, view.added)
  }

  /** 撤回: the report is taken back. */
  async withdraw(number: string, reason: string): Promise<void> {
    const key = await this.conversation.ensureKey()
    const view = await this.conversation.world.api.withdraw(key, number, reason ? { reason } : {})
    this.conversation.takeTicket(view.ticket, view.timeline, view.added)
  }

  async feedback(message: Message, verdict: Verdict, reason?: string, comment?: string): Promise<void> {
    const key = await this.conversation.ensureKey()
    if (message.id === undefined) await this.conversation.sync()
    if (message.id === undefined) throw new Problem(404, '这条回答还没有保存，请稍后再评价。')
    await this.conversation.world.api.feedback(key, message.id, { verdict, ...(reason ? { reason } : {}), ...(comment ? { comment } : {}) })
    message.feedback = verdict
  }

  taxonomy(): Promise<Taxonomy> {
    this.taxonomyOnce ??= this.conversation.world.api.taxonomy().catch((error: unknown) => {
      this.taxonomyOnce = undefined
      throw error
    })
    return this.taxonomyOnce
  }

  /** Uploads a file (a photo made smaller before) and remembers it, so that it need not come back. */
  async upload(file: Blob, name: string): Promise<UploadedAttachment> {
    const key = await this.conversation.ensureKey()
    const made = await this.conversation.world.api.upload(key, file, name)
    const url = URL.createObjectURL(file)
    const kind = made.kind ?? kindOf(made.content_type) ?? 'photo'
    this.shown.set(made.attachment_id, Promise.resolve({ kind, url, bytes: made.bytes, duration_ms: made.duration_ms }))
    this.wholes.set(made.attachment_id, Promise.resolve(url))
    return made
  }

  /** What an attachment is, of a photo with its small picture. Messages and tickets only name it. */
  attachment(id: string): Promise<Shown> {
    return remembered(this.shown, id, async () => {
      const { api } = this.conversation.world
      const key = await this.conversation.ensureKey()
      try {
        return { kind: 'photo', url: URL.createObjectURL(await api.attachment(key, id, 'thumb')) }
      } catch (error) {
        // Recordings have no small picture.
        if (!(error instanceof Problem && error.status === 404)) throw error
      }
      const { type, bytes } = await api.attachmentHead(key, id)
      return { kind: kindOf(type) ?? 'photo', bytes }
    })
  }

  /** An object URL of the whole file; the bearer is needed to read one. */
  whole(id: string): Promise<string> {
    return remembered(this.wholes, id, async () => {
      const key = await this.conversation.ensureKey()
      return URL.createObjectURL(await this.conversation.world.api.attachment(key, id))
    })
  }
}

/** Fetched once; what failed can be tried again. */
function remembered<T>(known: Map<string, Promise<T>>, id: string, fetch: () => Promise<T>): Promise<T> {
  const had = known.get(id)
  if (had) return had
  const made = fetch()
  made.catch(() => known.delete(id))
  known.set(id, made)
  return made
}

/** The paperwork of a desk; it comes with the first thing that needs it. */
export const paperworkOf = (desk: Desk): Paperwork => (desk.paperwork ??= new Paperwork(desk.conversation))

export const usePaperwork = (): Paperwork => paperworkOf(useDesk())

/** The button that was pressed is gone: the focus goes to the conversation, not to nowhere. */
export const toLog = (): void => document.querySelector<HTMLElement>('.log')?.focus({ preventScroll: true })
