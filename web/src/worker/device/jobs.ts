import type { DraftCard, Hotline, TicketFields } from '../../api/types'
import type { Shape } from '../../staff/client'

/** A photo on its way; once it is up, only its id matters, and it is never sent again. */
export interface JobPhoto {
  name: string
  file: Blob
  /** Of the server. */
  kept?: string
}

export interface Position {
  lat: number
  lng: number
  accuracy_m?: number
}

/**
 * - `writing`: being written, nobody sends it;
 * - `waiting`: to be sent as soon as possible;
 * - `asked`: the server has read a report and shows what it made of it;
 * - `refused`: the server said no, in words; nothing tries it again by itself;
 * - `done`.
 */
export type JobState = 'writing' | 'waiting' | 'asked' | 'refused' | 'done'

interface Base {
  id: string
  /** Whose it is: nobody else on this device sees or sends it. */
  account: string
  state: JobState
  created_at: string
  /** Why it does not go on, in words. */
  problem?: string
  photos: JobPhoto[]
}

/** A report: sent into a conversation of its own, read by the server, confirmed here. */
export interface ReportJob extends Base {
  kind: 'report'
  words: string
  /** Words already given to the server, and those that come next (an answer to its question). */
  next?: { id: string; text: string }
  sent: string[]
  /** The photo's own position may be used. */
  photoPosition: boolean
  /** Where the photo says it was taken, once the server has told. */
  photoAt?: Position
  /** The device's own position, when it was offered and taken. */
  position?: Position
  /** The position was put into the draft. */
  placed?: boolean
  conversation?: { id: string; token: string }
  /** What the server says to it. */
  reply?: string
  card?: DraftCard
  /** Whom to ring before anything else. */
  emergency?: Hotline[]
  /** Nothing to report: it goes elsewhere, or was a question. */
  elsewhere?: boolean
  /** The card was confirmed here; the ticket is made once, however often it is sent. */
  confirming?: boolean
  /** Of the ticket that is the same matter, when that was chosen. */
  joining?: string
  ticket?: TicketFields
  /** The visit at which it was found. */
  visit?: { entry: string; id: string; noted?: boolean }
}

export interface MoveJob extends Base {
  kind: 'move'
  number: string
  title: string
  to: Shape<'Status'>
  from: Shape<'Status'>
  note: string
}

export interface VisitJob extends Base {
  kind: 'visit'
  entry: string
  title: string
  result: Shape<'VisitResult'>
  note: string
}

export type Job = ReportJob | MoveJob | VisitJob

/** Whether the report can be handed in as it is. */
export const canConfirm = (job: ReportJob): boolean =>
  !job.elsewhere && !job.card?.stopped && (job.card ? job.card.missing.length === 0 : job.emergency !== undefined)

/** What the page shows about a job's way. */
export function stateWords(job: Job, online: boolean): string {
  switch (job.state) {
    case 'writing':
      return '草稿'
    case 'waiting':
      return online ? '正在发送' : '等待网络，恢复后自动发送'
    case 'asked':
      return job.kind === 'report' && canConfirm(job) ? '待您确认' : '待您补充'
    case 'refused':
      return '没有发出去'
    case 'done':
      return '已提交'
  }
}

/** Jobs that would be lost with the device's memory. */
export const unsent = (jobs: readonly Job[]): Job[] =>
  jobs.filter(
    (j) => j.state !== 'done' && !(j.kind === 'report' && j.state === 'writing' && j.words.trim() === '' && j.photos.length === 0),
  )
