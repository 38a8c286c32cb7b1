import { watch } from 'vue'
import type { Conversation } from './conversation'

/** Runs `work` while no other tab of this window does: two that begin together begin one conversation. */
export const oneTabAtATime =
  (channel: string) =>
  async <T>(work: () => Promise<T>): Promise<T> => {
    if (!('locks' in navigator)) return work()
    let begun = false
    const mine = () => {
      begun = true
      return work()
    }
    try {
      return (await navigator.locks.request(`gw:${channel}`, mine)) as T
    } catch (error) {
      // A frame on another site may have no locks.
      if (begun) throw error
      return work()
    }
  }

/** What one tab begins, says or clears is seen in the others. */
export function keepTogether(conversation: Conversation): void {
  const { state } = conversation
  window.addEventListener('storage', (event) => {
    if (event.key === null || event.key === conversation.keySlot) void conversation.otherTab()
  })
  if (typeof BroadcastChannel !== 'function') return
  const tabs = new BroadcastChannel(conversation.keySlot)
  /** What was only taken over from another tab is no news for it. */
  let listening = false
  /** Something was said there while this tab was busy. */
  let missed = false
  const listen = async () => {
    listening = true
    missed = !(await conversation.catchUp())
    listening = false
    // Over with its own things in the very moment in which it was asked: nobody else would call again.
    if (missed && !state.busy && !state.loading) void listen()
  }
  tabs.onmessage = () => void listen()
  watch(
    () => !state.busy && !state.loading,
    (idle) => idle && missed && void listen(),
  )
  watch(
    () => [state.busy, state.draft, state.draftEnded],
    () => {
      if (!listening && !state.busy && !state.loading && conversation.currentKey) tabs.postMessage('changed')
    },
    { flush: 'sync' },
  )
}
