import { reactive, toRaw } from 'vue'
import { newId } from '../../shared/ids'
import { session } from '../../staff/session'
import { abandon, all, change, put, remove } from './db'
import type { Job, MoveJob, ReportJob, VisitJob } from './jobs'
import { network, whenBack } from './online'
import { once } from './once'
import { send } from './sender'

const state = reactive<{ jobs: Job[]; ready: boolean; sending: string }>({ jobs: [], ready: false, sending: '' })
const tabs = typeof BroadcastChannel === 'function' ? new BroadcastChannel('gridworker-jobs') : undefined
const finished = new Set<(job: Job) => void>()
const elsewhere = new Set<() => void>()
let retry: ReturnType<typeof setTimeout> | undefined

const account = (): string => session.state.me?.account.id ?? ''
/** Without what makes it reactive: the database clones it. */
function plain<T extends Job>(job: T): T {
  const { photos, ...rest } = toRaw(job)
  return {
    ...(JSON.parse(JSON.stringify(rest)) as object),
    photos: photos.map((p) => ({ ...toRaw(p), file: toRaw(p.file) })),
  } as unknown as T
}

async function read(): Promise<void> {
  const found = (await all<Job>('jobs')).filter((j) => j.account === account())
  found.sort((a, b) => a.created_at.localeCompare(b.created_at))
  // What waited here and does not any more was sent by another tab: what it changed must be read again.
  const open = (jobs: Job[], id: string) => jobs.some((j) => j.id === id && j.state === 'waiting')
  const sent = state.jobs.some((j) => j.state === 'waiting' && state.sending !== j.id && !open(found, j.id))
  for (const job of found) {
    const known = state.jobs.find((j) => j.id === job.id)
    if (!known) state.jobs.push(job)
    // What is being typed here is newer than what was kept.
    // And what is being sent here right now.
    else if ((known.state !== 'writing' || job.state !== 'writing') && state.sending !== job.id) {
      for (const key of Object.keys(known)) if (!(key in job)) delete (known as unknown as Record<string, unknown>)[key]
      Object.assign(known, job)
    }
  }
  state.jobs = state.jobs.filter((j) => found.some((f) => f.id === j.id))
  state.ready = true
  if (sent) elsewhere.forEach((then) => then())
}

function tellTabs(): void {
  tabs?.postMessage('changed')
}
/** Somebody has signed out on this device: nothing more is written down. */
let left = false
tabs?.addEventListener('message', (event) => {
  if (event.data !== 'left') return void read()
  left = true
  void abandon().finally(() => location.reload())
})

async function save(job: Job): Promise<void> {
  if (left || job.account !== account()) return
  await put('jobs', plain(job))
  tellTabs()
}

/** Sends what waits, one after the other, in one tab at a time. */
async function pump(): Promise<void> {
  clearTimeout(retry)
  if (!network.online || !account()) return
  let stuck = false
  const mine = await once('outbox', async () => {
    await read()
    for (const job of state.jobs.filter((j) => j.state === 'waiting')) {
      // Another tab may have been faster, or it was thrown away.
      const fresh = await change<Job>('jobs', job.id, (known) => (known?.state === 'waiting' ? known : undefined))
      if (!fresh) continue
      state.sending = job.id
      const went = await send(job, () => save(job))
      state.sending = ''
      if (!went) {
        stuck = true
        break
      }
      finished.forEach((then) => then(job))
    }
  })
  await read()
  const waiting = state.jobs.some((j) => j.state === 'waiting')
  if (waiting && (stuck || !mine)) retry = setTimeout(() => void pump(), stuck ? 15_000 : 1_500)
  else if (waiting) void pump()
}
whenBack(() => void pump())

type New<T extends Job> = Omit<T, 'id' | 'account' | 'created_at'> & { id?: string }

/** What this device has still to send, has written, or has just sent. */
export const outbox = {
  state,
  read,
  pump,
  /** Called for each job that has gone through (or was refused). */
  whenFinished: (then: (job: Job) => void): (() => void) => {
    finished.add(then)
    return () => finished.delete(then)
  },
  /** Called when another tab has sent something that waited here. */
  whenSentElsewhere: (then: () => void): (() => void) => {
    elsewhere.add(then)
    return () => elsewhere.delete(then)
  },
  async add<T extends ReportJob | MoveJob | VisitJob>(job: New<T>): Promise<T> {
    const made = { ...job, id: job.id ?? newId(), account: account(), created_at: new Date().toISOString() } as unknown as T
    await save(made)
    state.jobs.push(made)
    const known = state.jobs[state.jobs.length - 1] as T
    if (made.state === 'waiting') void pump()
    return known
  },
  save,
  /** Puts it on its way; a second tap finds it there already. */
  async go(job: Job): Promise<void> {
    if (job.state === 'waiting' || job.state === 'done') return
    job.state = 'waiting'
    delete job.problem
    await save(job)
    void pump()
  },
  /** After signing out, here and in the other tabs. */
  leave(): void {
    state.jobs = []
    tabs?.postMessage('left')
  },
  async drop(job: Job): Promise<void> {
    await remove('jobs', job.id)
    state.jobs = state.jobs.filter((j) => j.id !== job.id)
    tellTabs()
  },
}
