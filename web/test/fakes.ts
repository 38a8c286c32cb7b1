/** Small stand-ins for what a browser and a server give. */
import { makeKeep, type Keep } from '../src/chat/keep'

export class MemoryArea {
  readonly rows = new Map<string, string>()
  getItem = (key: string) => this.rows.get(key) ?? null
  setItem = (key: string, value: string) => void this.rows.set(key, value)
  removeItem = (key: string) => void this.rows.delete(key)
}

export const memoryKeep = (area = new MemoryArea()): Keep => makeKeep([() => area])

const bytes = new TextEncoder()

/** An SSE response out of raw pieces; `breaks` ends it as a broken line does. */
export function sse(pieces: string[], breaks = false): Response {
  const left = [...pieces]
  const body = new ReadableStream<Uint8Array>({
    // By and by: an error throws away what still waits.
    pull(controller) {
      const piece = left.shift()
      if (piece !== undefined) controller.enqueue(bytes.encode(piece))
      else if (breaks) controller.error(new TypeError('network error'))
      else controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

export const frame = (id: number, event: string, data: unknown) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers },
  })

/** Lets everything that is ready happen. */
export const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((go) => setTimeout(go, 0))
}
