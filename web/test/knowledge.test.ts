// The curator's documents without a browser: differences beside each other, unsaved text, where a document stands, what a question expects.
import { describe, expect, it } from 'vitest'
import { sideBySide, type Line } from '../src/admin/rooms/knowledge/differences'
import { expectationOf, expecting, faultLine, freeId, isSetName, type Question } from '../src/admin/rooms/knowledge/questions'
import { UnsavedStore } from '../src/admin/rooms/knowledge/unsaved'
import { unfit } from '../src/admin/rooms/knowledge/upload'
import { idFrom, items, lines, standing, type DocumentView, type VersionView } from '../src/admin/rooms/knowledge/words'

const line = (mark: Line['mark'], old: number | null, now: number | null, ...spans: [Line['mark'], string][]): Line => ({
  mark,
  old,
  new: now,
  spans: (spans.length ? spans : [[mark, '字'] as [Line['mark'], string]]).map(([m, text]) => ({ mark: m, text })),
})

describe('differences', () => {
  it('puts a changed line beside what it was, and leaves a gap where lines are not shown', () => {
    const rows = sideBySide([
      line('same', 4, 4),
      line('gone', 5, null, ['same', '每月'], ['gone', '321']),
      line('new', null, 5, ['same', '每月'], ['new', '400']),
      line('same', 6, 6),
    ])
    expect(rows.map((r) => (r.gap ? '…' : [r.left?.old ?? 0, r.right?.new ?? 0]))).toEqual(['…', [4, 4], [5, 5], [6, 6]])
  })
  it('does not take a line that went for the one that was changed after it', () => {
    const rows = sideBySide([
      line('gone', 1, null),
      line('gone', 2, null, ['same', '甲'], ['gone', '乙']),
      line('new', null, 1, ['same', '甲'], ['new', '丙']),
      line('new', null, 2),
    ])
    expect(rows.map((r) => [r.left?.old ?? 0, r.right?.new ?? 0])).toEqual([
      [1, 0],
      [2, 1],
      [0, 2],
    ])
  })
  it('has a row for each line when one side has more', () => {
    const rows = sideBySide([line('gone', 1, null), line('new', null, 1), line('new', null, 2)])
    expect(rows.map((r) => [r.left?.old ?? 0, r.right?.new ?? 0])).toEqual([
      [1, 1],
      [0, 2],
    ])
  })
})

class Shelf {
  private readonly kept = new Map<string, string>()
  full = false
  get length(): number {
    return this.kept.size
  }
  key = (at: number) => [...this.kept.keys()][at] ?? null
  getItem = (key: string) => this.kept.get(key) ?? null
  removeItem = (key: string) => void this.kept.delete(key)
  setItem(key: string, value: string): void {
    if (this.full) throw new Error('quota')
    this.kept.set(key, value)
  }
}

describe('unsaved text', () => {
  it('comes back to the same account and document only, with the revision it was begun from', () => {
    const shelf = new Shelf()
    const mine = new UnsavedStore<string>('a', 'document', shelf)
    expect(mine.keep('低保', 3, '写了一半')).toBe(true)
    expect(mine.read('低保')).toMatchObject({ revision: 3, content: '写了一半' })
    expect(mine.read('高龄')).toBeUndefined()
    expect(new UnsavedStore<string>('b', 'document', shelf).read('低保')).toBeUndefined()
    mine.drop('低保')
    expect(mine.read('低保')).toBeUndefined()
  })
  it('says when nothing can be kept, and forgets what is old or damaged', () => {
    const shelf = new Shelf()
    const mine = new UnsavedStore<string>('a', 'document', shelf)
    mine.keep('旧', 1, '旧的', new Date('2026-01-01'))
    shelf.setItem('gridworker.unsaved.a.document.坏', '{')
    shelf.setItem('another', 'stays')
    expect(mine.read('旧', new Date('2026-02-01'))).toBeUndefined()
    expect([shelf.length, shelf.getItem('another')]).toEqual([1, 'stays'])
    shelf.full = true
    expect(mine.keep('新', 1, '新的')).toBe(false)
    expect(new UnsavedStore<string>('a', 'document', undefined).keep('新', 1, '新的')).toBe(false)
  })
})

describe('where a document stands', () => {
  const hands = { authors: [], submitted_by: '知识编辑', reviewed_by: null, based_on: 0, rolls_back_to: null, note: '' }
  const version = (number: number, from?: string, until?: string): VersionView => ({
    version: number,
    state: 'published',
    title: '',
    stored_at: '2026-01-01T00:00:00Z',
    content_hash: '',
    answers_from: from ?? null,
    answers_until: until ?? null,
    hands,
  })
  const doc = (change: Partial<DocumentView>): DocumentView => ({
    id: 'x',
    answering: null,
    waiting: null,
    draft: null,
    versions: [],
    retired: null,
    ...change,
  })
  it('says it in a sentence', () => {
    expect(standing(doc({})).state).toBe('draft')
    expect(standing(doc({ waiting: 1, versions: [{ ...version(1), state: 'in_review' }] })).state).toBe('in_review')
    expect(standing(doc({ answering: 2, versions: [version(1), version(2, '2026-01-01', '2026-12-31')] })).words).toBe(
      '第2版正在答复，到2026年12月31日为止。',
    )
    expect(standing(doc({ versions: [version(1, '2020-01-01', '2021-01-01')] }))).toEqual({
      state: 'expired',
      words: '第1版已于2021年1月1日失效，现在不作答。请修订后重新发布，或者下架。',
    })
    expect(standing(doc({ versions: [version(1, '2999-01-01')] })).state).toBe('scheduled')
    expect(
      standing(
        doc({ answering: 1, versions: [version(1, '2020-01-01')], retired: { reason: '政策停止', successor: null, ended_on: null } }),
      ).words,
    ).toContain('任何日期都不再作答')
  })
  it('makes an id of a title and items of a line', () => {
    expect(idFrom('高龄津贴，怎么领？（2026年）')).toBe('高龄津贴怎么领2026年')
    expect(items('低保，最低生活保障 、低保;五保')).toEqual(['低保', '最低生活保障', '五保'])
    expect(lines(' 问一，问二\n\n问三 \n问三')).toEqual(['问一，问二', '问三'])
  })
})

describe('questions', () => {
  const q: Question = { id: 7 as unknown as Question['id'], question: '怎么领', expect: ['a'], use: 'test' }
  it('expect exactly one thing', () => {
    expect(expectationOf(q)).toBe('documents')
    const routed = expecting(q, 'route', 'human')
    expect([expectationOf(routed), routed.expect, routed.use]).toEqual(['route', [], 'test'])
    const declined = expecting(routed, 'decline')
    expect([expectationOf(declined), 'route' in declined]).toEqual(['decline', false])
    expect(expecting(declined, 'documents', 'a、b c').expect).toEqual(['a', 'b', 'c'])
  })
  it('have a free number, a line for a fault, and a set with a name', () => {
    expect(freeId([q, { ...q, id: 'x' as unknown as Question['id'] }])).toBe(8)
    expect([faultLine('questions[12]'), faultLine('id')]).toEqual([12, undefined])
    expect([isSetName('housing-2026'), isSetName('住房')]).toEqual([true, false])
  })
})

it('tells before sending which files cannot be read', () => {
  expect(unfit({ name: '通知.DOCX', size: 10 })).toBeUndefined()
  expect(unfit({ name: '旧通知.doc', size: 10 })).toContain('另存为 docx')
  expect(unfit({ name: '程序.exe', size: 10 })).toContain('读不了')
  expect(unfit({ name: '空.txt', size: 0 })).toBe('文件是空的')
})
