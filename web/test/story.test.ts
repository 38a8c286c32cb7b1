import { describe, expect, it } from 'vitest'
import { canWithdraw, clockWords, meaning, storyOf, takesMore } from '../src/chat/story'

const now = new Date(2025, 2, 1, 12, 0)
const at = (hour: number, day = 1) => new Date(2025, 2, day, hour).toISOString()

describe('the story of a ticket', () => {
  const moves = [
    { at: at(9), to: '已提交', by: '居民', text: '已经登记。' },
    { at: at(11), to: '已办结', by: '平安建设岗', text: '处理完毕。', note: '电线拆了' },
  ]

  it('goes from the newest to the oldest, with what came in between', () => {
    const steps = storyOf(moves, [{ at: at(10), by: '居民', note: '又加了一根', attachments: ['a', 'b'], with_move: false }])
    expect(steps.map((s) => s.head)).toEqual(['已办结', '补充材料', '已提交'])
    expect(steps[1]).toMatchObject({ text: '您补充了 2 件材料', note: '又加了一根', attachments: ['a', 'b'] })
    expect(steps[0]?.note).toBe('电线拆了')
  })

  it('tells of words alone', () => {
    const steps = storyOf(moves, [{ at: at(10), by: '居民', note: '是厨余垃圾', attachments: [], with_move: false }])
    expect(steps[1]).toMatchObject({ head: '补充说明', text: '您补充了情况', note: '是厨余垃圾', attachments: [] })
  })

  it('shows what staff brought in the line of their move', () => {
    const steps = storyOf(moves, [{ at: at(11), by: '平安建设岗', attachments: ['c'], with_move: true }])
    expect(steps).toHaveLength(2)
    expect(steps[0]?.attachments).toEqual(['c'])
  })
})

describe('what a resident may still do', () => {
  it('depends on the state', () => {
    expect(['处置中', '已办结', '重新办理', '已回访', '合并', '撤销', undefined].map(takesMore)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
    expect(['已提交', '处置中', '退回待审', '已办结', '重新办理', '撤销', undefined].map(canWithdraw)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('the clock', () => {
  const clock = { accept_by: at(13), resolve_by: at(12, 2) }

  it('says until when', () => {
    expect(clockWords({ status: '已提交', clock }, now)).toEqual({ lines: ['受理：今天 13:00 前', '办结：明天 12:00 前'], overdue: false })
    expect(clockWords({ status: '处置中', clock }, now).lines).toEqual(['办结：明天 12:00 前'])
  })

  it('says plainly that it is over', () => {
    const words = clockWords({ status: '处置中', clock: { resolve_by: at(10) } }, now)
    expect(words).toEqual({ lines: ['办结：应在今天 10:00 前，已经超过时限'], overdue: true })
  })

  it('says that it is paused, since when and why', () => {
    const words = clockWords({ status: '处置中', clock: { ...clock, resolve_by: at(10), paused_since: at(9), why: '等下雨停' } }, now)
    expect(words).toEqual({ lines: ['办结：从 09:00 起暂停计时（等下雨停），恢复后接着办'], overdue: false })
  })

  it('says that it was put off', () => {
    expect(clockWords({ status: '延期', clock: { ...clock, extended: 1, why: '要等配件。' } }, now).lines).toContain(
      '已经延期，原因：要等配件',
    )
  })

  it('says nothing once all is done', () => {
    for (const status of ['已办结', '已回访', '合并', '撤销']) expect(clockWords({ status, clock }, now).lines).toEqual([])
  })
})

it('a state out of the ordinary is explained', () => {
  expect(meaning({ status: '合并', duplicate_of: 'WG1' })).toContain('WG1')
  expect(meaning({ status: '重新办理' })).toContain('重新办')
  expect(meaning({ status: '处置中' })).toBe('')
})
