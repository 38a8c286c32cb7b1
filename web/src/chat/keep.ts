/** What this page remembers: localStorage, else sessionStorage, else (blocked in an iframe) memory. */
export interface Keep {
  get<T>(key: string): T | undefined
  set(key: string, value: unknown): void
  remove(key: string): void
}

type Area = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export function makeKeep(areas: (() => Area | undefined)[]): Keep {
  const memory = new Map<string, string>()
  const usable = areas.flatMap((open) => {
    try {
      // Only touching the property can throw where storage is blocked.
      const area = open()
      return area ? [area] : []
    } catch {
      return []
    }
  })
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch {
      return undefined
    }
  }
  return {
    get<T>(key: string): T | undefined {
      let raw = memory.get(key)
      for (const area of usable) raw ??= attempt(() => area.getItem(key) ?? undefined)
      return raw === undefined ? undefined : attempt(() => JSON.parse(raw) as T)
    },
    set(key, value) {
      const raw = JSON.stringify(value)
      const kept = usable.some((area) => attempt(() => (area.setItem(key, raw), true)) === true)
      if (kept) memory.delete(key)
      else memory.set(key, raw)
    },
    remove(key) {
      memory.delete(key)
      for (const area of usable) attempt(() => area.removeItem(key))
    },
  }
}

export const browserKeep = (): Keep => makeKeep([() => window.localStorage, () => window.sessionStorage])
