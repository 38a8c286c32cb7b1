import { describe, expect, it } from 'vitest'
import type { DraftCard } from '../src/api/types'
import { askedNow, askedOf, several, spokenDay, toggled } from '../src/chat/answers'

const card = (question: DraftCard['question'], more: Partial<DraftCard> = {}): DraftCard => ({
  kind: 'draft',
  draft: {},
  missing: [],
  question,
  ...more,
})

describe('what can be tapped', () => {
  it('are the options of the question that is asked', () => {
    const asked = askedNow(
      card({
        field: 'answers.是什么车？',
        text: '是什么车？（可以选几个）1、轿车；2、面包车。',
        kind: 'multi',
        options: ['轿车', '面包车'],
      }),
    )
    expect(asked).toEqual({ text: '是什么车？', kind: 'multi', options: ['轿车', '面包车'] })
  })

  it('are the candidates of a place, one of which is sent', () => {
    const options = ['甲小区', '乙小区']
    const asked = (text: string) => askedNow(card({ field: 'place', text, options }))
    expect(asked('叫这个名字的有两处：1、甲小区；2、乙小区。是哪一处？')).toEqual({ text: '是哪一处？', kind: 'list', options })
    expect(asked('滨河路有两段：1、甲；2、乙。是哪个社区？')?.text).toBe('是哪个社区？')
    expect(asked('“某某苑”我没找到。名字没错的话，请选它在哪个社区，街道来核对。')?.text).toBe('请选一个')
  })

  it('is a day or a number even without options', () => {
    expect(askedNow(card({ field: 'answers.哪天？', text: '哪天？', kind: 'date', options: [] }))?.kind).toBe('date')
    expect(askedNow(card({ field: 'answers.几辆？', text: '几辆？', kind: 'number', options: [] }))?.kind).toBe('number')
  })

  it('is nothing for free words, and nothing once the matter goes elsewhere', () => {
    expect(askedNow(card({ field: 'description', text: '是什么事？', options: [] }))).toBeUndefined()
    expect(askedNow(card({ field: 'place', text: '', options: ['甲'] }, { stopped: { text: '请找园林所。' } }))).toBeUndefined()
    expect(askedNow(card(undefined))).toBeUndefined()
  })

  it("is known for a row of the category's own questions", () => {
    const q = { text: '几辆？', required: false, kind: 'number' as const, options: [] }
    expect(askedOf(card(null, { questions: [q] }), '几辆？')).toEqual(q)
    expect(askedOf(card(null), '几辆？')).toBeUndefined()
  })
})

describe('several answers', () => {
  it('are put on and off, and said in the order of the question', () => {
    const chosen = toggled(toggled(['电梯'], '水泵'), '风机')
    expect(several(['水泵', '电梯', '风机'], chosen)).toBe('水泵、电梯、风机')
    expect(toggled(chosen, '电梯')).toEqual(['水泵', '风机'])
  })

  it('do not stand beside 不清楚 or 都没有', () => {
    expect(toggled(['水泵', '电梯'], '不清楚')).toEqual(['不清楚'])
    expect(toggled(['都没有'], '电梯')).toEqual(['电梯'])
  })
})

it('a day is said as people say it', () => expect(spokenDay('2025-03-01')).toBe('2025年3月1日'))
