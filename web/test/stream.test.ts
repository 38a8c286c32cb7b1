import { describe, expect, it, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { backoffMs, followNews, followTurn, readEvents, type ServerEvent, WHOLE } from '../src/api/stream'
import { frame, json, sse } from './fakes'

const atOnce = async () => undefined
const collect = () => {
  const events: ServerEvent[] = []
  return {
    events,
    onEvent: (e: ServerEvent) => void events.push(e),
    words: () =>
      events
        .filter((e) => e.event === 'delta')
        .map((e) => (e.data as { text: string }).text)
        .join(''),
  }
}

describe('reading a stream', () => {
  it('puts events together that arrive in any pieces, also in the middle of a character', async () => {
    const raw = new TextEncoder().encode(`: hi\n\n${frame(1, 'delta', { text: '年满八十周岁' })}${frame(2, 'done', {})}`)
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of raw) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const events = []
    for await (const event of readEvents(body)) events.push(event)
    expect(events).toEqual([
      { id: '1', event: 'delta', data: { text: '年满八十周岁' } },
      { id: '2', event: 'done', data: {} },
    ])
  })

  it('gives a silent line up', async () => {
    const body = new ReadableStream<Uint8Array>({ start: () => undefined })
    await expect(readEvents(body, 5).next()).rejects.toThrow('silent')
  })
})

describe('following a turn', () => {
  it('goes on after a broken line from the last event and repeats nothing', async () => {
    const seen = collect()
    const start = vi.fn(async () => sse([frame(1, 'turn', { turn_id: 't1' }), frame(2, 'delta', { text: '可以' })], true))
    const resume = vi.fn(async () =>
      sse([frame(2, 'delta', { text: '可以' }), frame(3, 'delta', { text: '申请' }), frame(4, 'done', { turn_id: 't1' })]),
    )
    await followTurn({ start, resume, onEvent: seen.onEvent, wait: atOnce })
    expect(resume).toHaveBeenCalledExactlyOnceWith('t1', '2', expect.any(AbortSignal))
    expect(seen.words()).toBe('可以申请')
    expect(start).toHaveBeenCalledOnce()
  })

  it('takes a stream that just ends for a broken one', async () => {
    const seen = collect()
    const resume = vi.fn(async () => sse([frame(2, 'done', {})]))
    await followTurn({ start: async () => sse([frame(1, 'turn', { turn_id: 't1' })]), resume, onEvent: seen.onEvent, wait: atOnce })
    expect(seen.events.map((e) => e.event)).toEqual(['turn', 'done'])
  })

  it('sends the message again while the turn is unknown', async () => {
    const seen = collect()
    let tries = 0
    const start = async () => {
      tries += 1
      if (tries === 1) throw new TypeError('offline')
      if (tries === 2) return json({ detail: '忙' }, 503)
      return sse([frame(1, 'turn', { turn_id: 't1' }), frame(2, 'done', {})])
    }
    const waits: number[] = []
    await followTurn({ start, resume: start, onEvent: seen.onEvent, wait: async (n) => void waits.push(n) })
    expect(waits).toEqual([1, 2])
    expect(seen.events).toHaveLength(2)
  })

  it('stops at once when trying again cannot help', async () => {
    const start = vi.fn(async () => json({ detail: '消息太长了。' }, 422))
    await expect(followTurn({ start, resume: start, onEvent: () => undefined, wait: atOnce })).rejects.toMatchObject({
      status: 422,
      detail: '消息太长了。',
    })
    expect(start).toHaveBeenCalledOnce()
  })

  it('waits as long as the server asks, but not for minutes', async () => {
    const asked: (number | undefined)[] = []
    let tries = 0
    const start = async () =>
      ++tries === 1 ? json({}, 429, { 'retry-after': '2' }) : sse([frame(1, 'turn', { turn_id: 't' }), frame(2, 'done', {})])
    await followTurn({ start, resume: start, onEvent: () => undefined, wait: async (_, s) => void asked.push(s) })
    expect(asked).toEqual([2])
    const long = followTurn({
      start: async () => json({}, 429, { 'retry-after': '600' }),
      resume: start,
      onEvent: () => undefined,
      wait: atOnce,
    })
    await expect(long).rejects.toBeInstanceOf(Problem)
  })

  it('has more patience with a server that says when it will be back', async () => {
    let tries = 0
    const start = async () =>
      ++tries <= 20
        ? json({ detail: '服务正在启动' }, 503, { 'retry-after': '2' })
        : sse([frame(1, 'turn', { turn_id: 't' }), frame(2, 'done', {})])
    await followTurn({ start, resume: start, onEvent: () => undefined, wait: atOnce })
    expect(tries).toBe(21)
    const never = vi.fn(async () => json({ detail: '服务正在启动' }, 503, { 'retry-after': '2' }))
    await expect(followTurn({ start: never, resume: never, onEvent: () => undefined, wait: atOnce })).rejects.toMatchObject({ status: 503 })
    expect(never.mock.calls.length).toBe(25)
  })

  it('gives up after the allowed tries and starts counting anew whenever something came', async () => {
    const resume = vi.fn(async () => sse([], true))
    const start = async () => sse([frame(1, 'turn', { turn_id: 't1' })], true)
    await expect(followTurn({ start, resume, onEvent: () => undefined, wait: atOnce, maxTries: 3 })).rejects.toThrow()
    expect(resume).toHaveBeenCalledTimes(3)
  })

  it('hands a turn on that came whole', async () => {
    const seen = collect()
    await followTurn({
      start: async () => json({ turn_id: 't', reply: { text: '好' } }),
      resume: async () => json({}),
      onEvent: seen.onEvent,
      wait: atOnce,
    })
    expect(seen.events).toEqual([{ event: WHOLE, data: { turn_id: 't', reply: { text: '好' } } }])
  })

  it('draws a running turn from its start', async () => {
    const resume = vi.fn(async () => sse([frame(1, 'turn', { turn_id: 't1' }), frame(2, 'done', {})]))
    await followTurn({ turnId: 't1', resume, onEvent: () => undefined, wait: atOnce })
    expect(resume.mock.calls.map((c: unknown[]) => c.slice(0, 2))).toEqual([['t1', undefined]])
  })
})

describe('a line that eats streams', () => {
  const WHOLE_TURN = { turn_id: 't1', reply: { text: '好' } }
  /** As a hop that collects everything: no answer until it is broken off. */
  const nothing = (signal?: AbortSignal) =>
    new Promise<Response>((_, refuse) => signal?.addEventListener('abort', () => refuse(new DOMException('', 'AbortError'))))

  it('is given the turn whole after a while without a byte, and so are the next turns', async () => {
    const seen = collect()
    const line = { whole: 0 }
    const start = vi.fn((signal: AbortSignal) => nothing(signal))
    const whole = vi.fn(async () => json(WHOLE_TURN))
    const turn = () =>
      followTurn({ start, resume: (_t, _l, signal) => nothing(signal), whole, line, onEvent: seen.onEvent, wait: atOnce, eatenMs: 20 })
    await turn()
    expect(seen.events).toEqual([{ event: WHOLE, data: WHOLE_TURN }])
    expect([start.mock.calls.length, whole.mock.calls.length]).toEqual([1, 1])
    for (let n = 0; n < 5; n++) await turn()
    expect([start.mock.calls.length, whole.mock.calls.length]).toEqual([1, 6])
    await turn()
    expect(start, 'by and by a stream is tried again').toHaveBeenCalledTimes(2)
  })

  it('that keeps the body back, or ends it without a word, is one', async () => {
    for (const body of [new ReadableStream<Uint8Array>(), new ReadableStream<Uint8Array>({ start: (c) => c.close() })]) {
      const seen = collect()
      const start = async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      await followTurn({ start, resume: start, whole: async () => json(WHOLE_TURN), onEvent: seen.onEvent, wait: atOnce, eatenMs: 20 })
      expect(seen.events).toEqual([{ event: WHOLE, data: WHOLE_TURN }])
    }
  })

  it('is not one that breaks in mid-answer: the stream is taken up again', async () => {
    const seen = collect()
    const whole = vi.fn(async () => json(WHOLE_TURN))
    const start = async () => sse([frame(1, 'turn', { turn_id: 't1' }), frame(2, 'delta', { text: '好' })], true)
    const resume = async () => sse([frame(3, 'done', {})])
    await followTurn({ start, resume, whole, onEvent: seen.onEvent, wait: atOnce, eatenMs: 20 })
    expect(seen.events.map((e) => e.event)).toEqual(['turn', 'delta', 'done'])
    expect(whole).not.toHaveBeenCalled()
  })

  it('is not one whose long answer breaks late', async () => {
    const whole = vi.fn(async () => json(WHOLE_TURN))
    const late = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(frame(1, 'turn', { turn_id: 't1' })))
        setTimeout(() => controller.error(new Error('cut')), 60)
      },
    })
    const start = async () => new Response(late, { headers: { 'content-type': 'text/event-stream' } })
    const resume = async () => sse([frame(2, 'done', {})])
    await followTurn({ start, resume, whole, onEvent: () => undefined, wait: atOnce, eatenMs: 20 })
    expect(whole, 'words came: the line lets streams through').not.toHaveBeenCalled()
  })

  it('is asked for its turn by id when the window was opened again', async () => {
    const whole = vi.fn(async () => json(WHOLE_TURN))
    await followTurn({
      turnId: 't1',
      resume: (_t, _l, signal) => nothing(signal),
      whole,
      onEvent: () => undefined,
      wait: atOnce,
      eatenMs: 20,
    })
    expect(whole).toHaveBeenCalledExactlyOnceWith('t1')
  })
})

describe('news', () => {
  it('of a silent line are asked for', async () => {
    const silence = vi.fn()
    let rounds = 0
    const open = (_: string | undefined, signal: AbortSignal) =>
      new Promise<Response>((_go, refuse) => signal.addEventListener('abort', () => refuse(new DOMException('', 'AbortError'))))
    await followNews({
      open,
      onOpen: () => undefined,
      onEvent: () => undefined,
      onSilence: silence,
      wait: atOnce,
      ended: () => ++rounds > 4,
      silenceMs: 10,
    })
    expect(silence).toHaveBeenCalled()
  })

  it('comes back with the last id and ends when the conversation is gone', async () => {
    const ids: (string | undefined)[] = []
    const seen = collect()
    const open = async (lastId: string | undefined) => {
      ids.push(lastId)
      return ids.length < 3 ? sse([frame(ids.length, 'message', {})], true) : json({}, 404)
    }
    await followNews({ open, onOpen: () => undefined, onEvent: seen.onEvent, wait: atOnce, ended: () => false })
    expect(ids).toEqual([undefined, '1', '2'])
    expect(seen.events).toHaveLength(2)
  })
})

it('pauses longer and longer, up to eight seconds', () => {
  expect([1, 2, 3, 4, 5, 9].map(backoffMs)).toEqual([500, 1000, 2000, 4000, 8000, 8000])
})
