// What tickets are narrowed by, in the address: a link shows the same, and "back" goes back.
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Shape } from '../../../staff/client'

const NAMES = ['q', 'status', 'urgency', 'community', 'grid', 'section', 'category', 'overdue'] as const
export type Narrowed = Record<(typeof NAMES)[number], string>

export function useNarrowed(): {
  narrowed: ComputedRef<Narrowed>
  narrow: (change: Partial<Narrowed>) => void
  one: (name: string) => string
  set: (change: Record<string, string>) => void
} {
  const route = useRoute()
  const router = useRouter()
  const one = (name: string) => {
    const value = route.query[name]
    return typeof value === 'string' ? value : ''
  }
  const set = (change: Record<string, string>) => {
    const query = { ...route.query, ...change }
    for (const [name, value] of Object.entries(query)) if (!value) delete query[name]
    void router.replace({ query })
  }
  return {
    narrowed: computed(() => Object.fromEntries(NAMES.map((name) => [name, one(name)])) as Narrowed),
    // Another question begins at its first page.
    narrow: (change) => set({ ...change, page: '' } as Record<string, string>),
    one,
    set,
  }
}

/** As the calls take it. */
export function asked({ q, urgency, community, grid, section, category, overdue }: Narrowed) {
  return {
    ...(q && { q }),
    ...(urgency && { urgency: urgency as Shape<'Urgency'> }),
    ...(community && { community }),
    ...(grid && { grid }),
    ...(section && { section }),
    ...(category && { category }),
    ...(overdue && { overdue: true }),
  }
}
