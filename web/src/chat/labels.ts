import type { Category, DraftCard, Place, TicketFields } from '../api/types'
import { stamp } from './times'

/** The editors that a row of the draft card can open. */
export type Editor = 'description' | 'place' | 'category' | 'occurred_at' | 'reporter' | 'people_affected' | 'answer' | 'attachments'

/** One row of the draft card. */
export interface DraftRow {
  field: string
  label: string
  /** Empty when nothing is known yet. */
  value: string
  missing: boolean
  editor: Editor
  /** The category's own question, for an answer. */
  question?: string
}

const LABELS: Record<string, string> = {
  kind: '诉求类型',
  description: '情况',
  original_words: '情况',
  title: '情况',
  place: '地点',
  category: '类别',
  occurred_at: '时间',
  reporter: '联系人',
  'reporter.phone': '电话',
  'reporter.name': '称呼',
  people_affected: '影响人数',
  attachments: '照片',
  urgency: '紧急程度',
}

/** The question of an `answers.…` field name, or undefined. */
export function questionOf(field: string): string | undefined {
  const found = /^answers?[.:/](.+)$/.exec(field)
  return found?.[1]
}

/** What a field is called in front of a resident. */
export function fieldLabel(field: string): string {
  const own = questionOf(field)
  if (own !== undefined) return own
  const known = LABELS[field] ?? LABELS[field.split('.')[0] ?? '']
  return known ?? field
}

/** Which editor corrects a field. */
export function editorOf(field: string): Editor {
  if (questionOf(field) !== undefined) return 'answer'
  const head = field.split('.')[0] ?? ''
  switch (head) {
    case 'place':
    case 'category':
    case 'occurred_at':
    case 'reporter':
    case 'people_affected':
    case 'attachments':
      return head
    default:
      return 'description'
  }
}

/** A place in one line: the resident's words, else what the directory found, and the grid it lies in. */
export function placeText(place: Place | string | null | undefined): string {
  if (!place) return ''
  if (typeof place === 'string') return place
  return place.text || [place.estate, place.building, place.unit, place.room].filter(Boolean).join('')
}

/** 「锦凤社区 · 第七网格」, or empty while no grid is known. */
export function gridText(place: Place | string | null | undefined): string {
  if (!place || typeof place === 'string') return ''
  // A community alone is the place itself.
  const community = place.community === place.text ? undefined : place.community
  return [community, place.grid].filter(Boolean).join(' · ')
}

export function categoryText(category: Category | null | undefined): string {
  if (!category) return ''
  return category.path && category.path.length > 0 ? category.path.slice(-2).join(' / ') : category.name
}

/** Mobile numbers are shown with their middle hidden: somebody may look over the shoulder. */
export function maskPhone(phone: string): string {
  return phone.replace(/^(1\d{2})\d{4}(\d{4})$/, '$1****$2')
}

function reporterText(draft: TicketFields): string {
  const reporter = draft.reporter
  if (!reporter) return ''
  const parts = [reporter.name, reporter.phone ? maskPhone(reporter.phone) : undefined].filter(Boolean)
  if (reporter.anonymous) parts.push('匿名')
  return parts.join(' · ')
}

/** The rows of the draft card: what always belongs to a ticket, then the category's own questions. */
export function draftRows(card: DraftCard, now: Date): DraftRow[] {
  const { draft, missing } = card
  const isMissing = (head: string) => missing.some((m) => m === head || m.startsWith(`${head}.`))
  const row = (field: string, value: string): DraftRow => ({
    field,
    label: fieldLabel(field),
    value,
    missing: isMissing(field),
    editor: editorOf(field),
  })
  const grid = gridText(draft.place)
  const place = placeText(draft.place)
  const people = draft.people_affected
  const rows: DraftRow[] = [
    row('description', draft.description ?? draft.title ?? ''),
    row('place', [place, grid ? `（${grid}）` : ''].join('')),
    row('category', categoryText(draft.category)),
    row('occurred_at', draft.occurred_at ? stamp(draft.occurred_at, now) : ''),
  ]
  const questions = new Set([
    ...Object.keys(draft.answers ?? {}),
    ...missing.flatMap((m) => questionOf(m) ?? []),
    ...(card.questions ?? []).map((q) => q.text),
  ])
  for (const question of questions) {
    const value = draft.answers?.[question] ?? ''
    const asked = missing.some((m) => questionOf(m) === question)
    rows.push({ field: `answers.${question}`, label: question, value, missing: asked, editor: 'answer', question })
  }
  rows.push({
    ...row('reporter.phone', reporterText(draft)),
    missing: isMissing('reporter') || isMissing('reporter.phone'),
  })
  rows.push(row('people_affected', people === null || people === undefined ? '' : `${people} 人`))
  return rows
}

/** Tickets whose closing a resident is asked about. */
export const asksForRating = (status: string | undefined): boolean => status === '已办结'

/** How a state is coloured. */
export function statusTone(status: string | undefined): 'plain' | 'good' | 'warn' {
  if (status === '已办结' || status === '已回访') return 'good'
  if (status === '退回待审' || status === '延期' || status === '重新办理' || status === '撤销') return 'warn'
  return 'plain'
}
