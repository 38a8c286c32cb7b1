import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** A column of a table: how a row reads in it, for the eye, the search, the order and the export. */
export interface Column<T> {
  key: string
  title: string
  /** Numbers are ordered as numbers, everything else by its words. */
  text: (row: T) => string | number
  width?: number
  /** Offers the words that occur in this column to choose from. */
  choices?: boolean
  /** Not to be ordered by. */
  unordered?: boolean
  /** Only in the export. */
  exportOnly?: boolean
  /** Not in the export: what is there to be clicked. */
  screenOnly?: boolean
}

/** How a table is looked at. It stands in the address, so that a link shows the same and "back" goes back. */
export interface TableView {
  q: string
  sort: string
  descending: boolean
  page: number
  size: number
  /** By column. */
  chosen: Record<string, string>
}

export const SIZES = [20, 50, 100]

export function useTableView(
  prefix = '',
  initial: Partial<TableView> = {},
): { view: ComputedRef<TableView>; show: (change: Partial<TableView>) => void } {
  const route = useRoute()
  const router = useRouter()
  const key = (name: string) => `${prefix}${name}`
  const read = (name: string) => {
    const value = route.query[key(name)]
    return typeof value === 'string' ? value : undefined
  }
  const positive = (value: string | undefined, otherwise: number) => {
    const n = Number(value)
    return Number.isInteger(n) && n > 0 ? n : otherwise
  }
  const view = computed<TableView>(() => {
    const sort = read('sort') ?? (initial.sort ? `${initial.descending ? '-' : ''}${initial.sort}` : '')
    const size = positive(read('size'), initial.size ?? 20)
    const chosen: Record<string, string> = { ...initial.chosen }
    for (const name of Object.keys(route.query)) {
      if (name.startsWith(key('f.'))) chosen[name.slice(key('f.').length)] = read(name.slice(prefix.length)) ?? ''
    }
    return {
      q: read('q') ?? '',
      sort: sort.replace(/^-/, ''),
      descending: sort.startsWith('-'),
      page: positive(read('page'), 1),
      size: SIZES.includes(size) ? size : 20,
      chosen,
    }
  })
  function show(change: Partial<TableView>): void {
    // Another search or order begins at its first page.
    const next = { ...view.value, page: 1, ...change }
    const query = Object.fromEntries(
      Object.entries(route.query).filter(
        ([name]) => !name.startsWith(key('f.')) && ![key('q'), key('sort'), key('page'), key('size')].includes(name),
      ),
    )
    if (next.q) query[key('q')] = next.q
    if (next.sort) query[key('sort')] = `${next.descending ? '-' : ''}${next.sort}`
    if (next.page > 1) query[key('page')] = String(next.page)
    if (next.size !== 20) query[key('size')] = String(next.size)
    for (const [column, value] of Object.entries(next.chosen)) if (value || initial.chosen?.[column]) query[key(`f.${column}`)] = value
    void router.replace({ query })
  }
  return { view, show }
}

const collator = new Intl.Collator('zh-CN', { numeric: true })

/** What a view leaves of the rows, in its order. */
export function arranged<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  view: Pick<TableView, 'q' | 'sort' | 'descending' | 'chosen'>,
): T[] {
  const words = view.q.trim().toLowerCase().split(/\s+/).filter(Boolean)
  const chosen = columns.filter((c) => view.chosen[c.key])
  const kept = rows.filter((row) => {
    if (chosen.some((c) => String(c.text(row)) !== view.chosen[c.key])) return false
    if (words.length === 0) return true
    const all = columns
      .map((c) => String(c.text(row)))
      .join('\n')
      .toLowerCase()
    return words.every((word) => all.includes(word))
  })
  const by = columns.find((c) => c.key === view.sort)
  if (!by) return kept
  const sign = view.descending ? -1 : 1
  return kept.sort((a, b) => {
    const [x, y] = [by.text(a), by.text(b)]
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y)))
  })
}
