import { beforeEach, describe, expect, it } from 'vitest'
import { Api } from '../src/api/client'
import { Problem } from '../src/api/problem'
import type { ServerMessage } from '../src/api/types'
import { Conversation } from '../src/chat/conversation'
import { mergeFromServer } from '../src/chat/feed'
import { kioskSeconds } from '../src/chat/kiosk'
import { Paperwork } from '../src/chat/paperwork'
import { frame, json, MemoryArea, memoryKeep, settle, sse } from './fakes'

const CHANNEL = {
  id: 'default',
  title: '网格员',
  greeting: '您好',
  suggestions: [],
  notice: '',
  label: '内容由AI生成，仅供参考',
  hotlines: [],
  max_chars: 2000,
}

/** A server of a few lines: who was called with what, and answers that a test can change. */
class Server {
  calls: { method: string; path: string; body: unknown; headers: Headers }[] = []
  history: { messages: ServerMessage[]; draft?: unknown; running?: unknown } = { messages: [] }
  turn: (text: string) => Response = (text) =>
    sse([
      frame(1, 'turn', { turn_id: `t-${text}`, route: 'ask' }),
      frame(2, 'delta', { text: '答' }),
      frame(3, 'delta', { text: text }),
      frame(4, 'done', { turn_id: `t-${text}`, finish: 'complete', message_id: `m-${text}`, generated: true, label: CHANNEL.label }),
    ])
  down = false
  other: Record<string, () => Response> = {}
  private conversations = 0

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    if (this.down) throw new TypeError('Failed to fetch')
    const path = String(input).replace('/api/v1', '')
    const method = init?.method ?? 'GET'
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as { text?: string }) : undefined
    this.calls.push({ method, path, body, headers: new Headers(init?.headers) })
    const own = this.other[`${method} ${path}`]
    if (own) return own()
    if (path.startsWith('/channels/')) return json(CHANNEL)
    if (method === 'POST' && path === '/conversations')
      return json({ conversation_id: `c${++this.conversations}`, token: `k${this.conversations}` }, 201)
    if (method === 'POST' && path.endsWith('/messages')) return this.turn(body?.text ?? '')
    if (method === 'GET' && path.includes('/messages')) return json(this.history)
    if (method === 'GET' && path.endsWith('/events') && !path.includes('/turns/'))
      return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
    return json({ detail: '没有' }, 404)
  }
  count = (method: string, end: string) => this.calls.filter((c) => c.method === method && c.path.endsWith(end)).length
  sent = () =>
    this.calls
      .filter((c) => c.method === 'POST' && c.path.endsWith('/messages'))
      .map((c) => c.body as { client_message_id: string; text: string })
}

let server: Server
let area: MemoryArea
let ids: number
const make = (maxWaits = 100) => {
  let waits = 0
  return new Conversation('default', {
    api: new Api(server.fetch as typeof fetch),
    keep: memoryKeep(area),
    newId: () => `id-${++ids}`,
    now: () => new Date('2025-03-01T04:00:00Z'),
    wait: () => (++waits > maxWaits ? new Promise(() => undefined) : Promise.resolve()),
  })
}
const words = (c: Conversation) => c.state.messages.map((m) => `${m.role}:${m.text}:${m.progress}`)

beforeEach(() => {
  server = new Server()
  area = new MemoryArea()
  ids = 0
})

describe('talking', () => {
  it('creates nothing before the first message', async () => {
    const c = make()
    await c.open()
    c.send('   ')
    await settle()
    expect(server.calls.map((x) => x.path)).toEqual(['/channels/default'])
    expect(area.rows.size).toBe(0)
  })

  it('draws the answer and knows its id and label', async () => {
    const c = make()
    await c.open()
    c.send('一')
    await settle()
    expect(words(c)).toEqual(['resident:一:done', 'assistant:答一:done'])
    expect(c.state.messages[1]).toMatchObject({ id: 'm-一', generated: true, finish: 'complete', label: CHANNEL.label })
    expect(server.count('POST', '/conversations')).toBe(1)
    expect(c.state.announcement).toBe('答一')
  })

  it('sends one after the other, each answer under its question', async () => {
    const c = make()
    await c.open()
    c.send('一')
    c.send('二')
    await settle()
    expect(words(c)).toEqual(['resident:一:done', 'assistant:答一:done', 'resident:二:done', 'assistant:答二:done'])
    expect(new Set(server.sent().map((s) => s.client_message_id)).size).toBe(2)
  })

  it('starts afresh when the conversation is gone', async () => {
    area.setItem('gw:default:conversation', JSON.stringify({ id: 'old', token: 'x' }))
    server.other['GET /conversations/old/messages'] = () => json({}, 404)
    const c = make()
    await c.open()
    c.send('一')
    await settle()
    expect(words(c)).toEqual(['resident:一:done', 'assistant:答一:done'])
    expect(c.currentKey?.id).toBe('c1')
  })

  it('says why a message was refused and does not keep it', async () => {
    server.turn = () => json({ detail: '消息太长了。' }, 422)
    const c = make()
    await c.open()
    c.send('一')
    await settle()
    expect(c.state.messages).toHaveLength(1)
    expect(c.state.messages[0]).toMatchObject({ progress: 'refused', problem: '消息太长了。' })
    expect(area.rows.has('gw:default:outbox')).toBe(false)
  })
})

describe('losing nothing', () => {
  it('keeps a message over a reload and sends it once, under the same id', async () => {
    const before = make(0)
    await before.open()
    server.down = true
    before.send('路灯不亮')
    await settle()
    expect(server.sent()).toEqual([])

    server.down = false
    const after = make()
    await after.open()
    await settle()
    expect(server.sent()).toEqual([{ client_message_id: 'id-1', text: '路灯不亮' }])
    expect(words(after)).toEqual(['resident:路灯不亮:done', 'assistant:答路灯不亮:done'])

    const third = make()
    await third.open()
    await settle()
    expect(server.sent()).toHaveLength(1)
  })

  it('does not send again what the server already holds', async () => {
    area.setItem('gw:default:conversation', JSON.stringify({ id: 'c9', token: 'x' }))
    area.setItem(
      'gw:default:outbox',
      JSON.stringify([{ client_message_id: 'id-7', text: '路灯', attachments: [], created_at: '2025-03-01T00:00:00Z' }]),
    )
    server.history = {
      messages: [
        { id: 'r', seq: 1, role: 'resident', text: '路灯', created_at: '2025-03-01T00:00:00Z', client_message_id: 'id-7', turn_id: 't' },
        { id: 'a', seq: 2, role: 'assistant', text: '好的', created_at: '2025-03-01T00:00:01Z', turn_id: 't' },
      ],
    }
    const c = make()
    await c.open()
    await settle()
    expect(server.sent()).toEqual([])
    expect(words(c)).toEqual(['resident:路灯:done', 'assistant:好的:done'])
  })

  it('offers 重试 when nothing got through, with the same id', async () => {
    const c = make()
    await c.open()
    let broken = true
    const fine = server.turn
    server.turn = (text) => (broken ? json({ detail: '服务正忙' }, 503) : fine(text))
    c.send('一')
    await settle()
    expect(c.state.messages.map((m) => m.progress)).toEqual(['failed'])
    broken = false
    c.retry(c.state.messages[0]!)
    await settle()
    expect(words(c)).toEqual(['resident:一:done', 'assistant:答一:done'])
    expect(new Set(server.sent().map((s) => s.client_message_id))).toEqual(new Set(['id-1']))
  })

  it('goes on with an answer that was running at a refresh, without doubling its words', async () => {
    area.setItem('gw:default:conversation', JSON.stringify({ id: 'c9', token: 'x' }))
    server.history = {
      messages: [
        { id: 'r', seq: 1, role: 'resident', text: '问', created_at: '2025-03-01T00:00:00Z', client_message_id: 'id-7', turn_id: 't' },
        { id: 'a', seq: 2, role: 'assistant', text: '可以', created_at: '2025-03-01T00:00:01Z', turn_id: 't' },
      ],
      running: { turn_id: 't' },
    }
    server.other['GET /conversations/c9/turns/t/events'] = () =>
      sse([
        frame(1, 'turn', { turn_id: 't' }),
        frame(2, 'delta', { text: '可以' }),
        frame(3, 'delta', { text: '申请' }),
        frame(4, 'done', { finish: 'complete', message_id: 'a', generated: true }),
      ])
    const c = make()
    await c.open()
    await settle()
    expect(words(c)).toEqual(['resident:问:done', 'assistant:可以申请:done'])
    expect(server.sent()).toEqual([])
  })

  it('asks the history for what `done` did not tell', async () => {
    server.turn = () => {
      server.history = {
        messages: [
          { id: 'r', seq: 1, role: 'resident', text: '一', created_at: '2025-03-01T04:00:00Z', client_message_id: 'id-1', turn_id: 't' },
          {
            id: 'a',
            seq: 2,
            role: 'assistant',
            text: '答',
            created_at: '2025-03-01T04:00:01Z',
            turn_id: 't',
            generated: true,
            label: '由AI生成',
          },
        ],
      }
      return sse([frame(1, 'turn', { turn_id: 't' }), frame(2, 'delta', { text: '答' }), frame(3, 'done', { finish: 'complete' })])
    }
    const c = make()
    await c.open()
    c.send('一')
    await settle()
    expect(c.state.messages).toHaveLength(2)
    expect(c.state.messages[1]).toMatchObject({ id: 'a', generated: true, label: '由AI生成' })
  })
})

describe('paperwork', () => {
  const ticket = { number: 'WG20250301000001', status: '已提交' }
  const withDraft = async () => {
    server.turn = () =>
      sse([
        frame(1, 'turn', { turn_id: 't', route: 'report' }),
        frame(2, 'card', { kind: 'draft', draft: { description: '飞线' }, missing: [], complete: true }),
        frame(3, 'done', { finish: 'complete', message_id: 'a', generated: false }),
      ])
    server.other['POST /conversations/c1/draft/confirm'] = () => json({ ticket, card: { kind: 'receipt', ticket } }, 201)
    const c = make()
    await c.open()
    c.send('有人飞线充电')
    await settle()
    expect(c.state.draft?.complete).toBe(true)
    return c
  }

  it('a second tap makes no second call', async () => {
    const c = await withDraft()
    const paperwork = new Paperwork(c)
    await Promise.all([paperwork.confirm(), paperwork.confirm()])
    expect(server.count('POST', '/draft/confirm')).toBe(1)
    expect(c.state.draft).toBeNull()
    expect(c.state.messages.filter((m) => m.card?.kind === 'receipt')).toHaveLength(1)
  })

  it('trying again after a lost answer uses the same idempotency key', async () => {
    const c = await withDraft()
    const paperwork = new Paperwork(c)
    server.down = true
    await expect(paperwork.confirm()).rejects.toThrow()
    const good = server.other['POST /conversations/c1/draft/confirm']!
    server.down = false
    server.other['POST /conversations/c1/draft/confirm'] = () => json({}, 503)
    await expect(paperwork.confirm()).rejects.toThrow()
    server.other['POST /conversations/c1/draft/confirm'] = good
    await paperwork.confirm()
    const keys = server.calls.filter((x) => x.path.endsWith('/draft/confirm')).map((x) => x.headers.get('idempotency-key'))
    expect(keys).toHaveLength(2)
    expect(new Set(keys).size).toBe(1)
  })

  it('the receipt that comes as news, too, is shown once', async () => {
    const c = await withDraft()
    await new Paperwork(c).confirm()
    server.history = {
      messages: [
        { id: 'x', seq: 3, role: 'assistant', text: '已提交', created_at: '2025-03-01T04:01:00Z', card: { kind: 'receipt', ticket } },
      ],
    }
    await c.sync()
    const receipts = c.state.messages.filter((m) => m.card?.kind === 'receipt')
    expect(receipts).toHaveLength(1)
    expect(receipts[0]).toMatchObject({ id: 'x', text: '已提交' })
  })

  it('news that overtake the receipt stay below it, and what is known of a ticket never goes back', async () => {
    const c = await withDraft()
    const moves = [
      { at: '2025-03-01T04:01:00Z', to: '已提交', by: '居民' },
      { at: '2025-03-01T04:01:01Z', to: '已送达平台', by: '平台' },
    ]
    const good = server.other['POST /conversations/c1/draft/confirm']!
    server.other['POST /conversations/c1/draft/confirm'] = () => {
      // While the answer is on its way, the ticket has moved on.
      c.takeTicket({ ...ticket, status: '已送达平台' }, moves)
      mergeFromServer(c.state.messages, [
        {
          id: 'n',
          seq: 9,
          role: 'news',
          text: '已送到',
          created_at: '2025-03-01T04:01:01Z',
          card: { kind: 'progress', ticket: { ...ticket, status: '已送达平台' }, timeline: moves },
        },
      ])
      return good()
    }
    await new Paperwork(c).confirm()
    expect(c.state.tickets[ticket.number]?.ticket.status).toBe('已送达平台')
    expect(c.state.tickets[ticket.number]?.timeline).toHaveLength(2)
    expect(c.state.messages.slice(-2).map((m) => m.card?.kind)).toEqual(['receipt', 'progress'])
  })

  it('what the server finds missing is marked', async () => {
    const c = await withDraft()
    server.other['POST /conversations/c1/draft/confirm'] = () => json({ detail: '还缺地点。', missing: ['place'] }, 409)
    await expect(new Paperwork(c).confirm()).rejects.toMatchObject({ detail: '还缺地点。' })
    expect(c.state.draft?.missing).toEqual(['place'])
  })

  it('a parked draft that comes back as news is the one to fill in', async () => {
    const c = await withDraft()
    await new Paperwork(c).confirm()
    server.history = {
      messages: [
        {
          id: 'n',
          seq: 9,
          role: 'news',
          text: '前面说的还没提交',
          created_at: '2025-03-01T04:01:00Z',
          card: { kind: 'draft', draft: { description: '路灯' }, missing: ['place'] },
        },
      ],
    }
    await c.sync()
    expect(c.state.draft?.draft.description).toBe('路灯')
  })

  it('更多材料 and 撤回 go to the ticket, and what was added is known from then on', async () => {
    const c = await withDraft()
    const paperwork = new Paperwork(c)
    await paperwork.confirm()
    const added = [{ at: '2025-03-01T04:02:00Z', by: '居民', attachments: ['p1'], with_move: false }]
    const timeline = [{ at: '2025-03-01T04:00:00Z', to: '已提交', by: '居民' }]
    server.other[`POST /tickets/${ticket.number}/attachments`] = () => json({ ticket, timeline, added })
    await paperwork.supplement(ticket.number, ['p1'], '')
    expect(server.calls[server.calls.length - 1]?.body).toEqual({ attachments: ['p1'] })
    // Cards say nothing of it; it stays known.
    c.takeTicket({ ...ticket, status: '已受理' }, [...timeline, { at: '2025-03-01T04:03:00Z', to: '已受理', by: '岗' }])
    expect(c.state.tickets[ticket.number]).toMatchObject({ ticket: { status: '已受理' }, added })

    server.other[`POST /tickets/${ticket.number}/withdraw`] = () => json({ detail: '工单已是“已办结”，不能再撤回' }, 409)
    await expect(paperwork.withdraw(ticket.number, '不用了')).rejects.toMatchObject({ detail: '工单已是“已办结”，不能再撤回' })
    expect(server.calls[server.calls.length - 1]?.body).toEqual({ reason: '不用了' })
  })

  it('tells a photo from a recording without fetching the recording', async () => {
    const c = await withDraft()
    server.other['GET /attachments/p1?size=thumb'] = () => new Response(new Blob(['x']), { headers: { 'content-type': 'image/jpeg' } })
    server.other['GET /attachments/v1?size=thumb'] = () => json({ detail: '语音和视频没有缩略图' }, 404)
    server.other['HEAD /attachments/v1'] = () => new Response(null, { headers: { 'content-type': 'video/mp4', 'content-length': '2048' } })
    const paperwork = new Paperwork(c)
    expect(await paperwork.attachment('p1')).toMatchObject({ kind: 'photo' })
    expect(await paperwork.attachment('v1')).toEqual({ kind: 'video', bytes: 2048 })
    expect(server.count('GET', '/attachments/v1')).toBe(0)
    await expect(paperwork.attachment('gone')).rejects.toMatchObject({ status: 404 })
  })

  it('behind a draft that was sent elsewhere the one that waited comes up', async () => {
    const c = await withDraft()
    server.other['PATCH /conversations/c1/draft'] = () =>
      json({ card: { kind: 'draft', draft: {}, missing: [], complete: false, stopped: { text: '请找园林所。', tel: '12345' } } })
    await new Paperwork(c).patch({ answers: { 是谁家的树: '街边的' } })
    expect(c.state.draft?.stopped?.tel).toBe('12345')
    server.history = { messages: [], draft: { kind: 'draft', draft: { description: '路灯' }, missing: ['place'] } }
    await c.leaveDraft()
    expect(c.state.draft?.draft.description).toBe('路灯')
    server.history = { messages: [], draft: null }
    await c.leaveDraft()
    expect(c.state.draft).toBeNull()
  })

  it('清空对话 deletes on the server and forgets here', async () => {
    const c = await withDraft()
    server.other['DELETE /conversations/c1'] = () => new Response(null, { status: 204 })
    await c.clear()
    expect(c.state.messages).toEqual([])
    expect(area.rows.size).toBe(0)
    c.send('再来')
    await settle()
    expect(c.currentKey?.id).toBe('c2')
  })
})

describe('more than one tab, and a machine for everybody', () => {
  /** Locks as a browser has them: one after the other over both tabs. */
  const locks = () => {
    let last: Promise<unknown> = Promise.resolve()
    return <T>(work: () => Promise<T>): Promise<T> => {
      const mine = last.then(work, work)
      last = mine.catch(() => undefined)
      return mine
    }
  }
  const tab = (alone: <T>(work: () => Promise<T>) => Promise<T>) => new Conversation('default', { ...make().world, alone })

  it('two tabs that begin together begin one conversation', async () => {
    const alone = locks()
    const [one, two] = [tab(alone), tab(alone)]
    await Promise.all([one.open(), two.open()])
    one.send('一')
    two.send('二')
    await settle()
    expect(server.count('POST', '/conversations')).toBe(1)
    expect([one.currentKey?.id, two.currentKey?.id]).toEqual(['c1', 'c1'])
  })

  it('what another tab began or cleared is taken over', async () => {
    const [one, two] = [make(), make()]
    await Promise.all([one.open(), two.open()])
    one.send('一')
    await settle()
    server.history = {
      messages: [{ id: 'm1', seq: 1, role: 'resident', text: '一', created_at: '2025-03-01T04:00:00Z', client_message_id: 'id-1' }],
    }
    await two.otherTab()
    expect(two.state.messages.map((m) => m.text)).toEqual(['一'])
    server.other['DELETE /conversations/c1'] = () => new Response(null, { status: 204 })
    await one.clear()
    await two.otherTab()
    expect([two.state.messages, two.currentKey]).toEqual([[], undefined])
  })

  it('what was said and done in another tab comes over, its draft, too', async () => {
    const c = make()
    await c.open()
    c.send('一')
    await settle()
    const draft = { kind: 'draft', draft: { description: '路灯' }, missing: ['place'] }
    server.history = {
      messages: [
        { id: 'm7', seq: 7, role: 'resident', text: '路灯坏了', created_at: '2025-03-01T04:00:00Z', client_message_id: 'elsewhere' },
        { id: 'm8', seq: 8, role: 'assistant', text: '好的', created_at: '2025-03-01T04:00:01Z', turn_id: 't8', card: draft as never },
      ],
      draft,
    }
    await c.catchUp()
    expect(c.state.messages.map((m) => m.text)).toEqual(['一', '答一', '路灯坏了', '好的'])
    expect(c.state.draft?.missing).toEqual(['place'])
    await c.catchUp()
    expect(c.state.messages.length).toBe(4)
  })

  it('what another tab said is taken over, even while the shared outbox still names it', async () => {
    const c = make()
    await c.open()
    c.send('一')
    await settle()
    const outbox = [...area.rows.keys()].find((k) => k.includes('outbox')) ?? 'gw:default:outbox'
    area.setItem(outbox, JSON.stringify([{ client_message_id: 'theirs', text: '二', attachments: [], created_at: '' }]))
    server.history = {
      messages: [
        { id: 'x', seq: 9, role: 'resident', text: '二', created_at: '', client_message_id: 'theirs' } as unknown as ServerMessage,
      ],
    }
    expect(await c.catchUp()).toBe(true)
    expect(words(c)).toContain('resident:二:done')
  })

  it('what another tab said while this one still waited for its key is not forgotten', async () => {
    let go = () => {}
    const held = new Promise<void>((then) => (go = then))
    const slow = tab(async (work) => {
      await held
      return work()
    })
    await slow.open()
    slow.send('一')
    await settle()
    // The other tab has begun the conversation, has said something and calls.
    expect(await slow.catchUp(), 'asked again when it is idle').toBe(false)
    go()
    await settle()
    expect(await slow.catchUp()).toBe(true)
  })

  it('what fell out of the outbox when two tabs wrote to it at once is sent all the same', async () => {
    const c = make()
    await c.open()
    c.send('一')
    c.send('二')
    // The other tab wrote what it knew: nothing of this.
    for (const key of [...area.rows.keys()].filter((k) => k.includes('outbox'))) area.removeItem(key)
    await settle()
    expect(server.sent().map((s) => s.text)).toEqual(['一', '二'])
    expect(words(c)).toEqual(['resident:一:done', 'assistant:答一:done', 'resident:二:done', 'assistant:答二:done'])
  })

  it('whoever leaves is forgotten here at once, and on the server when it can be reached', async () => {
    const c = make()
    await c.open()
    c.send('我的电话')
    await settle()
    let tries = 0
    server.other['DELETE /conversations/c1'] = () => (++tries < 3 ? json({ detail: '稍后' }, 503) : new Response(null, { status: 204 }))
    c.leave()
    expect([c.state.messages, c.currentKey, area.rows.size]).toEqual([[], undefined, 0])
    await settle()
    expect(tries).toBe(3)
  })

  it('a conversation that comes into being after it was cleared is deleted again', async () => {
    const c = make()
    await c.open()
    server.other['DELETE /conversations/c1'] = () => new Response(null, { status: 204 })
    c.send('一')
    c.leave()
    await settle()
    expect([c.currentKey, server.count('DELETE', '/conversations/c1')]).toEqual([undefined, 1])
    expect(c.state.messages).toEqual([])
  })

  it('a shared machine forgets after the seconds that were asked for', () => {
    expect([null, '0', '1', '60', '5', 'x'].map(kioskSeconds)).toEqual([undefined, undefined, 90, 60, 90, 90])
  })
})

describe('after a broken line', () => {
  it('what waits behind a taken message is sent, and an answer that was cut says so', async () => {
    const c = make(3)
    await c.open()
    const plain = server.turn
    server.turn = (text) =>
      text === '一' ? sse([frame(1, 'turn', { turn_id: 't1' }), frame(2, 'delta', { text: '一半' })], true) : plain(text)
    server.other['GET /conversations/c1/turns/t1/events'] = () => json({ detail: '没有这一轮' }, 404)
    server.history = {
      messages: [
        {
          id: 'm1',
          seq: 2,
          role: 'assistant',
          text: '一半',
          created_at: '2025-03-01T04:00:00Z',
          turn_id: 't1',
          finish: 'cut',
          generated: true,
        },
      ],
    }
    c.send('一')
    c.send('二')
    await settle()
    expect(server.sent().map((m) => m.text)).toEqual(['一', '二'])
    const [cut] = c.state.messages.filter((m) => m.role === 'assistant')
    expect([cut?.finish, cut?.problem]).toEqual(['cut', undefined])
  })
})

describe('voice input', () => {
  it('goes with the key of the conversation, or before there is one with the channel', async () => {
    const paths: string[] = []
    const api = new Api((async (input: RequestInfo | URL, init?: RequestInit) => {
      paths.push(`${String(input)} ${new Headers(init?.headers).get('authorization') ?? '-'}`)
      return json({ text: '路灯坏了' })
    }) as typeof fetch)
    expect(await api.transcribe(undefined, '大厅', new Blob(['x']))).toBe('路灯坏了')
    await api.transcribe({ id: 'c1', token: 'k1' }, 'default', new Blob(['x']))
    expect(paths).toEqual(['/api/v1/transcriptions?channel=%E5%A4%A7%E5%8E%85 -', '/api/v1/transcriptions Bearer k1'])
  })
})

describe('a channel in secure mode', () => {
  const secure = (askHost: () => Promise<{ token: string; visitor?: string }>) => {
    server.other['GET /channels/default'] = () => json({ ...CHANNEL, secure: true })
    return new Conversation('default', {
      api: new Api(server.fetch as typeof fetch),
      keep: memoryKeep(area),
      newId: () => `id-${++ids}`,
      now: () => new Date('2025-03-01T04:00:00Z'),
      wait: () => Promise.resolve(),
      askHost,
    })
  }
  const created = () => server.calls.filter((c) => c.method === 'POST' && c.path === '/conversations').map((c) => c.body)

  it('begins with what the host has signed, asked for at the first message', async () => {
    let asked = 0
    const c = secure(async () => ({ token: `signed-${++asked}`, visitor: 'u1' }))
    await c.open()
    await settle()
    expect(asked, 'nothing is asked of the host before the first message').toBe(0)
    c.send('你好')
    await settle()
    expect(created()).toEqual([{ channel: 'default', channel_token: 'signed-1' }])
  })

  it('shows the next person nothing of the one before', async () => {
    const first = secure(async () => ({ token: 'a', visitor: 'u1' }))
    await first.open()
    first.send('我的事')
    await settle()
    server.history = {
      messages: [{ id: 'x', seq: 1, role: 'resident', text: '我的事', created_at: '2025-03-01T04:00:00Z' } as ServerMessage],
    }
    const same = secure(async () => ({ token: 'b', visitor: 'u1' }))
    await same.open()
    expect(same.state.messages.map((m) => m.text)).toContain('我的事')
    const other = secure(async () => ({ token: 'c', visitor: 'u2' }))
    await other.open()
    expect(other.state.messages).toEqual([])
    other.send('别的事')
    await settle()
    expect(created().at(-1)).toEqual({ channel: 'default', channel_token: 'c' })
  })

  it('says why when the host gives nothing', async () => {
    const c = secure(async () => {
      throw new Problem(403, '请从原来的网站打开这个窗口', 'channel_token_required')
    })
    await c.open()
    c.send('你好')
    await settle()
    expect(c.state.messages[0]).toMatchObject({ progress: 'refused', problem: '请从原来的网站打开这个窗口' })
    expect(created()).toEqual([])
  })
})

it('shows a turn that came whole after a stream that was cut in the middle', async () => {
  const whole = {
    turn_id: 't1',
    route: 'ask',
    message_id: 'm1',
    finish: 'complete',
    reply: { text: '先登记，再带上身份证。', citations: [], generated: true, label: CHANNEL.label },
  }
  let posts = 0
  // Half an answer, then nothing but empty streams: this line lets no stream through.
  server.turn = () =>
    ++posts === 1 ? sse([frame(1, 'turn', { turn_id: 't1', route: 'ask' }), frame(2, 'delta', { text: '先登记' })], true) : json(whole)
  server.other['GET /conversations/c1/turns/t1/events'] = () => sse([])
  const c = make()
  await c.open()
  c.send('怎么领')
  await settle()
  expect(words(c)).toEqual(['resident:怎么领:done', 'assistant:先登记，再带上身份证。:done'])
})
