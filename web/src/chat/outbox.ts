import type { Keep } from './keep'

/** A message that the server has not yet taken. */
export interface Outgoing {
  client_message_id: string
  text: string
  attachments: string[]
  created_at: string
}

/**
 * Messages on their way, in order, kept over a refresh. A message leaves only when the server has it (its turn has
 * begun) or has refused it; the same `client_message_id` makes a second sending harmless.
 */
export class Outbox {
  constructor(
    private readonly keep: Keep,
    private readonly key: string,
  ) {}

  all(): Outgoing[] {
    const kept = this.keep.get<Outgoing[]>(this.key)
    return Array.isArray(kept) ? kept : []
  }

  next(): Outgoing | undefined {
    return this.all()[0]
  }

  add(message: Outgoing): void {
    if (this.all().some((m) => m.client_message_id === message.client_message_id)) return
    this.keep.set(this.key, [...this.all(), message])
  }

  remove(clientMessageId: string): void {
    const left = this.all().filter((m) => m.client_message_id !== clientMessageId)
    if (left.length > 0) this.keep.set(this.key, left)
    else this.keep.remove(this.key)
  }

  clear(): void {
    this.keep.remove(this.key)
  }
}
