import { describe, expect, it } from 'vitest'
import { actionWords, detailWords, exportAddress } from '../src/admin/rooms/system/audit'
import { fieldOf, instantOf } from '../src/admin/rooms/system/people'

describe('a row of the log', () => {
  it('says in words what changed', () => {
    expect(detailWords({ name: 'a', before: { roles: ['curator'], grids: [] }, after: { roles: ['auditor'], grids: ['CH-JF-07'] } })).toBe(
      '名称：a；原来：（角色：知识编辑；网格：无）；现在：（角色：审计员；网格：CH-JF-07）',
    )
  })
  it('names who was away by name, not by id', () => {
    expect(detailWords({ from: '已受理', for: { account: '0-1', name: 'jinfeng' } })).toBe('从：已受理；代班，原岗：jinfeng')
  })
  it('says times and rights as people read them', () => {
    const known = new Map([['audit_read', '查看审计日志']])
    expect(detailWords({ expires_at: '2027-02-25T10:44:00Z', permissions: ['audit_read', 'new_right'] }, known)).toBe(
      '到期：2027年2月25日 18:44；权限：查看审计日志、new_right',
    )
  })
  it('shows what it does not know as it stands', () => {
    expect([actionWords('account.create'), actionWords('new.thing')]).toEqual(['新建账号', 'new.thing'])
    expect(detailWords('plain')).toBe('plain')
    expect(detailWords({ whatever: null })).toBe('whatever：无')
  })
})

describe('an export', () => {
  it('asks the server for what is looked for, and for nothing that is empty', () => {
    expect(exportAddress({})).toBe('/api/v1/admin/audit.csv')
    expect(exportAddress({ actor_name: '锦凤', action: '', from: '2026-03-01T01:05:00.000Z' })).toBe(
      `/api/v1/admin/audit.csv?actor_name=${encodeURIComponent('锦凤')}&from=2026-03-01T01%3A05%3A00.000Z`,
    )
  })
})

describe('a time that was typed', () => {
  it('is the street’s, wherever the reader is', () => {
    expect(instantOf('2026-03-01T09:05')).toBe('2026-03-01T01:05:00.000Z')
    expect(fieldOf(new Date('2026-03-01T01:05:59Z'))).toBe('2026-03-01T09:05')
  })
})
