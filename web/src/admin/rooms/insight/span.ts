// Which days and what of them: it stands in the address, so every figure, list and file of a page speaks of the same.
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw, type RouteLocationRaw } from 'vue-router'
import { api } from '../../../staff/client'
import { attempt } from '../../parts/ask'

/** What an export comes as. */
export type As = 'xlsx' | 'csv'

/** As the server takes them; what is absent is everything, or the usual thirty days. */
export interface Asked {
  from?: string
  until?: string
  channel?: string
  audience?: string
  community?: string
  grid?: string
}
const NAMES = ['from', 'until', 'channel', 'audience', 'community', 'grid'] as const

export function useAsked(): {
  asked: ComputedRef<Asked>
  show: (change: Asked) => void
  rows: (more: LocationQueryRaw) => RouteLocationRaw
} {
  const route = useRoute()
  const router = useRouter()
  const asked = computed<Asked>(() =>
    Object.fromEntries(
      NAMES.flatMap((name) => (typeof route.query[name] === 'string' && route.query[name] ? [[name, route.query[name]]] : [])),
    ),
  )
  return {
    asked,
    show(change) {
      const query = { ...route.query, ...change }
      void router.replace({ query: Object.fromEntries(Object.entries(query).filter(([, value]) => value)) })
    },
    /** The list behind a number of this page. */
    rows: (more) => ({ name: 'insight-rows', query: { ...asked.value, ...more } }),
  }
}

/** Takes a file from the server; a refusal is told, a file is saved under the server's name. */
const download = (call: () => Promise<{ data?: Blob; response: Response }>): Promise<boolean | undefined> =>
  attempt(async () => {
    const { data, response } = await call()
    const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'figures'
    const link = document.createElement('a')
    link.href = URL.createObjectURL(data ?? new Blob())
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    return true
  }, '已导出')

/** The workbook or the rows of one table of the page's days; `saving` says which is under way. */
export function useExport(
  asked: ComputedRef<Asked>,
  table: 'figures' | 'stars',
): { saving: Ref<As | ''>; save: (format: As) => Promise<void> } {
  const saving = ref<As | ''>('')
  return {
    saving,
    async save(format) {
      if (saving.value) return
      saving.value = format
      await download(
        () =>
          api.GET('/api/v1/admin/insight/export', { params: { query: { ...asked.value, table, format } }, parseAs: 'blob' }) as Promise<{
            data?: Blob
            response: Response
          }>,
      )
      saving.value = ''
    },
  }
}
