/** Shapes of the resident API (`/api/v1`). Times are RFC 3339 with a zone. */

export interface Channel {
  id: string
  title: string
  greeting: string
  suggestions: string[]
  /** The continuous AI notice near the input. */
  notice: string
  /** The label under every generated answer, also in copied text. */
  label: string
  privacy?: string
  hotlines: Hotline[]
  human?: { label: string; tel: string; text?: string }
  /** Whether what is said can be turned into words. */
  voice_input?: boolean
  /** Days that a conversation without a ticket is kept; 0 = until it is deleted by hand. */
  retention_days?: number
  max_chars: number
  /** A conversation begins only with a token that the host's server has signed. */
  secure?: boolean
  /** Of one photo and of one message. Where the limits of recordings are not told, the refusals tell them. */
  attachments?: { max_bytes: number; max_count: number; max_voice_bytes?: number; max_voice_s?: number; max_video_bytes?: number }
}

export interface Hotline {
  label: string
  tel: string
}

/** The only key to a conversation. */
export interface ConversationKey {
  id: string
  token: string
  /** For whom the host has opened it, as an opaque id. */
  visitor?: string
}

export interface Citation {
  n: number
  document_id: string
  version: number
  title: string
  issuer?: string | null
  doc_no?: string | null
  clause?: string | null
  quote: string
  effective_from?: string | null
  expires_on?: string | null
  sources?: LegalSource[]
}

export interface LegalSource {
  law: string
  article?: string | null
  version?: string | null
}

export interface Category {
  code: string
  name: string
  path?: string[]
  section?: string
}

export interface Place {
  text?: string
  community?: string
  grid?: string
  estate?: string
  building?: string
  unit?: string
  room?: string
}

export interface Reporter {
  anonymous?: boolean
  name?: string
  phone?: string
}

/** The fields of a ticket that this page shows; a draft has only some of them. */
export interface TicketFields {
  number?: string
  kind?: string
  category?: Category | null
  title?: string
  description?: string
  place?: Place | null
  occurred_at?: string | null
  urgency?: string
  urgency_reason?: string
  people_affected?: number | null
  answers?: Record<string, string>
  attachments?: string[]
  reporter?: Reporter | null
  route?: { section?: string; post?: string; first_receiver?: string; co_units?: string[]; reason?: string } | null
  clock?: TicketClock | null
  status?: string
  joined?: number
  /** Number of the ticket that it was merged into. */
  duplicate_of?: string | null
  created_at?: string
}

/** The deadlines that hold. */
export interface TicketClock {
  accept_by?: string
  resolve_by?: string
  basis?: string
  /** Since when the clock stands still; `resolve_by` is then the deadline from before. */
  paused_since?: string | null
  /** Why it is paused, else why it was extended. */
  why?: string | null
  /** How often it was put off in this round. */
  extended?: number
}

export interface TimelineEntry {
  at: string
  from?: string | null
  to: string
  by: string
  note?: string | null
  /** The move in a sentence, when the server gives one. */
  text?: string | null
}

/** What another device may see of a ticket. */
export interface PublicProgress {
  number: string
  title: string
  status: string
  route?: { section?: string; post?: string } | null
  clock?: TicketClock | null
  timeline: TimelineEntry[]
}

/** What came to a ticket after it was confirmed. */
export interface AddedEvidence {
  at: string
  by: string
  note?: string | null
  attachments: string[]
  /** It came with a move, at the same moment. */
  with_move: boolean
}

export interface TicketView {
  ticket: TicketFields
  timeline: TimelineEntry[]
  /** Only the ticket's own call tells it; cards do not. */
  added?: AddedEvidence[]
}

export type QuestionKind = 'text' | 'list' | 'multi' | 'date' | 'number'

/** The one question that a draft asks now. */
export interface Question {
  field: string
  text: string
  options: string[]
  kind?: QuestionKind | null
}

/** A question of the draft's category. */
export interface OwnQuestion {
  text: string
  required: boolean
  kind: QuestionKind
  options: string[]
  notice?: string
}

/** The matter goes elsewhere: what is told, whom to ring, who is competent. Number and body may be empty. */
export interface Stop {
  text: string
  tel?: string
  body?: string
}

export interface DraftCard {
  kind: 'draft'
  draft: TicketFields
  /** Names of the fields that block confirming. */
  missing: string[]
  asking?: string | null
  complete?: boolean
  question?: Question | null
  questions?: OwnQuestion[]
  notice?: string
  stopped?: Stop | null
  confidential?: boolean
  photo_wanted?: boolean
  /** Where a photo says that it was taken. */
  photo_position?: { lat: number; lng: number; taken_at?: string } | null
  /** Open tickets that it may be about. */
  duplicates?: DuplicateCandidate[]
}

export interface ReceiptCard {
  kind: 'receipt'
  ticket: TicketFields
  timeline?: TimelineEntry[]
}

export interface ProgressCard {
  kind: 'progress'
  ticket: TicketFields
  timeline?: TimelineEntry[]
}

export interface DuplicateCandidate {
  number?: string
  title?: string
  place?: string | Place
  distance_m?: number | null
  created_at?: string
  status?: string
  joined?: number
  attachment_id?: string
  attachments?: string[]
}

export interface DuplicateCard {
  kind: 'duplicate'
  candidates: DuplicateCandidate[]
}

export interface EmergencyCard {
  kind: 'emergency'
  numbers: Hotline[]
  advice?: string | string[]
}

/** With `tel` it is a number to ring, with `action` something of this page, else words to send. */
export type Choice = string | { label: string; send?: string; tel?: string; action?: string }

export interface ChoicesCard {
  kind: 'choices'
  options: Choice[]
}

export type Card = DraftCard | ReceiptCard | ProgressCard | DuplicateCard | EmergencyCard | ChoicesCard

export type Finish = 'complete' | 'cut' | 'refused'

export interface ServerMessage {
  id: string
  seq?: number
  role: 'resident' | 'assistant' | 'news'
  text: string
  created_at: string
  turn_id?: string | null
  client_message_id?: string | null
  route?: string | null
  citations?: Citation[]
  card?: Card | null
  finish?: Finish | null
  generated?: boolean
  label?: string | null
  attachments?: (string | { attachment_id?: string; id?: string })[]
  feedback?: { verdict: Verdict } | Verdict | null
}

export interface History {
  messages: ServerMessage[]
  draft?: DraftCard | null
  running?: { turn_id: string } | null
}

/** A whole turn, as the JSON form of the message call returns it. */
export interface WholeTurn {
  turn_id: string
  message_id?: string
  route?: string
  reply: { text: string; generated?: boolean; label?: string; citations?: Citation[] }
  card?: Card | null
  finish?: Finish
}

export type Verdict = 'up' | 'down'

export interface Taxonomy {
  groups: { name: string; categories: Category[] }[]
}

export interface DocumentView {
  document: {
    id: string
    title: string
    version: number
    issuer?: string | null
    doc_no?: string | null
    effective_from?: string | null
    expires_on?: string | null
    sources?: LegalSource[]
  }
  sections: { heading?: string | null; text: string }[]
}

export type MediaKind = 'photo' | 'voice' | 'video'

export interface UploadedAttachment {
  attachment_id: string
  kind?: MediaKind
  content_type: string
  bytes: number
  width?: number
  height?: number
  duration_ms?: number
}

export interface FieldError {
  field: string
  message: string
}

/** A JSON merge patch over the draft. */
export interface DraftPatch {
  description?: string
  place?: string
  category?: { code: string }
  occurred_at?: string | null
  people_affected?: number | null
  reporter?: { phone?: string | null; name?: string | null; anonymous?: boolean }
  answers?: Record<string, string>
  attachments?: string[]
}
