import { describe, expect, it } from 'vitest'
import type { DraftCard } from '../src/api/types'
import { draftRows, editorOf, fieldLabel, maskPhone, placeText } from '../src/chat/labels'
import { date, deadline, fromLocalInput, localInput, needsStamp, stamp } from '../src/chat/times'

const now = new Date(2025, 2, 1, 12, 0)

describe('field names', () => {
  it.each([
    ['description', '情况'],
    ['place', '地点'],
    ['place.grid', '地点'],
    ['category', '类别'],
    ['category.code', '类别'],
    ['occurred_at', '时间'],
    ['reporter.phone', '电话'],
    ['people_affected', '影响人数'],
    ['answers.有没有人受伤', '有没有人受伤'],
  ])('%s is called %s', (field, label) => expect(fieldLabel(field)).toBe(label))

  it('lead to the editor that mends them', () => {
    expect(editorOf('place.grid')).toBe('place')
    expect(editorOf('answers.有没有人受伤')).toBe('answer')
    expect(editorOf('reporter.phone')).toBe('reporter')
    expect(editorOf('title')).toBe('description')
  })
})

describe('draft rows', () => {
  const card: DraftCard = {
    kind: 'draft',
    draft: {
      description: '有人飞线充电',
      place: { text: '铂金云鼎小区3栋', community: '锦凤社区', grid: '第七网格' },
      answers: { 现在还在充电吗: '在' },
      reporter: { phone: '13800000000', anonymous: true },
    },
    missing: ['category', 'answers.几辆车'],
    complete: false,
  }
  const rows = draftRows(card, now)
  const row = (label: string) => rows.find((r) => r.label === label)

  it('show what is known and mark what is missing', () => {
    expect(row('地点')?.value).toBe('铂金云鼎小区3栋（锦凤社区 · 第七网格）')
    expect(row('类别')).toMatchObject({ value: '', missing: true })
    expect(row('时间')).toMatchObject({ value: '', missing: false })
    expect(row('电话')?.value).toBe('138****0000 · 匿名')
  })

  it("hold the category's questions, answered or not", () => {
    expect(row('现在还在充电吗')).toMatchObject({ value: '在', missing: false, editor: 'answer' })
    expect(row('几辆车')).toMatchObject({ value: '', missing: true, question: '几辆车' })
  })

  it('offer the questions that may stay open', () => {
    const questions = [{ text: '是哪种车', required: false, kind: 'list' as const, options: ['电动车', '三轮车'] }]
    expect(draftRows({ ...card, questions }, now).find((r) => r.label === '是哪种车')).toMatchObject({ value: '', missing: false })
  })

  it('mark the place when only its grid is missing', () => {
    expect(draftRows({ ...card, missing: ['place.grid'] }, now).find((r) => r.label === '地点')?.missing).toBe(true)
  })
})

it('a place without words is put together from its parts', () => {
  expect(placeText({ estate: '古渡春色小区', building: '7栋', unit: '2单元' })).toBe('古渡春色小区7栋2单元')
})

it('phones are shown with their middle hidden', () => {
  expect(maskPhone('13800000000')).toBe('138****0000')
  expect(maskPhone('02368888888')).toBe('02368888888')
})

describe('times', () => {
  it('are short when they are near', () => {
    expect(stamp(new Date(2025, 2, 1, 9, 5), now)).toBe('09:05')
    expect(stamp(new Date(2025, 1, 28, 9, 5), now)).toBe('昨天 09:05')
    expect(stamp(new Date(2024, 1, 28, 9, 5), now)).toBe('2024年2月28日 09:05')
    expect(deadline(new Date(2025, 2, 1, 12, 5).toISOString(), now)).toBe('今天 12:05 前')
    expect(deadline(new Date(2025, 2, 2, 12, 5).toISOString(), now)).toBe('明天 12:05 前')
    expect(deadline(undefined, now)).toBe('')
  })

  it('stand between messages after five minutes of silence', () => {
    expect(needsStamp(undefined, now.toISOString())).toBe(true)
    expect(needsStamp(now.toISOString(), new Date(2025, 2, 1, 12, 4).toISOString())).toBe(false)
    expect(needsStamp(now.toISOString(), new Date(2025, 2, 1, 12, 6).toISOString())).toBe(true)
  })

  it('go through the date field and back as the same instant', () => {
    const at = new Date(2025, 2, 1, 9, 5)
    const back = fromLocalInput(localInput(at.toISOString()))
    expect(new Date(back ?? '').getTime()).toBe(at.getTime())
    expect(back).toMatch(/[+-]\d\d:\d\d$/)
    expect(fromLocalInput('')).toBeNull()
  })

  it('dates are spelt out', () => expect(date('2024-01-01')).toBe('2024年1月1日'))
})
