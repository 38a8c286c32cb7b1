import { newId } from '../../shared/ids'
import { change, remove } from './db'

/** How long a tab that says nothing more is believed to be at work (ms). */
const LEASE_MS = 12_000
const me = newId()

interface Lease {
  id: string
  holder: string
  until: number
}

/**
 * Does `work` unless another tab is doing it: browsers with locks hold one, which ends with the tab; the others keep a lease in the
 * database that is renewed. The server knows everything by its own id, so a tab that dies in between doubles nothing.
 */
export async function once(name: string, work: () => Promise<void>): Promise<boolean> {
  if (typeof navigator.locks === 'object') {
    return navigator.locks.request(`gridworker-${name}`, { ifAvailable: true }, async (lock) => {
      if (lock) await work()
      return lock !== null
    })
  }
  const id = `lease:${name}`
  const take = () =>
    change<Lease>('kept', id, (held) =>
      held && held.holder !== me && held.until > Date.now() ? undefined : { id, holder: me, until: Date.now() + LEASE_MS },
    )
  if (!(await take())) return false
  const renewing = setInterval(() => void take(), LEASE_MS / 3)
  try {
    await work()
  } finally {
    clearInterval(renewing)
    await remove('kept', id)
  }
  return true
}
