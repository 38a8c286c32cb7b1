// What this device keeps of its own: lists to be read without a network, and what waits to be sent. IndexedDB, because photos are
// kept too; three plain calls, because nothing here is ever searched.

export type Drawer = 'kept' | 'jobs'
const DRAWERS: readonly Drawer[] = ['kept', 'jobs']
const NAME = 'gridworker-worker'

let opening: Promise<IDBDatabase> | undefined
/** Whoever was signed in has left in another tab: what still arrives here is written down by nobody. */
let abandoned = false

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((go, refuse) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => DRAWERS.forEach((name) => request.result.createObjectStore(name, { keyPath: 'id' }))
    request.onerror = () => refuse(request.error)
    request.onsuccess = () => {
      // Another tab may want to change or delete it.
      request.result.onversionchange = () => {
        request.result.close()
        opening = undefined
      }
      go(request.result)
    }
  }).catch((error: unknown) => {
    opening = undefined
    throw error
  })
  return opening
}

async function run<T>(drawer: Drawer, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open()
  return new Promise<T>((go, refuse) => {
    const tx = db.transaction(drawer, mode)
    const request = work(tx.objectStore(drawer))
    tx.oncomplete = () => go(request.result)
    tx.onerror = tx.onabort = () => refuse(tx.error ?? request.error)
  })
}

export const all = <T>(drawer: Drawer): Promise<T[]> => run<T[]>(drawer, 'readonly', (s) => s.getAll())
export const get = <T>(drawer: Drawer, id: string): Promise<T | undefined> => run<T | undefined>(drawer, 'readonly', (s) => s.get(id))
export async function put(drawer: Drawer, value: { id: string }): Promise<void> {
  if (!abandoned) await run(drawer, 'readwrite', (s) => s.put(value))
}
export const remove = async (drawer: Drawer, id: string): Promise<void> => void (await run(drawer, 'readwrite', (s) => s.delete(id)))

/** Changes one thing in one step, whatever other tabs do; what `change` gives back is kept, `undefined` leaves it alone. */
export async function change<T extends { id: string }>(
  drawer: Drawer,
  id: string,
  alter: (known: T | undefined) => T | undefined,
): Promise<T | undefined> {
  if (abandoned) return undefined
  const db = await open()
  return new Promise((go, refuse) => {
    const tx = db.transaction(drawer, 'readwrite')
    const store = tx.objectStore(drawer)
    let now: T | undefined
    const request = store.get(id) as IDBRequest<T | undefined>
    request.onsuccess = () => {
      now = alter(request.result)
      if (now) store.put(now)
    }
    tx.oncomplete = () => go(now)
    tx.onerror = tx.onabort = () => refuse(tx.error)
  })
}

/** Forgets everything. */
export async function clear(): Promise<void> {
  for (const drawer of DRAWERS) await run(drawer, 'readwrite', (s) => s.clear())
}

/** Forgets everything, and keeps nothing any more until the page is loaded again. */
export async function abandon(): Promise<void> {
  abandoned = true
  await clear()
}
