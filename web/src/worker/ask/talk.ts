import { reactive } from 'vue'
import { problemOf } from '../../api/problem'
import { backoffMs, followTurn, WHOLE, type ServerEvent } from '../../api/stream'
import type { Card, Citation, WholeTurn } from '../../api/types'
import { newId } from '../../shared/ids'
import { api, got, told } from '../../staff/client'
import { session } from '../../staff/session'
import { get, put } from '../device/db'

/** A question and what was answered. */
export interface Asked {
  id: string
  at: string
  question: string
  text: string
  citations: Citation[]
  card?: Card
  route?: string
  /** A model wrote it: it carries this label. */
  label?: string
  busy: boolean
  problem?: string
  /** Steps that are done. */
  ticked: number[]
}

interface Kept {
  id: string
  account: string
  asked: Asked[]
}
/** So many answers stay on the device, to be read in a cellar. */
const MOST = 20

const state = reactive<{ asked: Asked[]; account: string }>({ asked: [], account: '' })
let key: { id: string; token: string } | undefined

const account = (): string => session.state.me?.account.id ?? ''

async function keep(): Promise<void> {
  if (state.account !== account()) return
  const kept: Kept = { id: `talk:${state.account}`, account: state.account, asked: state.asked.slice(-MOST) }
  await put('kept', JSON.parse(JSON.stringify(kept)) as Kept).catch(() => undefined)
}

async function conversation(fresh: boolean): Promise<{ id: string; token: string }> {
  if (key && !fresh) return key
  // A session that has ended is to be asked for again, not told as a missing right.
  await got(api.GET('/api/v1/auth/me'))
  const response = await fetch('/api/v1/conversations', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel: 'worker', audience: 'gridworker' }),
  })
  if (!response.ok) throw await problemOf(response)
  const made = (await response.json()) as { conversation_id: string; token: string }
  key = { id: made.conversation_id, token: made.token }
  return key
}

function take(one: Asked, event: ServerEvent): void {
  const data = event.data as Record<string, unknown>
  if (event.event === 'turn') one.route = data['route'] as string
  // A turn that is taken up again from its start says its words again.
  if (event.event === 'turn') one.text = ''
  else if (event.event === 'delta') one.text += data['text'] as string
  else if (event.event === 'citations') one.citations = (Array.isArray(event.data) ? event.data : (data['citations'] ?? [])) as Citation[]
  else if (event.event === 'card') one.card = event.data as Card
  else if (event.event === 'done' && data['generated'] === true) one.label = (data['label'] as string | undefined) ?? 'AI 生成，仅供参考'
  else if (event.event === 'error') one.problem = (data['detail'] as string | undefined) ?? '回答没有完成'
  else if (event.event === WHOLE) {
    const whole = event.data as WholeTurn
    Object.assign(one, {
      text: whole.reply.text,
      citations: whole.reply.citations ?? [],
      card: whole.card ?? undefined,
      route: whole.route,
    })
    if (whole.reply.generated) one.label = whole.reply.label ?? 'AI 生成，仅供参考'
  }
}

async function answer(one: Asked): Promise<void> {
  one.busy = true
  delete one.problem
  try {
    const { id, token } = await conversation(false)
    const bearer = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
    await followTurn({
      start: () =>
        fetch(`/api/v1/conversations/${id}/messages`, {
          method: 'POST',
          cache: 'no-store',
          headers: { ...bearer, 'content-type': 'application/json' },
          body: JSON.stringify({ client_message_id: one.id, text: one.question }),
        }),
      resume: (turn, last) =>
        fetch(`/api/v1/conversations/${id}/turns/${turn}/events`, {
          cache: 'no-store',
          headers: { ...bearer, ...(last ? { 'last-event-id': last } : {}) },
        }),
      wait: (attempt, asked) => new Promise((go) => setTimeout(go, asked === undefined ? backoffMs(attempt) : asked * 1000)),
      maxTries: 3,
      onEvent: (event) => take(one, event),
    })
  } catch (error) {
    one.problem = told(error)
    // The next question begins with a conversation that is there.
    key = undefined
  } finally {
    one.busy = false
    void keep()
  }
}

export const talk = {
  state,
  /** What was asked under this account on this device. */
  async open(): Promise<void> {
    if (state.account === account()) return
    key = undefined
    state.account = account()
    state.asked = []
    const kept = await get<Kept>('kept', `talk:${state.account}`).catch(() => undefined)
    state.asked.unshift(...(kept?.asked ?? []).map((a) => ({ ...a, busy: false })))
  },
  async ask(question: string): Promise<void> {
    state.asked.push({ id: newId(), at: new Date().toISOString(), question, text: '', citations: [], busy: true, ticked: [] })
    await answer(state.asked[state.asked.length - 1] as Asked)
  },
  again: answer,
  tick(one: Asked, step: number): void {
    one.ticked = one.ticked.includes(step) ? one.ticked.filter((s) => s !== step) : [...one.ticked, step]
    void keep()
  },
  clear(): void {
    state.asked = []
    key = undefined
    void keep()
  },
}
