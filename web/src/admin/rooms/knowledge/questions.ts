import type { Shape } from '../../../staff/client'

export type Question = Shape<'SetQuestion'>
export type Expectation = 'documents' | 'decline' | 'route' | 'curated'

export const EXPECTATIONS: Record<Expectation, string> = {
  documents: '用资料回答',
  decline: '如实说没有',
  route: '走别的去向',
  curated: '用标准答案',
}
export const ROUTES: Record<string, string> = {
  ask: '问答',
  report: '反映问题',
  progress: '查进度',
  channel: '法定渠道',
  emergency: '紧急情况',
  smalltalk: '寒暄',
  human: '转人工',
  decline: '婉拒',
}

/** What should come of a question. Exactly one of these. */
export function expectationOf(q: Question): Expectation {
  if (q.route) return 'route'
  if (q.curated) return 'curated'
  return q.expect?.length ? 'documents' : 'decline'
}

/** The question with another expectation; what belonged to the one before is gone. */
export function expecting(q: Question, kind: Expectation, value = ''): Question {
  const { route: _, curated: __, expect: ___, ...rest } = q
  if (kind === 'route') return { ...rest, expect: [], route: value || 'ask' }
  if (kind === 'curated') return { ...rest, expect: [], curated: value }
  return { ...rest, expect: kind === 'documents' ? value.split(/[\s,，、]+/).filter(Boolean) : [] }
}

/** A number that no question has yet. */
export function freeId(questions: readonly Question[]): number {
  const numbers = questions.map((q) => Number(q.id as unknown)).filter((n) => Number.isInteger(n))
  return Math.max(0, ...numbers) + 1
}

/** The line that a fault of the server is about: `questions[12]` is the twelfth. */
export function faultLine(field: string): number | undefined {
  const found = /^questions\[(\d+)\]$/.exec(field)
  return found ? Number(found[1]) : undefined
}

/** A set's name as the server takes it. */
export const isSetName = (name: string): boolean => /^[a-z0-9-]{1,64}$/.test(name)
