import { describe, expect, it } from 'vitest'
import { parts } from '../src/worker/ask/procedure'
import { frameOf, gps } from '../src/worker/map/geo'
import { byDue, dueOf } from '../src/worker/tickets/due'
import { dueWords, reportWords, type Entry } from '../src/worker/visits/words'
import { png } from '../vite.worker'

describe('an answer for gridworkers', () => {
  const text =
    '先断险情。〔1〕\n\n立案条件：\n拉线充电的，立案。〔2〕\n\n步骤清单：\n1. 看有没有冒烟。\n2. 请当事人收线。〔3〕\n\n话术：\n“请您收一下。”〔4〕'
  it('is taken apart into its heads, steps and sources', () => {
    const found = parts(text)
    expect(found.map((p) => p.head)).toEqual(['', '立案条件', '步骤清单', '话术'])
    expect(found[2]?.steps).toEqual(['看有没有冒烟。', '请当事人收线。'])
    expect(found.map((p) => p.sources)).toEqual([[1], [2], [3], [4]])
    expect(found[0]?.lines).toEqual(['先断险情。'])
  })
  it('can be read while it is being written, and without any head', () => {
    expect(parts('先断险情')).toEqual([{ head: '', lines: ['先断险情'], steps: [], sources: [] }])
    expect(parts(`${text.slice(0, 30)}`).length).toBeGreaterThan(0)
    expect(parts('')).toEqual([])
  })
})

type Ticket = Parameters<typeof dueOf>[0]
const ticket = (status: string, accept: string, resolve: string, paused?: string) =>
  ({
    number: `${status}${resolve}`,
    status,
    clock: { accept_by: accept, resolve_by: resolve, basis: '', rule: '', paused_since: paused },
  }) as unknown as Ticket

describe('the clock of a ticket', () => {
  const now = new Date('2026-06-09T10:00:00Z')
  it('is the one of accepting first, then of resolving, and none after the end', () => {
    expect(dueOf(ticket('已提交', '2026-06-09T09:00:00Z', '2026-06-12T09:00:00Z'), now).words).toBe('受理超时1小时')
    expect(dueOf(ticket('处置中', '2026-06-09T09:00:00Z', '2026-06-09T12:30:00Z'), now).words).toBe('办结还有2小时30分钟')
    expect(dueOf(ticket('已办结', '2026-06-09T09:00:00Z', '2026-06-09T12:30:00Z'), now).words).toBe('等回访')
  })
  it('is never late while it stands still', () => {
    expect(dueOf(ticket('处置中', '2026-06-01T09:00:00Z', '2026-06-02T09:00:00Z', '2026-06-01T10:00:00Z'), now)).toMatchObject({
      late: false,
      paused: true,
    })
  })
  it('puts what is late first and what is closed last', () => {
    const list = [
      ticket('已办结', '', '2026-06-01T00:00:00Z'),
      ticket('处置中', '', '2026-06-10T00:00:00Z'),
      ticket('处置中', '', '2026-06-08T00:00:00Z'),
    ]
    expect(list.sort(byDue(now)).map((t) => t.status + dueOf(t, now).late)).toEqual(['处置中true', '处置中false', '已办结false'])
  })
})

describe('places', () => {
  it('of maps published in China are brought back to what GPS says', () => {
    const back = gps({ lat: 29.472105, lng: 106.497687, system: 'gcj02' })
    // Some hundred metres, never a kilometre.
    expect(Math.abs(back.lat - 29.472105)).toBeGreaterThan(0.001)
    expect(Math.abs(back.lat - 29.472105)).toBeLessThan(0.006)
    expect(Math.abs(back.lng - 106.497687)).toBeLessThan(0.006)
    expect(gps({ lat: 29.5, lng: 106.5, system: 'wgs84' })).toEqual({ lat: 29.5, lng: 106.5 })
  })
  it('are drawn with north above and everything inside', () => {
    const all = [
      { lat: 29.47, lng: 106.49 },
      { lat: 29.48, lng: 106.5 },
    ]
    const frame = frameOf(all, 360, 24)
    expect(frame.y(all[1] as (typeof all)[0])).toBeLessThan(frame.y(all[0] as (typeof all)[0]))
    for (const p of all) {
      expect(frame.x(p)).toBeGreaterThanOrEqual(24 - 1e-6)
      expect(frame.x(p)).toBeLessThanOrEqual(336 + 1e-6)
      expect(frame.y(p)).toBeLessThanOrEqual(frame.height - 24 + 1)
    }
  })
})

describe('a visit', () => {
  const entry = (place: string, days_left = 0) => ({ place, days_left }) as Entry
  it('says when it is due', () => {
    expect([-2, 0, 1, 9].map((d) => dueWords(entry('', d)))).toEqual(['逾期2天', '今天', '明天', '9天后'])
  })
  it('hands a hazard on without the door of the household', () => {
    expect(reportWords(entry('铂金云鼎小区3栋1单元5-2'), '楼道灯不亮')).toBe('铂金云鼎小区3栋楼道灯不亮')
    expect(reportWords(entry('铂金云鼎小区1栋出入平台上方'), '瓷砖松了')).toBe('铂金云鼎小区1栋出入平台上方瓷砖松了')
  })
})

it('the icon is a picture that browsers read', () => {
  const made = png(48, false)
  expect([...made.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
  expect(made.readUInt32BE(16)).toBe(48)
})
