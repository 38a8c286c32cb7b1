// What the room's words mean to people, and how stored text is made safe to look at.
import { channelTitle } from '../../../staff/channels'
import type { Shape } from '../../../staff/client'

export const ROUTES: Record<Shape<'TurnRoute'>, string> = {
  ask: '提问',
  report: '反映问题',
  progress: '查进度',
  channel: '转其他渠道',
  emergency: '紧急情况',
  smalltalk: '寒暄',
  human: '找人工',
  decline: '拒答',
}

export const ANSWERED: Record<Shape<'Answered'>, string> = {
  unanswered: '没有答案',
  fixed: '固定答复',
  generated: '模型作答',
  text: '资料原文',
  cut: '中途断开',
  other: '流程用语',
}

export const VERDICTS: Record<string, string> = { up: '有用', down: '没用' }
export const AUDIENCES: Record<string, string> = { resident: '居民', gridworker: '网格员', all: '所有人' }
export const STATES: Record<Shape<'CuratedState'>, string> = { draft: '草稿', published: '已发布', retired: '已停用' }
export const GAP_STATES: Record<Shape<'ClusterState'>, string> = {
  open: '待分派',
  assigned: '处理中',
  drafted: '已起草',
  answered: '已答复',
  closed: '已关闭',
  not_our_duty: '不归街道管',
}
export const GAP_REASONS: Record<string, string> = { no_passage: '没有找到依据', thumbs_down: '居民说没用' }
export const REFUSED: Record<string, string> = {
  unlike: '不够像',
  negative: '更像反例，不给',
  audience: '不是给这类人的',
  area: '不在适用范围',
  validity: '不在有效期',
  outdated: '引用的资料已变',
  outdone: '有更合适的',
}
export const STANDS: Record<Shape<'Stands'>, { words: string; good: boolean }> = {
  verbatim: { words: '原文一字不差', good: true },
  other_clause: { words: '原文在，换了条款', good: false },
  altered: { words: '该版本里没有这段话', good: false },
  missing: { words: '找不到这个版本', good: false },
}
export const OUTCOMES: Record<string, string> = { curated: '给固定答复', answered: '按资料回答', declined: '如实说没有找到' }

/** Characters that turn the direction of what follows, or that nobody sees: they are shown by their code instead. */
const UNSEEN = /[\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\u061C\uFEFF\u0000-\u0008\u000B-\u001F\u007F]/g

/** Stored text as it may be looked at: nothing in it can rearrange or hide what stands beside it. */
export const plain = (text: string | null | undefined): string =>
  (text ?? '').replace(UNSEEN, (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)

/** How a question went, in a word for the list. */
export const wayOf = (turn: Shape<'TurnLine'>): string =>
  turn.route && turn.route !== 'ask' ? ROUTES[turn.route] : ANSWERED[turn.answered]

/** Where it came in; a service without channels of its own has one. */
export const channelOf = (turn: Shape<'TurnLine'>): string => plain(channelTitle(turn.channel))

/** A share of one as people read it. */
export const share = (value: number | null | undefined): string => (value === null || value === undefined ? '—' : value.toFixed(2))

/** Lines of a text box. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
