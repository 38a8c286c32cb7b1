import { reactive, readonly } from 'vue'
import { told } from '../../staff/client'

interface Question {
  title: string
  body: string
  confirm: string
  danger: boolean
  answer: (yes: boolean) => void
}
const state = reactive<{ question?: Question; words: string; bad: boolean }>({ words: '', bad: false })
let timer: ReturnType<typeof setTimeout> | undefined

/** Says something for a moment. */
export function say(words: string, bad = false): void {
  clearTimeout(timer)
  Object.assign(state, { words, bad })
  timer = setTimeout(() => (state.words = ''), bad ? 8_000 : 3_500)
}

/** Asks before something that cannot be taken back; false when it was thought better of. */
export function sure(title: string, body: string, confirm = '确定', danger = false): Promise<boolean> {
  return new Promise((answer) => {
    state.question = { title, body, confirm, danger, answer: (yes) => ((state.question = undefined), answer(yes)) }
  })
}

/** Does it and says how it went; `undefined` when it was refused. */
export async function attempt<T>(work: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const value = await work()
    if (done) say(done)
    return value
  } catch (error) {
    say(told(error), true)
    return undefined
  }
}

export const asked = readonly(state)
