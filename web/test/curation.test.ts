import { describe, expect, it } from 'vitest'
import type { Shape } from '../src/staff/client'
import { csvOf } from '../src/admin/parts/export'
import { linesOf, plain, share, wayOf } from '../src/admin/rooms/curation/words'

describe('stored text at the desk', () => {
  it('shows what turns the direction or hides by its code', () => {
    expect(plain('\u202Egnp.exe')).toBe('[U+202E]gnp.exe')
    expect(plain('a\u200Bb\u2066c\u0007')).toBe('a[U+200B]b[U+2066]c[U+0007]')
  })
  it('leaves everything else alone', () => {
    expect(plain('第一行\n第二行\t<script>〔1〕👍🏽 é')).toBe('第一行\n第二行\t<script>〔1〕👍🏽 é')
    expect(plain(null)).toBe('')
  })
  it('is no formula in a file', () => {
    expect(csvOf([{ key: 'q', title: '问题', text: (t: string) => plain(t) }], ['=1+1', '\u202E@x'])).toContain("'=1+1")
  })
})

describe('words of the room', () => {
  it('reads lines', () => expect(linesOf(' 一 \n\n二\n')).toEqual(['一', '二']))
  it('says how a question went', () => {
    const turn = (route: Shape<'TurnRoute'>, answered: Shape<'Answered'>) => wayOf({ route, answered } as Shape<'TurnLine'>)
    expect(turn('ask', 'unanswered')).toBe('没有答案')
    expect(turn('decline', 'other')).toBe('拒答')
  })
  it('shows a missing score as a dash', () => expect([share(undefined), share(0.456)]).toEqual(['—', '0.46']))
})
