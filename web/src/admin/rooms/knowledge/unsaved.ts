/** What was typed and not saved yet: it survives a reload, a crash and a session that ran out. Only on this device, only for this account. */
export interface Unsaved<T> {
  /** The revision that it was begun from. */
  revision: number
  at: string
  content: T
}

const PREFIX = 'gridworker.unsaved.'
/** What nobody came back for within two weeks is not kept on a shared machine. */
const KEPT_MS = 14 * 24 * 3600 * 1000

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

export class UnsavedStore<T> {
  constructor(
    private readonly account: string,
    private readonly kind: string,
    private readonly shelf: Shelf | undefined = globalThis.localStorage,
  ) {}

  private key = (id: string) => `${PREFIX}${this.account}.${this.kind}.${id}`

  read(id: string, now: Date = new Date()): Unsaved<T> | undefined {
    try {
      this.sweep(now)
      const raw = this.shelf?.getItem(this.key(id))
      return raw ? (JSON.parse(raw) as Unsaved<T>) : undefined
    } catch {
      return undefined
    }
  }

  /** False when this device keeps nothing (private window, full). */
  keep(id: string, revision: number, content: T, now: Date = new Date()): boolean {
    try {
      if (!this.shelf) return false
      this.shelf.setItem(this.key(id), JSON.stringify({ revision, at: now.toISOString(), content } satisfies Unsaved<T>))
      return true
    } catch {
      return false
    }
  }

  drop(id: string): void {
    try {
      this.shelf?.removeItem(this.key(id))
    } catch {
      // Nothing was kept either.
    }
  }

  private sweep(now: Date): void {
    const shelf = this.shelf
    if (!shelf) return
    for (let at = shelf.length - 1; at >= 0; at -= 1) {
      const key = shelf.key(at)
      if (!key?.startsWith(PREFIX)) continue
      let kept: Partial<Unsaved<unknown>> = {}
      try {
        kept = JSON.parse(shelf.getItem(key) ?? '{}') as Partial<Unsaved<unknown>>
      } catch {
        // Damaged: it goes.
      }
      if (!(now.getTime() - new Date(kept.at ?? 0).getTime() < KEPT_MS)) shelf.removeItem(key)
    }
  }
}
