// Words of the outbox.
import type { Shape } from '../../../staff/client'

export type OutboxRow = Shape<'OutboxRow'>
export const STATES: Record<Shape<'RowState'>, string> = { pending: '等待推送', delivered: '已送达', dead: '被拒' }
/** A platform's own words for where an incident stands. */
export const THEIRS: Record<string, string> = {
  received: '已接收',
  accepted: '已受理',
  assigned: '已交办',
  in_progress: '处置中',
  resolved: '已办结',
  returned: '已退回',
  extended: '已延期',
  merged: '已合并',
  closed: '已关闭',
}
export const KINDS: Record<string, string> = { incident: '工单', update: '进展', attachment: '附件' }
export const OUTCOMES: Record<string, string> = { delivered: '已送达', retry: '稍后重试', dead: '被拒' }
export const ACTS: Record<string, string> = { asked: '查询', sent: '推送', 'asked+sent': '查询后推送' }

/** What tells the same thing apart at a platform: never to be put right by hand. */
export const FIXED = ['idempotency_key', 'event_id', 'attachment_id', 'number']

/** What stands for the reporter in a body that is shown. */
export const COVERED = '（不显示）'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type Body = Record<string, Json>
const plain = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)

export interface Leaf {
  path: string[]
  value: string | number | boolean | null
}

/** The single values of a body, with their paths; lists are left whole and are not put right here. */
export function leaves(body: Body, path: string[] = []): Leaf[] {
  return Object.entries(body).flatMap(([name, value]): Leaf[] =>
    plain(value) ? leaves(value, [...path, name]) : Array.isArray(value) ? [] : [{ path: [...path, name], value }],
  )
}

/** The JSON merge patch (RFC 7396) of what was typed over the leaves; what stayed as it was is not in it. */
export function patchOf(known: readonly Leaf[], typed: Record<string, string>): Body {
  const patch: Body = {}
  for (const leaf of known) {
    const words = typed[leaf.path.join('.')]
    if (words === undefined || words === String(leaf.value ?? '')) continue
    let into = patch
    for (const name of leaf.path.slice(0, -1)) into = (into[name] ??= {}) as Body
    // An emptied field is taken out; a number stays one.
    const value =
      words === ''
        ? null
        : typeof leaf.value === 'number' && Number.isFinite(Number(words))
          ? Number(words)
          : typeof leaf.value === 'boolean'
            ? words === 'true'
            : words
    into[leaf.path.at(-1)!] = value
  }
  return patch
}

/** One merge patch laid over another. */
export function merged(under: Body, over: Body): Body {
  const out: Body = { ...under }
  for (const [name, value] of Object.entries(over)) out[name] = plain(value) && plain(out[name]) ? merged(out[name], value) : value
  return out
}
