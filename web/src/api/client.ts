import { problemOf } from './problem'
import type {
  Channel,
  ConversationKey,
  DocumentView,
  DraftCard,
  DraftPatch,
  PublicProgress,
  History,
  ReceiptCard,
  Taxonomy,
  TicketFields,
  TicketView,
  UploadedAttachment,
  Verdict,
} from './types'

type Fetch = typeof fetch

/** The resident API, one method per call. Throws `Problem` for an answer that is not ok. */
export class Api {
  constructor(
    private readonly fetcher: Fetch = (input, init) => fetch(input, init),
    private readonly base = '/api/v1',
  ) {}

  channel(id: string): Promise<Channel> {
    return this.json('GET', `/channels/${encodeURIComponent(id)}`)
  }

  async createConversation(channel: string, hostToken?: string): Promise<ConversationKey> {
    const wish = hostToken ? { channel, channel_token: hostToken } : { channel }
    const made = await this.json<{ conversation_id: string; token: string }>('POST', '/conversations', undefined, wish)
    return { id: made.conversation_id, token: made.token }
  }

  deleteConversation(key: ConversationKey): Promise<void> {
    return this.json('DELETE', `/conversations/${key.id}`, key)
  }

  history(key: ConversationKey, after?: number): Promise<History> {
    const query = after === undefined ? '' : `?after=${after}`
    return this.json('GET', `/conversations/${key.id}/messages${query}`, key)
  }

  /** Sends a message and asks for its turn as a stream, or whole. */
  sendMessage(
    key: ConversationKey,
    body: { client_message_id: string; text: string; attachments?: string[] },
    signal?: AbortSignal,
    whole = false,
  ): Promise<Response> {
    return this.call(
      'POST',
      `/conversations/${key.id}/messages`,
      key,
      body,
      { accept: whole ? 'application/json' : 'text/event-stream' },
      signal,
    )
  }

  turnEvents(key: ConversationKey, turnId: string, lastId?: string, signal?: AbortSignal): Promise<Response> {
    return this.stream(`/conversations/${key.id}/turns/${turnId}/events`, key, lastId, signal)
  }

  /** The turn as one answer, when it has ended. */
  wholeTurn(key: ConversationKey, turnId: string): Promise<Response> {
    return this.call('GET', `/conversations/${key.id}/turns/${turnId}/events`, key, undefined, { accept: 'application/json' })
  }

  news(key: ConversationKey, lastId?: string, signal?: AbortSignal): Promise<Response> {
    return this.stream(`/conversations/${key.id}/events`, key, lastId, signal)
  }

  feedback(key: ConversationKey, messageId: string, body: { verdict: Verdict; reason?: string; comment?: string }): Promise<void> {
    return this.json('POST', `/conversations/${key.id}/messages/${messageId}/feedback`, key, body)
  }

  patchDraft(key: ConversationKey, patch: DraftPatch): Promise<{ card: DraftCard }> {
    return this.json('PATCH', `/conversations/${key.id}/draft`, key, patch, { 'content-type': 'application/merge-patch+json' })
  }

  confirmDraft(key: ConversationKey, idempotencyKey: string): Promise<{ ticket: TicketFields; card: ReceiptCard }> {
    return this.json('POST', `/conversations/${key.id}/draft/confirm`, key, {}, { 'idempotency-key': idempotencyKey })
  }

  cancelDraft(key: ConversationKey): Promise<{ card: null; message?: unknown }> {
    return this.json('POST', `/conversations/${key.id}/draft/cancel`, key, {})
  }

  taxonomy(): Promise<Taxonomy> {
    return this.json('GET', '/taxonomy')
  }

  async upload(key: ConversationKey, file: Blob, name: string): Promise<UploadedAttachment> {
    const form = new FormData()
    form.append('file', file, name)
    return this.json('POST', '/attachments', key, form)
  }

  /** What was said, as words; before there is a conversation, in the window of a channel. */
  async transcribe(key: ConversationKey | undefined, channel: string, file: Blob): Promise<string> {
    const form = new FormData()
    form.append('file', file, 'speech')
    const query = key ? '' : `?channel=${encodeURIComponent(channel)}`
    return (await this.json<{ text: string }>('POST', `/transcriptions${query}`, key, form)).text
  }

  /** The file, or of a photo the small picture. */
  async attachment(key: ConversationKey, id: string, size?: 'thumb'): Promise<Blob> {
    const response = await this.call('GET', `/attachments/${id}${size ? `?size=${size}` : ''}`, key)
    if (!response.ok) throw await problemOf(response)
    return response.blob()
  }

  /** What an attachment is, without fetching it. */
  async attachmentHead(key: ConversationKey, id: string): Promise<{ type: string; bytes?: number }> {
    const response = await this.call('HEAD', `/attachments/${id}`, key)
    if (!response.ok) throw await problemOf(response)
    const bytes = Number(response.headers.get('content-length'))
    return { type: response.headers.get('content-type') ?? '', ...(bytes > 0 ? { bytes } : {}) }
  }

  ticket(key: ConversationKey, number: string): Promise<TicketView> {
    return this.json('GET', `/tickets/${encodeURIComponent(number)}`, key)
  }

  /** A ticket that was handed in elsewhere: its number and the last four digits of the phone left with it. */
  lookup(number: string, phoneTail: string): Promise<PublicProgress> {
    return this.json('POST', '/tickets/lookup', undefined, { number, phone_tail: phoneTail })
  }

  rate(
    key: ConversationKey,
    number: string,
    body: { solved: boolean; stars: number; comment?: string },
  ): Promise<Partial<TicketView> | undefined> {
    return this.json('POST', `/tickets/${encodeURIComponent(number)}/rating`, key, body)
  }

  supplement(key: ConversationKey, number: string, body: { attachments: string[]; note?: string }): Promise<TicketView> {
    return this.json('POST', `/tickets/${encodeURIComponent(number)}/attachments`, key, body)
  }

  withdraw(key: ConversationKey, number: string, body: { reason?: string }): Promise<TicketView> {
    return this.json('POST', `/tickets/${encodeURIComponent(number)}/withdraw`, key, body)
  }

  document(id: string, version: number): Promise<DocumentView> {
    return this.json('GET', `/documents/${encodeURIComponent(id)}/versions/${version}`)
  }

  private stream(path: string, key: ConversationKey, lastId?: string, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (lastId) headers['last-event-id'] = lastId
    return this.call('GET', path, key, undefined, headers, signal)
  }

  private async json<T>(
    method: string,
    path: string,
    key?: ConversationKey,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await this.call(method, path, key, body, { accept: 'application/json', ...headers })
    if (!response.ok) throw await problemOf(response)
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  private call(
    method: string,
    path: string,
    key?: ConversationKey,
    body?: unknown,
    extra: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = { ...extra }
    if (key) headers['authorization'] = `Bearer ${key.token}`
    const init: RequestInit = { method, headers, cache: 'no-store', credentials: 'same-origin', ...(signal ? { signal } : {}) }
    // Whoever leaves is forgotten also when the page goes with them.
    if (method === 'DELETE') init.keepalive = true
    if (body instanceof FormData) init.body = body
    else if (body !== undefined) {
      headers['content-type'] ??= 'application/json'
      init.body = JSON.stringify(body)
    }
    return this.fetcher(this.base + path, init)
  }
}
