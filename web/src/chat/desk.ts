import { inject, type InjectionKey, reactive } from 'vue'
import type { Citation } from '../api/types'
import type { Conversation } from './conversation'
import type { Message } from './feed'
import type { Keep } from './keep'
import type { DraftRow } from './labels'
import type { Paperwork } from './paperwork'
import { stopReading } from './aloud'

/** What can lie over the conversation; one at a time. */
export type Sheet =
  | { kind: 'citation'; citations: Citation[]; n: number }
  | { kind: 'edit'; row: DraftRow }
  | { kind: 'feedback'; message: Message }
  | { kind: 'human' }
  | { kind: 'menu' }
  | { kind: 'privacy' }
  | { kind: 'clear' }
  | { kind: 'cancel' }
  | { kind: 'lookup' }
  | { kind: 'picture'; url: string }
  | { kind: 'supplement'; number: string }
  | { kind: 'withdraw'; number: string }
  | { kind: 'record'; done: (file: File) => void }

/** What every part of the page shares. */
export interface Desk {
  conversation: Conversation
  /** Made by `paperworkOf` when it is needed first. */
  paperwork?: Paperwork
  keep: Keep
  /** Inside another site's bubble. */
  embedded: boolean
  /** A shared machine: seconds without a touch until everything is forgotten; nothing is kept on it. */
  kiosk: number | undefined
  ui: { sheet: Sheet | undefined; toast: string; elder: boolean; online: boolean; now: Date; round: number; typing: boolean }
  show: (sheet: Sheet | undefined) => void
  toast: (words: string) => void
  /** Opens the picker of the input bar. */
  pick: (what: 'photo') => void
  /** The input bar says how. */
  onPick: (open: (what: 'photo') => void) => void
  setElder: (on: boolean) => void
  closeWindow: () => void
  /** After the conversation has been cleared: nothing of the one before is left in the page. */
  fresh: () => void
}

const DESK: InjectionKey<Desk> = Symbol('desk')
export const deskKey = DESK

export function useDesk(): Desk {
  const desk = inject(DESK)
  if (!desk) throw new Error('no desk above this component')
  return desk
}

export function makeDesk(parts: Pick<Desk, 'conversation' | 'keep' | 'embedded' | 'kiosk' | 'closeWindow'>): Desk {
  const ui = reactive<Desk['ui']>({
    sheet: undefined,
    toast: '',
    elder: parts.keep.get<boolean>('gw:elder') ?? false,
    online: navigator.onLine,
    now: new Date(),
    // Counts the conversations of this page: the input of each is its own.
    round: 0,
    typing: false,
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  let picker: (what: 'photo') => void = () => undefined
  const desk: Desk = {
    ...parts,
    ui,
    show: (sheet) => (ui.sheet = sheet),
    toast(words) {
      ui.toast = words
      clearTimeout(timer)
      timer = setTimeout(() => (ui.toast = ''), 3000)
    },
    pick: (what) => picker(what),
    onPick: (open) => (picker = open),
    setElder(on) {
      ui.elder = on
      parts.keep.set('gw:elder', on)
    },
    fresh() {
      ui.sheet = undefined
      ui.round += 1
      desk.paperwork = undefined
      stopReading()
    },
  }
  return desk
}
