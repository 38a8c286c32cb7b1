import { reactive } from 'vue'
import type { Api } from '../api/client'
import { Problem, wordsOf } from '../api/problem'
import { followNews, followTurn, type ServerEvent, type Wait, WHOLE } from '../api/stream'
import type {
  AddedEvidence,
  Card,
  Channel,
  Citation,
  ConversationKey,
  DraftCard,
  Finish,
  ServerMessage,
  TicketFields,
  TicketView,
  TimelineEntry,
  WholeTurn,
} from '../api/types'
import { fromServer, lastSeq, mergeFromServer, type Message } from './feed'
import type { Keep } from './keep'
import { Outbox, type Outgoing } from './outbox'

export interface Surroundings {
  api: Api
  keep: Keep
  newId: () => string
  now: () => Date
  wait: Wait
  /** Runs `work` while no other tab does. */
  alone?: <T>(work: () => Promise<T>) => Promise<T>
  /** What the site around this window has signed for whoever sits there now. */
  askHost?: () => Promise<HostToken>
}

/** A token for one conversation, and an opaque id of the person it is for. */
export interface HostToken {
  token: string
  visitor?: string
}

export interface ConversationState {
  channel: Channel | undefined
  /** Why the page could not be opened, in words. */
  closed: string | undefined
  loading: boolean
  messages: Message[]
  /** The draft that the server holds, or null when there is none. */
  draft: DraftCard | null
  /** How the last draft ended, while there is none. */
  draftEnded: 'confirmed' | 'cancelled' | undefined
  tickets: Record<string, TicketView>
  busy: boolean
  /** The finished message to be read out by a screen reader. */
  announcement: string
}

/**
 * One conversation as this page sees it: what was said, what is on its way, the draft and the tickets.
 *
 * Nothing is created on the server before the first message or photo. Messages go one after the other: the next one
 * leaves when the turn of the one before has ended.
 */
export class Conversation {
  readonly state: ConversationState = reactive({
    channel: undefined,
    closed: undefined,
    loading: true,
    messages: [],
    draft: null,
    draftEnded: undefined,
    tickets: {},
    busy: false,
    announcement: '',
  })
  private key: ConversationKey | undefined
  private creating: Promise<ConversationKey> | undefined
  private readonly outbox: Outbox
  private listening: symbol | undefined
  /** Asked for when the window was opened, and not used yet. */
  private hostToken: HostToken | undefined
  /** Whether something on the way keeps streams to itself. */
  private readonly line = { whole: 0 }
  /** Client ids of what was said on this page. */
  private readonly own = new Set<string>()
  /** Raised by 清空对话: what still comes in from before is thrown away. */
  private era = 0

  constructor(
    readonly channelId: string,
    readonly world: Surroundings,
  ) {
    this.outbox = new Outbox(world.keep, `gw:${channelId}:outbox`)
    this.key = world.keep.get<ConversationKey>(this.keySlot)
  }

  /** Under which the key is kept. */
  get keySlot(): string {
    return `gw:${this.channelId}:conversation`
  }

  /** Shows the channel's greeting, then what was said before, then goes on with what was interrupted. */
  async open(): Promise<void> {
    const { state, world } = this
    state.loading = true
    state.closed = undefined
    try {
      state.channel = await world.api.channel(this.channelId)
      if (this.key && state.channel.secure) await this.checkVisitor(this.key)
      if (this.key) await this.load(this.key)
    } catch (error) {
      state.closed = wordsOf(error)
      return
    } finally {
      state.loading = false
    }
    this.takeWaiting()
    if (!state.busy) void this.pump()
  }

  /** Shows what waits to be sent; what the server has already does not wait. */
  private takeWaiting(): void {
    const { messages } = this.state
    for (const item of this.outbox.all()) {
      if (messages.some((m) => m.client_message_id === item.client_message_id)) this.outbox.remove(item.client_message_id)
      else messages.push(this.outgoingMessage(item))
    }
  }

  /** Takes over what was said and done in another tab meanwhile; false when this tab is busy with something of its own. */
  async catchUp(): Promise<boolean> {
    const { state, key, era } = this
    // Also while this tab still waits for its key: it will have the conversation of the other one.
    if (state.busy || state.loading) return false
    if (!key) return true
    try {
      // All of it: what two tabs said at the same time stands before and after what this one knows.
      const { messages, draft, running } = await this.world.api.history(key)
      if (era !== this.era) return true
      if (state.busy) return false
      this.takeNews(messages)
      state.draft = draft ?? null
      if (running) void this.goOn(key, running.turn_id)
    } catch {
      // The next word from there, or a refresh, brings it.
    }
    return true
  }

  /** On a machine that several people use, one does not see what another has said. */
  private async checkVisitor(key: ConversationKey): Promise<void> {
    if (key.visitor === undefined || !this.world.askHost) return
    this.hostToken = await this.world.askHost()
    if (this.hostToken.visitor === key.visitor) return
    this.forgetKey()
    this.outbox.clear()
  }

  private async create(): Promise<ConversationKey> {
    const { api, askHost } = this.world
    if (!this.state.channel?.secure || !askHost) return api.createConversation(this.channelId)
    const host = this.hostToken ?? (await askHost())
    this.hostToken = undefined
    const key = await api.createConversation(this.channelId, host.token)
    return host.visitor === undefined ? key : { ...key, visitor: host.visitor }
  }

  private async load(key: ConversationKey): Promise<void> {
    const { state } = this
    try {
      const history = await this.world.api.history(key)
      state.messages.splice(0, state.messages.length, ...history.messages.map(fromServer))
      state.draft = history.draft ?? null
      for (const message of state.messages) this.takeTicketFrom(message.card)
      this.listen(key)
      if (history.running) void this.goOn(key, history.running.turn_id)
      else this.markUnanswered()
    } catch (error) {
      // The conversation was deleted or has run out: start afresh, the unsent messages stay.
      if (error instanceof Problem && error.keyIsLost) this.forgetKey()
      else throw error
    }
  }

  /** A message whose turn never came to an answer can be tried again. */
  private markUnanswered(): void {
    const last = this.state.messages[this.state.messages.length - 1]
    if (last?.role !== 'resident' || !last.client_message_id) return
    last.progress = 'failed'
    last.problem = '这条消息还没有得到答复'
  }

  /** The conversation's key, made at the first message or photo. */
  async ensureKey(): Promise<ConversationKey> {
    if (this.key) return this.key
    const { world, era } = this
    const alone = world.alone ?? ((work) => work())
    this.creating ??= alone(async () => {
      // Another tab may have been faster.
      const key = world.keep.get<ConversationKey>(this.keySlot) ?? (await this.create())
      if (era !== this.era) {
        void this.deleteLater(key)
        throw new Problem(410, '对话已清空')
      }
      this.key = key
      world.keep.set(this.keySlot, key)
      this.listen(key)
      return key
    }).finally(() => (this.creating = undefined))
    return this.creating
  }

  /** What another tab did to the conversation: it began it, or cleared it. */
  async otherTab(): Promise<void> {
    const { state, world } = this
    const kept = world.keep.get<ConversationKey>(this.keySlot)
    if (kept?.id === this.key?.id || this.creating || state.loading) return
    if (!kept) return this.wipe()
    if (state.busy) return
    this.key = kept
    try {
      await this.load(kept)
      this.takeWaiting()
    } catch {
      // The next refresh brings it.
    }
  }

  get currentKey(): ConversationKey | undefined {
    return this.key
  }

  private forgetKey(): void {
    this.key = undefined
    this.listening = undefined
    this.world.keep.remove(this.keySlot)
  }

  /** Puts a message on its way. Empty messages are nothing. */
  send(text: string, attachments: string[] = []): void {
    const words = text.trim()
    if (words === '' && attachments.length === 0) return
    const item: Outgoing = {
      client_message_id: this.world.newId(),
      text: words,
      attachments,
      created_at: this.world.now().toISOString(),
    }
    this.own.add(item.client_message_id)
    this.outbox.add(item)
    this.state.messages.push(this.outgoingMessage(item))
    void this.pump()
  }

  private outgoingMessage(item: Outgoing): Message {
    return {
      key: item.client_message_id,
      client_message_id: item.client_message_id,
      role: 'resident',
      text: item.text,
      attachments: item.attachments,
      created_at: item.created_at,
      citations: [],
      generated: false,
      progress: 'waiting',
      notices: [],
    }
  }

  /** 重试: the same message under the same id, so that it cannot be taken twice. */
  retry(message: Message): void {
    if (!message.client_message_id) return
    this.outbox.add({
      client_message_id: message.client_message_id,
      text: message.text,
      attachments: message.attachments,
      created_at: message.created_at,
    })
    message.progress = 'waiting'
    message.problem = undefined
    void this.pump()
  }

  /** Sends what waits, in order, until one does not get through. */
  async pump(): Promise<void> {
    const { state } = this
    if (state.busy || state.loading || state.closed !== undefined) return
    state.busy = true
    const era = this.era
    try {
      for (let item = this.next(); item; item = this.next()) {
        if (!(await this.deliver(item, era)) || era !== this.era) break
      }
    } finally {
      if (era === this.era) state.busy = false
    }
  }

  /** What waits longest; also what was said here and fell out of the outbox when another tab wrote to it in the same moment. */
  private next(): Outgoing | undefined {
    const lost = () => this.state.messages.find((m) => m.progress === 'waiting' && this.own.has(m.client_message_id ?? ''))
    const item = this.outbox.next() ?? lost()
    if (!item?.client_message_id) return undefined
    const { client_message_id, text, attachments, created_at } = item
    return { client_message_id, text, attachments, created_at }
  }

  private async deliver(item: Outgoing, era: number, again = true): Promise<boolean> {
    const { state, world } = this
    let mine = state.messages.find((m) => m.client_message_id === item.client_message_id && m.role === 'resident')
    if (!mine) {
      state.messages.push(this.outgoingMessage(item))
      mine = state.messages[state.messages.length - 1] as Message
    }
    mine.progress = 'sending'
    mine.problem = undefined
    const answer = this.answerAfter(mine)
    try {
      const body = {
        client_message_id: item.client_message_id,
        text: item.text,
        ...(item.attachments.length > 0 ? { attachments: item.attachments } : {}),
      }
      const taken = () => {
        this.outbox.remove(item.client_message_id)
        mine.progress = 'done'
      }
      let key: ConversationKey | undefined
      await followTurn({
        start: async (signal) => {
          key = await this.ensureKey()
          return world.api.sendMessage(key, body, signal)
        },
        resume: async (turnId, lastId, signal) => world.api.turnEvents(key ?? (await this.ensureKey()), turnId, lastId, signal),
        whole: async () => world.api.sendMessage(key ?? (await this.ensureKey()), body, undefined, true),
        line: this.line,
        wait: this.waitFor(answer),
        onEvent: (event) => {
          if (era !== this.era) return
          taken()
          this.take(event, answer)
        },
      })
      return true
    } catch (error) {
      if (era !== this.era) return false
      if (error instanceof Problem && error.keyIsLost && again && answer.turn_id === undefined) {
        this.drop(answer)
        this.forgetKey()
        return this.deliver(item, era, false)
      }
      const permanent = error instanceof Problem && !error.transient && error.status !== 429
      if (permanent) this.outbox.remove(item.client_message_id)
      const begun = answer.turn_id !== undefined
      this.breakOff(answer, error, mine, permanent)
      // The server has it: what waits behind it need not wait for its answer.
      return permanent || begun
    }
  }

  /** The pause before another try, said beside the answer that it holds up. */
  private waitFor(answer: Message): Wait {
    return async (attempt, asked) => {
      answer.stalled = true
      await this.world.wait(attempt, asked)
    }
  }

  /** Goes on with a turn that was running when the page was left. */
  private async goOn(key: ConversationKey, turnId: string): Promise<void> {
    const { state, world } = this
    const era = this.era
    state.busy = true
    const asked = [...state.messages].reverse().find((m) => m.role === 'resident')
    const answer = state.messages.find((m) => m.role === 'assistant' && m.turn_id === turnId) ?? this.answerAfter(asked)
    answer.turn_id = turnId
    answer.progress = 'streaming'
    try {
      await followTurn({
        turnId,
        resume: (id, lastId, signal) => world.api.turnEvents(key, id, lastId, signal),
        whole: () => world.api.wholeTurn(key, turnId),
        line: this.line,
        wait: this.waitFor(answer),
        onEvent: (event) => era === this.era && this.take(event, answer),
      })
    } catch (error) {
      if (era === this.era) this.breakOff(answer, error, asked, false)
    } finally {
      if (era === this.era) {
        state.busy = false
        void this.pump()
      }
    }
  }

  /** The bubble that an answer will be drawn into, right after its question. */
  private answerAfter(question: Message | undefined): Message {
    const { messages } = this.state
    const at = question ? messages.indexOf(question) + 1 : messages.length
    const known = messages[at]
    if (known?.role === 'assistant' && question && known.finish === 'cut' && known.text === '')
      return Object.assign(known, { progress: 'streaming' })
    messages.splice(at, 0, {
      key: `answer-${this.world.newId()}`,
      role: 'assistant',
      text: '',
      created_at: this.world.now().toISOString(),
      citations: [],
      generated: false,
      attachments: [],
      progress: 'streaming',
      notices: [],
    })
    return messages[at] as Message
  }

  private drop(message: Message): void {
    const at = this.state.messages.indexOf(message)
    if (at >= 0) this.state.messages.splice(at, 1)
  }

  private breakOff(answer: Message, error: unknown, question: Message | undefined, permanent: boolean): void {
    const begun = answer.text !== '' || answer.card !== undefined
    if (begun) {
      answer.progress = 'done'
      answer.finish = 'cut'
      answer.problem = wordsOf(error)
      // Nobody said who wrote it: it carries the label until the history tells.
      answer.generated = true
      void this.sync()
    } else {
      this.drop(answer)
    }
    if (question && !begun) {
      question.progress = permanent ? 'refused' : 'failed'
      question.problem = wordsOf(error)
    }
  }

  /** Takes one event of a turn into its answer. */
  private take(event: ServerEvent, answer: Message): void {
    const data = event.data as Record<string, unknown>
    answer.stalled = false
    // A turn taken up from its start repeats its words: the text only grows.
    const drawn = this.drawn.get(answer) ?? ''
    switch (event.event) {
      case 'turn':
        this.drawn.set(answer, '')
        answer.turn_id = data['turn_id'] as string
        answer.route = data['route'] as string | undefined
        if (typeof data['message_id'] === 'string') answer.id = data['message_id']
        break
      case 'status':
        answer.status = data['text'] as string
        break
      case 'delta': {
        const text = drawn + (data['text'] as string)
        this.drawn.set(answer, text)
        if (text.length >= answer.text.length) answer.text = text
        break
      }
      case 'citations':
        answer.citations = (Array.isArray(event.data) ? event.data : (data['citations'] ?? [])) as Citation[]
        break
      case 'card':
        this.takeCard(answer, event.data as Card)
        break
      case 'notice': {
        const words =
          typeof event.data === 'string' ? event.data : ((data['text'] ?? data['detail'] ?? data['title']) as string | undefined)
        if (words && !answer.notices.includes(words)) answer.notices.push(words)
        break
      }
      case 'done':
        this.finish(answer, data as { finish?: Finish; message_id?: string; generated?: boolean; label?: string })
        break
      case 'error':
        answer.progress = 'done'
        answer.finish = 'cut'
        answer.problem = (data['detail'] ?? data['title'] ?? '回答没有完成') as string
        void this.sync()
        break
      case WHOLE: {
        const whole = event.data as WholeTurn
        answer.turn_id = whole.turn_id
        answer.route = whole.route
        answer.text = whole.reply.text
        // What a stream had drawn before it was cut is not the whole.
        this.drawn.set(answer, whole.reply.text)
        answer.citations = whole.reply.citations ?? []
        if (whole.card) this.takeCard(answer, whole.card)
        this.finish(answer, {
          finish: whole.finish,
          message_id: whole.message_id,
          generated: whole.reply.generated,
          label: whole.reply.label,
        })
        break
      }
      default:
      // Later servers may say more than this page knows.
    }
  }
  private readonly drawn = new WeakMap<Message, string>()

  private finish(answer: Message, done: { finish?: Finish; message_id?: string; generated?: boolean; label?: string }): void {
    const drawn = this.drawn.get(answer)
    if (drawn) answer.text = drawn
    answer.progress = 'done'
    answer.status = undefined
    answer.finish = done.finish ?? 'complete'
    if (done.message_id) answer.id = done.message_id
    if (done.generated !== undefined) answer.generated = done.generated
    if (done.label) answer.label = done.label
    this.announce(answer)
    // Without these the history has to tell: the label is a duty, the id is needed for 👍👎.
    if (done.message_id === undefined || done.generated === undefined) void this.sync()
  }

  announce(message: Message): void {
    const words = message.text.replace(/〔\d+〕/g, '')
    const card = message.card
    const more = card?.kind === 'draft' ? '请核对工单草稿。' : card?.kind === 'receipt' ? `已提交，工单号 ${card.ticket.number ?? ''}` : ''
    this.state.announcement = `${words} ${more}`.trim()
  }

  takeCard(message: Message, card: Card): void {
    message.card = card
    if (card.kind === 'draft') {
      this.state.draft = card
      this.state.draftEnded = undefined
    } else if (card.kind === 'receipt') {
      this.state.draft = null
      this.state.draftEnded = 'confirmed'
    }
    this.takeTicketFrom(card)
  }

  private takeTicketFrom(card: Card | undefined): void {
    if (card?.kind !== 'receipt' && card?.kind !== 'progress') return
    this.takeTicket(card.ticket, card.timeline)
  }

  takeTicket(ticket: TicketFields, timeline: TimelineEntry[] | undefined, added?: AddedEvidence[]): void {
    const number = ticket.number
    if (!number) return
    const known = this.state.tickets[number]
    const evidence = added ?? known?.added
    const more = evidence ? { added: evidence } : {}
    // Answers overtake each other: what is known of a ticket never goes back to what it was before.
    if (known && (timeline?.length ?? 0) < known.timeline.length) {
      this.state.tickets[number] = { ticket: { ...ticket, ...known.ticket }, timeline: known.timeline, ...more }
      return
    }
    this.state.tickets[number] = { ticket: { ...known?.ticket, ...ticket }, timeline: timeline ?? known?.timeline ?? [], ...more }
  }

  /** Asks the server for what this page has not seen. */
  async sync(): Promise<void> {
    const key = this.key
    const era = this.era
    if (!key) return
    try {
      // The last few once more: ids and labels of what was streamed come with them.
      const seq = lastSeq(this.state.messages)
      const history = await this.world.api.history(key, seq === undefined ? undefined : Math.max(seq - 1, 0))
      if (era !== this.era) return
      this.takeNews(history.messages)
    } catch {
      // The next event or refresh brings it.
    }
  }

  /** After a draft that was sent elsewhere: one that had waited behind it may be open again. */
  async leaveDraft(): Promise<void> {
    const { state, key, era } = this
    state.draft = null
    state.draftEnded = undefined
    if (!key) return
    try {
      const { draft } = await this.world.api.history(key, lastSeq(state.messages))
      if (era === this.era) state.draft ??= draft ?? null
    } catch {
      // The next answer about it brings its card.
    }
  }

  private takeNews(messages: ServerMessage[]): void {
    // What this page is still sending. What another tab sends is taken: its outbox is this one's, too, and seen here a moment late.
    const waiting = new Set(this.outbox.all().map((o) => o.client_message_id))
    const inFlight = (m: ServerMessage) =>
      m.role === 'resident' &&
      waiting.has(m.client_message_id ?? '') &&
      this.state.messages.some((known) => known.client_message_id === m.client_message_id)
    for (const message of mergeFromServer(
      this.state.messages,
      messages.filter((m) => !inFlight(m)),
    )) {
      // A parked draft that is open again comes as news with its card.
      if (message.card && message.role === 'news') this.takeCard(message, message.card)
      else this.takeTicketFrom(message.card)
      if (message.role !== 'resident') this.announce(message)
    }
  }

  private listen(key: ConversationKey): void {
    const me = Symbol('listener')
    this.listening = me
    let first = true
    void followNews({
      open: (lastId, signal) => this.world.api.news(key, lastId, signal),
      onSilence: () => void this.sync(),
      wait: this.world.wait,
      ended: () => this.listening !== me,
      onOpen: () => {
        // Between the history and this line something may have happened.
        if (!first) void this.sync()
        first = false
      },
      onEvent: (event) => {
        const data = event.data as { message?: ServerMessage; ticket?: TicketFields; timeline?: TimelineEntry[] }
        if (event.event === 'ticket' && data.ticket) this.takeTicket(data.ticket, data.timeline)
        else if (event.event === 'message' && data.message) this.takeNewsMessage(data.message)
      },
    })
  }

  private takeNewsMessage(message: ServerMessage): void {
    const { state } = this
    // The turn that is being drawn here comes as news, too.
    if (
      message.role === 'assistant' &&
      state.messages.some((m) => m.progress === 'streaming' && (m.turn_id === message.turn_id || m.turn_id === undefined))
    )
      return
    this.takeNews([message])
  }

  /** 清空对话: deletes it on the server, then forgets it here. */
  async clear(): Promise<void> {
    if (this.key) {
      try {
        await this.world.api.deleteConversation(this.key)
      } catch (error) {
        if (!(error instanceof Problem && error.keyIsLost)) throw error
      }
    }
    this.outbox.clear()
    this.wipe()
  }

  /** The machine is left to the next person: gone here at once, on the server as soon as it can be reached. */
  leave(): void {
    const { key } = this
    this.outbox.clear()
    this.wipe()
    if (key) void this.deleteLater(key)
  }

  private async deleteLater(key: ConversationKey): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      try {
        return await this.world.api.deleteConversation(key)
      } catch (error) {
        if (error instanceof Problem && !error.transient) return
        await this.world.wait(attempt)
      }
    }
  }

  private wipe(): void {
    const { state } = this
    this.era += 1
    this.forgetKey()
    state.messages.splice(0)
    state.draft = null
    state.draftEnded = undefined
    state.tickets = {}
    state.busy = false
    state.announcement = '对话已清空'
  }
}
