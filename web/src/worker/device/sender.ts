import { Problem, problemOf } from '../../api/problem'
import type { DraftCard, TicketFields, WholeTurn } from '../../api/types'
import { api, got, told } from '../../staff/client'
import { session } from '../../staff/session'
import type { Job, JobPhoto, MoveJob, ReportJob, VisitJob } from './jobs'

/** Keeps what has been reached, so that the next try goes on from there. */
export type Save = () => Promise<void>

async function call<T>(
  method: string,
  path: string,
  token: string | undefined,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const form = body instanceof FormData
  const response = await fetch(`/api/v1${path}`, {
    method,
    cache: 'no-store',
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(form || body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: form ? body : body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  })
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as T
}

interface KeptFile {
  attachment_id: string
  position?: { lat: number; lng: number }
}

async function upload(photo: JobPhoto, path: string, token: string | undefined): Promise<KeptFile> {
  const form = new FormData()
  form.append('file', photo.file, photo.name)
  return call('POST', path, token, form)
}

async function sendPhotos(job: Job, save: Save, path: string, token?: string): Promise<void> {
  for (const photo of job.photos) {
    if (photo.kept) continue
    const kept = await upload(photo, path, token)
    photo.kept = kept.attachment_id
    if (job.kind === 'report' && kept.position) job.photoAt ??= kept.position
    await save()
  }
}
const ids = (job: Job) => job.photos.flatMap((p) => p.kept ?? [])

/** The draft's question offers one place only, and it is the one that was agreed to already. */
const onlyAsksForThePosition = (card: DraftCard) => card.question?.field === 'place' && card.question.options.length === 1

async function report(job: ReportJob, save: Save): Promise<void> {
  if (!job.conversation) {
    // A session that has ended is to be asked for again, not told as a missing right.
    await got(api.GET('/api/v1/auth/me'))
    const made = await call<{ conversation_id: string; token: string }>('POST', '/conversations', undefined, {
      channel: 'worker',
      audience: 'gridworker',
    })
    job.conversation = { id: made.conversation_id, token: made.token }
    await save()
  }
  const { id, token } = job.conversation
  const say = async (client: string, text: string, attachments: string[] = []) => {
    const turn = await call<WholeTurn>('POST', `/conversations/${id}/messages`, token, { client_message_id: client, text, attachments })
    job.reply = turn.reply.text.replace(/〔\d+〕/g, '')
    const card = turn.card
    if (card?.kind === 'draft') job.card = card
    else if (card?.kind === 'receipt') job.ticket = card.ticket
    else if (card?.kind === 'emergency') job.emergency = card.numbers
    job.elsewhere = !job.card && !job.ticket && !job.emergency
    job.sent.push(client)
    await save()
  }
  await sendPhotos(job, save, '/attachments', token)
  if (!job.sent.includes(job.id)) await say(job.id, job.words, ids(job))
  if (job.next && !job.sent.includes(job.next.id)) {
    await say(job.next.id, job.next.text)
    delete job.next
  }
  const point = job.position ?? (job.photoPosition ? job.photoAt : undefined)
  if (point && job.card && !job.placed && !job.ticket) {
    job.card = (
      await call<{ card: DraftCard }>('PATCH', `/conversations/${id}/draft`, token, { place: { point: { ...point, system: 'wgs84' } } })
    ).card
    job.placed = true
    await save()
    if (onlyAsksForThePosition(job.card)) await say(`${job.id}-here`, '是的')
  }
  if ((job.confirming || job.joining) && !job.ticket) {
    const path = job.joining ? 'join' : 'confirm'
    const made = await call<{ ticket: TicketFields }>(
      'POST',
      `/conversations/${id}/draft/${path}`,
      token,
      job.joining ? { number: job.joining } : {},
      { 'idempotency-key': job.id },
    )
    job.ticket = made.ticket
    await save()
  }
  if (job.ticket && job.visit && !job.visit.noted && job.ticket.number) {
    try {
      await call('PUT', `/worker/ledgers/${job.visit.entry}/visits/${job.visit.id}/ticket`, undefined, { number: job.ticket.number })
    } catch (error) {
      // The ticket is made all the same; only what may pass is tried again.
      if (mayPass(error)) throw error
    }
    job.visit.noted = true
  }
  job.state = job.ticket ? 'done' : 'asked'
}

async function move(job: MoveJob, save: Save): Promise<void> {
  await sendPhotos(job, save, '/worker/attachments')
  const body = { to: job.to, from: job.from, ...(job.note ? { note: job.note } : {}), attachments: ids(job) }
  await got(api.POST('/api/v1/worker/tickets/{number}/moves', { params: { path: { number: job.number } }, body }))
  job.state = 'done'
}

async function visit(job: VisitJob, save: Save): Promise<void> {
  await sendPhotos(job, save, '/worker/attachments')
  const body = { id: job.id, result: job.result, ...(job.note ? { note: job.note } : {}), attachments: ids(job) }
  await got(api.POST('/api/v1/worker/ledgers/{id}/visits', { params: { path: { id: job.entry } }, body }))
  job.state = 'done'
}

/** Whether the same may go through later by itself. */
export const mayPass = (error: unknown): boolean =>
  !(error instanceof Problem) || error.transient || error.status === 429 || error.status === 401

/**
 * Takes a job one way further: each step that was reached is kept and not done again, and each has an id that the server knows,
 * so that a step whose answer was lost is not done twice either. True when it went through.
 */
export async function send(job: Job, save: Save): Promise<boolean> {
  try {
    delete job.problem
    if (job.kind === 'report') await report(job, save)
    else if (job.kind === 'move') await move(job, save)
    else await visit(job, save)
    await save()
    return true
  } catch (error) {
    if (error instanceof Problem && error.status === 401) void session.load().catch(() => undefined)
    if (mayPass(error)) {
      if (error instanceof Problem) job.problem = told(error)
      await save()
      return false
    }
    job.problem = told(error)
    // What the draft still lacks can be added; the rest is for a person to look at.
    const open = job.kind === 'report' && job.card !== undefined
    if (job.kind === 'report') {
      job.confirming = false
      delete job.joining
      delete job.next
    }
    job.state = open ? 'asked' : 'refused'
    await save()
    return true
  }
}
