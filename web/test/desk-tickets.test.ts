import { describe, expect, test } from 'vitest'
import { parseCsv, textOf, writeCsv } from '../src/admin/rooms/street/csv'
import { leaves, merged, patchOf } from '../src/admin/rooms/tickets/outbox'
import { clockWords, due, offered, order, pressure, type StaffTicket } from '../src/admin/rooms/tickets/tickets'

const NOON = Date.parse('2026-03-02T12:00:00+08:00')
const ticket = (status: StaffTicket['status'], minutes: number, paused = false): Pick<StaffTicket, 'status' | 'clock'> => {
  const at = new Date(NOON + minutes * 60_000).toISOString()
  return { status, clock: { accept_by: at, resolve_by: at, basis: '', ...(paused && { paused_since: at }) } }
}

describe('the clock that counts', () => {
  test('is the acceptance before it, the result after it, and none when nothing is awaited', () => {
    expect(due(ticket('已送达平台', 5))?.what).toBe('受理')
    expect(due(ticket('处置中', 5))?.what).toBe('办结')
    for (const status of ['已办结', '已回访', '合并', '撤销'] as const) expect(due(ticket(status, -5))).toBeUndefined()
  })
  test('says hours in words and the last hour by the second', () => {
    expect(clockWords(ticket('处置中', 26 * 60), NOON)).toBe('办结还剩 1天2小时')
    expect(clockWords(ticket('已提交', 4.5), NOON)).toBe('受理还剩 4:30')
    expect(clockWords(ticket('已提交', 4.5), NOON + 1000)).toBe('受理还剩 4:29')
    expect(clockWords(ticket('处置中', -180), NOON)).toBe('办结超时 3小时')
  })
  test('is late, soon or calm; one that stands still presses nobody, however old', () => {
    expect(pressure(ticket('处置中', -1), NOON)).toBe('late')
    expect(pressure(ticket('处置中', 30), NOON)).toBe('soon')
    expect(pressure(ticket('已提交', 4), NOON)).toBe('calm')
    expect(pressure(ticket('处置中', -9999, true), NOON)).toBe('still')
    expect(clockWords(ticket('处置中', -9999, true), NOON)).toBe('计时已暂停')
  })
})

test('only the moves made by hand are offered, and handing out only to who may', () => {
  const legal = ['已交办', '处置中', '已办结', '退回待审', '延期', '合并', '撤销'] as const
  expect(offered(legal, true)).toEqual(['已交办', '处置中', '已办结'])
  expect(offered(legal, false)).toEqual(['处置中', '已办结'])
})

test('next and previous follow the order of the last list', () => {
  order.keep(['A', 'B', 'C'])
  expect([order.beside('B', 1), order.beside('B', -1), order.beside('C', 1), order.beside('X', 1)]).toEqual([
    'C',
    'A',
    undefined,
    undefined,
  ])
  expect(order.place('B')).toBe('第 2 / 3 张')
})

describe('a dead letter that is put right', () => {
  const body = { number: 'WG1', title: '路灯', place: { lat: 29.5, room: null, grid: { code: 'A' } }, tags: ['x'], urgent: false }
  test('shows its single values and gives a merge patch of what was changed only', () => {
    const known = leaves(body)
    expect(known.map((l) => l.path.join('.'))).toEqual(['number', 'title', 'place.lat', 'place.room', 'place.grid.code', 'urgent'])
    expect(patchOf(known, { title: '路灯', 'place.room': '' })).toEqual({})
    expect(patchOf(known, { title: '灯', 'place.lat': '30', 'place.grid.code': 'B', urgent: 'true' })).toEqual({
      title: '灯',
      place: { lat: 30, grid: { code: 'B' } },
      urgent: true,
    })
    expect(patchOf(known, { title: '' })).toEqual({ title: null })
    expect(patchOf(known, { 'place.lat': '三十' })).toEqual({ place: { lat: '三十' } })
  })
  test('keeps what was put right before', () => {
    expect(merged({ title: '灯', place: { lat: 1, code: 'B' } }, { place: { code: null } })).toEqual({
      title: '灯',
      place: { lat: 1, code: null },
    })
  })
})

describe('a table of the street', () => {
  const text = 'a,b,c\n1,"x,y","he said ""hi"""\n2,"two\nlines",\n\n3, z ,end\n'
  test('is read with the line that each row begins on', () => {
    const { columns, rows } = parseCsv(`\uFEFF${text.replaceAll('\n', '\r\n')}`)
    expect(columns).toEqual(['a', 'b', 'c'])
    expect(rows.map((r) => [r.line, ...r.cells])).toEqual([
      [2, '1', 'x,y', 'he said "hi"'],
      [3, '2', 'two\nlines', ''],
      [6, '3', ' z ', 'end'],
    ])
  })
  test('is written so that it reads the same, whatever stands in it', () => {
    let seed = 7
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    const cell = () => Array.from({ length: random(6) }, () => ['"', ',', '\n', ' ', '路', 'a', '|'][random(7)]).join('')
    for (let round = 0; round < 200; round++) {
      const columns = ['k', 'b', 'c']
      const rows = Array.from({ length: random(5) }, (_, at) => ({ cells: [`k${at}`, cell(), cell()] }))
      const read = parseCsv(writeCsv(columns, rows))
      expect(read.columns).toEqual(columns)
      expect(read.rows.map((r) => r.cells)).toEqual(rows.map((r) => r.cells))
    }
  })
  test('is taken as UTF-8 or GB18030; a workbook is refused with what to do', () => {
    expect(textOf(new TextEncoder().encode('编号,名称'))).toBe('编号,名称')
    expect(textOf(new Uint8Array([0xb1, 0xe0, 0xba, 0xc5]))).toBe('编号')
    expect(() => textOf(new Uint8Array([0x50, 0x4b, 3, 4]))).toThrow('另存为')
  })
})
