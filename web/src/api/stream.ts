import { createParser } from 'eventsource-parser'
import { Problem, problemOf } from './problem'

/** One server-sent event with its JSON read. */
export interface ServerEvent {
  id?: string
  event: string
  data: unknown
}

/** The server sends a comment every 15 s; after this much silence (ms) the line is dead. */
export const SILENCE_MS = 45_000
/** After this long (ms) without the first byte something on the way keeps the stream to itself: the turn is then asked for whole. */
export const EATEN_MS = 10_000
/** So many turns are asked for whole before a stream is tried again: perhaps the network was only away for a while. */
const WHOLE_TURNS = 5
/** Tries in a row without any news before a turn is given up. */
export const MAX_TRIES = 6

/** Yields the events of an SSE body; ends when the body ends, throws when it breaks or goes silent. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silenceMs = SILENCE_MS,
  firstMs = silenceMs,
): AsyncGenerator<ServerEvent> {
  const ready: ServerEvent[] = []
  const parser = createParser({
    onEvent(message) {
      let data: unknown = message.data
      try {
        data = JSON.parse(message.data)
      } catch {
        // Plain text stays plain text.
      }
      ready.push({ id: message.id, event: message.event ?? 'message', data })
    },
  })
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let wait = firstMs
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const silence = new Promise<never>((_, refuse) => {
        timer = setTimeout(() => refuse(new Error('silent stream')), wait)
      })
      const chunk = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer))
      if (chunk.done) return
      wait = silenceMs
      parser.feed(decoder.decode(chunk.value, { stream: true }))
      while (ready.length > 0) yield ready.shift() as ServerEvent
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** The work took longer than it may. */
class Overdue extends Error {}

/** Does the work, and breaks it off when it takes longer: then it fails as `Overdue`, which no clock has to be read for. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), ms)
  try {
    return await work(limit.signal)
  } catch (error) {
    throw limit.signal.aborted ? new Overdue('no answer in time', { cause: error }) : error
  } finally {
    clearTimeout(timer)
  }
}

/** Waits before the next try; `attempt` counts from 1, `askedSeconds` is the server's wish. */
export type Wait = (attempt: number, askedSeconds?: number) => Promise<void>

/** Milliseconds to wait: doubling from half a second up to eight seconds. */
export function backoffMs(attempt: number): number {
  return Math.min(500 * 2 ** (attempt - 1), 8_000)
}

export interface TurnRequest {
  /** Sends the message; left out when only an already running turn is followed. */
  start?: (signal: AbortSignal) => Promise<Response>
  /** Takes the turn's events up again after `lastId`, or from the start. */
  resume: (turnId: string, lastId: string | undefined, signal: AbortSignal) => Promise<Response>
  /** Takes the turn as one answer when it has ended; for lines on which no stream gets through. */
  whole?: (turnId: string | undefined) => Promise<Response>
  /** What is known of the line: so many more turns are asked for whole. */
  line?: { whole: number }
  turnId?: string
  onEvent: (event: ServerEvent) => void
  wait: Wait
  maxTries?: number
  silenceMs?: number
  eatenMs?: number
}

/** The name of the event under which a turn that came whole (as JSON) is handed on. */
export const WHOLE = 'whole'

/**
 * Follows one turn to its `done` or `error`, over as many connections as it takes.
 *
 * Every event is handed on once: what a resumed stream repeats is left out by its id. Before the turn's id is
 * known a retry sends the message again, which the server recognises by `client_message_id`.
 */
export async function followTurn(request: TurnRequest): Promise<void> {
  const { start, resume, whole, onEvent, wait, maxTries = MAX_TRIES, silenceMs = SILENCE_MS, line = { whole: 0 } } = request
  const firstMs = whole ? (request.eatenMs ?? EATEN_MS) : silenceMs
  let turnId = request.turnId
  let lastId: string | undefined
  let tries = 0
  let eaten = line.whole > 0
  if (eaten) line.whole -= 1
  const seen = new Set<string>()
  for (;;) {
    let asked: number | undefined
    let heard = true
    try {
      const response =
        whole && eaten
          ? await whole(turnId)
          : await within(firstMs, (signal) => (turnId === undefined && start ? start(signal) : resume(turnId ?? '', lastId, signal)))
      if (!response.ok) throw await problemOf(response)
      if (response.headers.get('content-type')?.includes('application/json')) {
        onEvent({ event: WHOLE, data: await response.json() })
        return
      }
      if (!response.body) throw new Error('no body')
      heard = false
      for await (const event of readEvents(response.body, silenceMs, firstMs)) {
        heard = true
        if (event.id !== undefined && event.id !== '') {
          if (seen.has(event.id)) continue
          seen.add(event.id)
          lastId = event.id
        }
        tries = 0
        if (event.event === 'turn') turnId = (event.data as { turn_id?: string }).turn_id ?? turnId
        onEvent(event)
        if (event.event === 'done' || event.event === 'error') return
      }
      throw new Error('the stream ended before the turn did')
    } catch (error) {
      if (error instanceof Problem) {
        asked = error.retryAfter
        if (!error.transient && !(error.status === 429 && asked !== undefined && asked <= 10)) throw error
      }
      // A stream without a word, or no answer for as long as that: the words are kept somewhere on the way.
      else if (!heard || error instanceof Overdue) {
        eaten = true
        line.whole = WHOLE_TURNS
      }
      // A server that says when it will be back is given four times the patience.
      tries += error instanceof Problem && error.status === 503 && asked !== undefined ? 0.25 : 1
      if (tries > maxTries) throw error
    }
    await wait(Math.ceil(tries), asked)
  }
}

export interface NewsRequest {
  open: (lastId: string | undefined, signal: AbortSignal) => Promise<Response>
  /** The line kept silent: what has happened meanwhile must be asked for. */
  onSilence?: () => void
  onOpen: () => void
  onEvent: (event: ServerEvent) => void
  wait: Wait
  /** True when nobody wants the news any more. */
  ended: () => boolean
  silenceMs?: number
}

/** Listens to a conversation's news until `ended`, or until the server says that there is no such conversation. */
export async function followNews(request: NewsRequest): Promise<void> {
  const silenceMs = request.silenceMs ?? SILENCE_MS
  let lastId: string | undefined
  let tries = 0
  while (!request.ended()) {
    let asked: number | undefined
    try {
      const response = await within(silenceMs, (signal) => request.open(lastId, signal))
      if (!response.ok) throw await problemOf(response)
      if (!response.body) throw new Error('no body')
      tries = 0
      request.onOpen()
      for await (const event of readEvents(response.body, silenceMs)) {
        if (request.ended()) return
        if (event.id) lastId = event.id
        request.onEvent(event)
      }
    } catch (error) {
      if (error instanceof Problem) {
        if (error.keyIsLost) return
        asked = error.retryAfter
      } else if (!request.ended()) request.onSilence?.()
    }
    if (request.ended()) return
    tries += 1
    await request.wait(tries, asked)
  }
}
