import type { DraftCard, QuestionKind } from '../api/types'
import { questionOf } from './labels'
import { date } from './times'

/** What can be tapped in answer to a question. */
export interface Asked {
  text: string
  kind: QuestionKind
  options: string[]
}

/** Options that say that none of the others holds. */
const ALONE = /^(?:不清楚|不知道|说不准|记不清|没注意|都没有|没有|都不|以上都)/

/** The chosen ones after a tap; whoever cannot tell, or says none, chooses nothing else. */
export function toggled(chosen: string[], option: string): string[] {
  if (chosen.includes(option)) return chosen.filter((o) => o !== option)
  return ALONE.test(option) ? [option] : [...chosen.filter((o) => !ALONE.test(o)), option]
}

/** Several options in one answer, in the order in which they were asked. */
export const several = (options: string[], chosen: string[]): string => options.filter((o) => chosen.includes(o)).join('、')

/** A day out of a date field, as one would say it. */
export const spokenDay = (value: string): string => date(value)

/** The end of a long question about a place, which stands over its choices. */
const whichOf = (text: string): string => /是哪[^，。：？]{1,4}？$/.exec(text)?.[0] ?? '请选一个'

/** The question that the card asks now, when there is something to tap; its text stands in the talk already. */
export function askedNow(card: DraftCard): Asked | undefined {
  const question = card.question
  if (!question || card.stopped) return undefined
  const kind = question.kind ?? 'list'
  if (question.options.length === 0 && kind !== 'date' && kind !== 'number') return undefined
  const own = questionOf(question.field)
  return { text: own ?? (question.field === 'place' ? whichOf(question.text) : question.text), kind, options: question.options }
}

/** A category's own question, for whoever fills its row in. */
export function askedOf(card: DraftCard | null, text: string | undefined): Asked | undefined {
  return card?.questions?.find((q) => q.text === text)
}
