import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, got } from '../../../staff/client'

/** One document: everything about it hangs below this key, so that a move makes all of it fresh. */
export const documentKey = (id: string) => ['documents', 'one', id] as const

const path = (id: string) => ({ path: { id } })

export function useDocument(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: documentKey(toValue(id)),
    queryFn: () => got(api.GET('/api/v1/admin/documents/{id}', { params: path(toValue(id)) })),
  })
}
export function useHistory(id: string) {
  return useQuery({
    queryKey: [...documentKey(id), 'history'],
    queryFn: async () => (await got(api.GET('/api/v1/admin/documents/{id}/history', { params: path(id) }))).events,
  })
}
export function useFindings(id: string, enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: [...documentKey(id), 'findings'],
    queryFn: () => got(api.GET('/api/v1/admin/documents/{id}/findings', { params: path(id) })),
    enabled: () => toValue(enabled),
  })
}
export function useVersion(id: string, version: MaybeRefOrGetter<number | null | undefined>) {
  return useQuery({
    queryKey: [...documentKey(id), 'version', computed(() => toValue(version))],
    queryFn: () =>
      got(api.GET('/api/v1/admin/documents/{id}/versions/{version}', { params: { path: { id, version: toValue(version) ?? 0 } } })),
    enabled: () => Boolean(toValue(version)),
  })
}
export function useDifference(id: string, from: MaybeRefOrGetter<string | undefined>, to: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: [...documentKey(id), 'diff', computed(() => toValue(from)), computed(() => toValue(to))],
    queryFn: () =>
      got(
        api.GET('/api/v1/admin/documents/{id}/diff', {
          params: { path: { id }, query: { from: toValue(from) ?? '', to: toValue(to) ?? '' } },
        }),
      ),
    enabled: () => Boolean(toValue(from) && toValue(to) && toValue(from) !== toValue(to)),
  })
}
/** What there is to choose from, over all documents. */
export function useFacets() {
  return useQuery({
    queryKey: ['documents', 'facets'],
    queryFn: async () => (await got(api.GET('/api/v1/admin/documents', { params: { query: { limit: 1, facets: true } } }))).facets,
  })
}

/** Makes fresh what a move has changed: the document, the lists, the figures beside them. */
export function useFresh() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['documents'] })
}
