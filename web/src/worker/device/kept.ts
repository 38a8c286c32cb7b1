import { hashKey, QueryClient } from '@tanstack/vue-query'
import { Problem } from '../../api/problem'
import { session, type Me } from '../../staff/session'
import { all, clear, get, put, remove } from './db'

interface Kept {
  id: string
  account: string
  key: readonly unknown[]
  data: unknown
  at: number
}
/** Lists older than this are not shown any more (ms): tickets of last week mislead. */
const OLD_MS = 7 * 24 * 3_600_000

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What was read stays readable without a network, for as long as the page lives.
      gcTime: Infinity,
      networkMode: 'offlineFirst',
      retry: (times, error) => times < 1 && (!(error instanceof Problem) || error.transient),
    },
  },
})

const account = (): string => session.state.me?.account.id ?? ''

// What is marked `keep` is written down each time it comes, with its moment.
queries.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated' || event.action.type !== 'success' || !event.query.meta?.['keep'] || event.action.manual || !account())
    return
  const { queryKey: key, state } = event.query
  const kept: Kept = { id: `list:${account()}:${hashKey(key)}`, account: account(), key, data: state.data, at: state.dataUpdatedAt }
  // A full or forbidden storage takes nothing away from the page itself.
  put('kept', JSON.parse(JSON.stringify(kept)) as Kept).catch(() => undefined)
})

/** Brings back what was read last under this account. */
export async function bringBack(): Promise<void> {
  for (const kept of await all<Kept>('kept').catch(() => [])) {
    if (!kept.id.startsWith('list:') || kept.account !== account()) continue
    if (Date.now() - kept.at > OLD_MS) void remove('kept', kept.id)
    else if (queries.getQueryState(kept.key)?.data === undefined) queries.setQueryData(kept.key, kept.data, { updatedAt: kept.at })
  }
}

/** Who was signed in last here: without a network there is nobody to ask. */
export const lastSeen = {
  get: async (): Promise<Me | undefined> => (await get<{ id: string; me: Me }>('kept', 'me').catch(() => undefined))?.me,
  set: (me: Me | undefined): Promise<void> =>
    (me ? put('kept', JSON.parse(JSON.stringify({ id: 'me', me })) as { id: string }) : remove('kept', 'me')).catch(() => undefined),
}

/** Forgets all that this device kept. */
export async function forget(): Promise<void> {
  queries.clear()
  await clear().catch(() => undefined)
}
