import { watch } from 'vue'
import type { Conversation } from './conversation'
import type { Desk } from './desk'

/** Inside a bubble: counts what comes in while the panel is closed, and closes sheets with it. */
export function tellParent(conversation: Conversation, desk: Desk): void {
  // The panel around this frame cannot see whether a browser has refused to show it.
  window.parent.postMessage({ type: 'gridworker:ready' }, '*')
  let open = true
  let seen = 0
  const heard = () => conversation.state.messages.filter((m) => m.role !== 'resident' && m.progress === 'done').length
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== window.parent) return
    const type = (event.data as { type?: unknown } | null)?.type
    if (type === 'gridworker:open') open = true
    else if (type === 'gridworker:closed') {
      open = false
      seen = heard()
      desk.show(undefined)
    }
  })
  watch(heard, (count) => {
    // A count says nothing about the conversation, so any parent may hear it.
    if (!open && count > seen) window.parent.postMessage({ type: 'gridworker:unread', count: count - seen }, '*')
  })
}
