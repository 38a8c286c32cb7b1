import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, got, type Shape } from '../../../staff/client'

export type Account = Shape<'AccountView'>
export type Role = Shape<'Role'>
export type Scope = Shape<'Scope'>

// One key for each resource: what one page changes the others see.
export const useAccounts = () =>
  useQuery({ queryKey: ['accounts'], queryFn: async () => (await got(api.GET('/api/v1/admin/accounts'))).accounts })
export const useRoles = () =>
  useQuery({ queryKey: ['roles'], queryFn: async () => (await got(api.GET('/api/v1/admin/roles'))).roles, staleTime: Infinity })
/** The names of all rights. */
export function useRights() {
  const roles = useRoles()
  return computed(() => new Map<string, string>((roles.data.value ?? []).flatMap((r) => r.permissions).map((p) => [p.permission, p.title])))
}
export const usePosts = () => useQuery({ queryKey: ['posts'], queryFn: async () => (await got(api.GET('/api/v1/admin/posts'))).posts })
export const useLeaves = () => useQuery({ queryKey: ['leaves'], queryFn: async () => (await got(api.GET('/api/v1/admin/leaves'))).leaves })
export const useDirectory = () =>
  useQuery({ queryKey: ['directory'], queryFn: () => got(api.GET('/api/v1/admin/directory')), staleTime: 60_000 })
export const usePeople = () => useQuery({ queryKey: ['people'], queryFn: async () => (await got(api.GET('/api/v1/admin/people'))).people })
export const useKeys = () => useQuery({ queryKey: ['keys'], queryFn: async () => (await got(api.GET('/api/v1/admin/keys'))).keys })

export const scopeWords = (scope: Scope) => [...(scope.communities ?? []), ...(scope.grids ?? [])].join('、') || '全街道'

/** `name（title）`, for lists to choose from. */
export const called = (account: { name: string; title: string }) => (account.title ? `${account.name}（${account.title}）` : account.name)

export const LEAVE_STATES: Record<Shape<'LeaveState'>, string> = { planned: '未开始', on: '代班中', over: '已结束', cancelled: '已取消' }

/** What somebody wrote into a date-and-time field is the street's time, wherever the reader's clock is. */
export const instantOf = (field: string): string => new Date(`${field}:00+08:00`).toISOString()
/** `2026-03-01T09:05` for a field. */
export const fieldOf = (at: Date): string => at.toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' }).replace(' ', 'T').slice(0, 16)
