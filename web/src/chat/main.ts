import { createApp } from 'vue'
import { Api } from '../api/client'
import { backoffMs } from '../api/stream'
import { newId } from '../shared/ids'
import Chat from './Chat.vue'
import { Conversation } from './conversation'
import { deskKey, makeDesk } from './desk'
import { browserKeep } from './keep'
import { Paperwork } from './paperwork'
import { tellParent } from './embed'
import './styles/chat.less'

const query = new URLSearchParams(location.search)
const embedded = query.get('embed') === '1' && window.parent !== window
const keep = browserKeep()

/** Waits with a doubling pause; without a network, until there is one. */
async function wait(attempt: number, askedSeconds?: number): Promise<void> {
  if (!navigator.onLine) {
    await new Promise<void>((go) => window.addEventListener('online', () => go(), { once: true }))
    return
  }
  const ms = askedSeconds === undefined ? backoffMs(attempt) : askedSeconds * 1000
  await new Promise((go) => setTimeout(go, ms * (1 + Math.random() / 4)))
}

const conversation = new Conversation(query.get('channel') ?? 'default', { api: new Api(), keep, newId, now: () => new Date(), wait, askHost: async () => (await import('./host')).askHost() })
const desk = makeDesk({
  conversation,
  paperwork: new Paperwork(conversation),
  keep,
  embedded,
  // Nothing but the wish to be closed leaves the frame, so any parent may hear it.
  closeWindow: () => window.parent.postMessage({ type: 'gridworker:close' }, '*'),
})

window.addEventListener('online', () => {
  desk.ui.online = true
  void conversation.pump()
})
window.addEventListener('offline', () => (desk.ui.online = false))
setInterval(() => (desk.ui.now = new Date()), 30_000)

if (embedded) tellParent(conversation, desk)

createApp(Chat).provide(deskKey, desk).mount('#app')
void conversation.open()
// A link from the home page or a menu of WeChat.
if (location.hash === '#progress') desk.show({ kind: 'lookup' })
