import { describe, expect, it } from 'vitest'
import { change, usualSpans } from '../src/admin/rooms/insight/reckon'

describe('days to choose from', () => {
  const of = (now: string) => Object.fromEntries(usualSpans(new Date(now)).map((s) => [s.title, [s.from, s.until]]))
  it("are the street's, wherever the reader is", () => {
    expect(of('2026-06-09T15:59:00Z')['今天']).toEqual(['2026-06-09', '2026-06-09'])
    expect(of('2026-06-09T16:00:00Z')['今天']).toEqual(['2026-06-10', '2026-06-10'])
    expect(of('2026-06-09T02:00:00Z')['近7天']).toEqual(['2026-06-03', '2026-06-09'])
    expect(of('2026-06-09T02:00:00Z')['近30天']).toEqual(['2026-05-11', '2026-06-09'])
  })
  it('know the length of months and the turn of a year', () => {
    expect(of('2026-03-05T02:00:00Z')['上月']).toEqual(['2026-02-01', '2026-02-28'])
    expect(of('2024-03-05T02:00:00Z')['上月']).toEqual(['2024-02-01', '2024-02-29'])
    expect(of('2026-01-01T02:00:00Z')['上月']).toEqual(['2025-12-01', '2025-12-31'])
    expect(of('2026-01-01T02:00:00Z')['本月']).toEqual(['2026-01-01', '2026-01-01'])
  })
})

describe('how a figure changed', () => {
  it('is points of a rate and pieces of a count', () => {
    expect(change({ part: 9, whole: 10 }, { part: 8, whole: 10 })).toEqual({ words: '+10个百分点', more: 1 })
    expect(change({ part: 1, whole: 3 }, { part: 1, whole: 2 })).toEqual({ words: '−16.7个百分点', more: -1 })
    expect(change({ part: 5 }, { part: 4 })).toEqual({ words: '+1（+25%）', more: 1 })
    expect(change({ part: 0 }, { part: 4 })).toEqual({ words: '−4（−100%）', more: -1 })
    expect(change({ part: 3 }, { part: 0 })).toEqual({ words: '+3', more: 1 })
    expect(change({ part: 3 }, { part: 3 })).toEqual({ words: '持平', more: 0 })
  })
  it('is nothing where there is nothing to compare', () => {
    expect(change({ part: 0, whole: 0 }, { part: 1, whole: 2 })).toBeUndefined()
    expect(change({ part: 1, whole: 2 }, { part: 0, whole: 0 })).toBeUndefined()
    expect(change({ part: 0 }, { part: 0 })).toBeUndefined()
  })
})
