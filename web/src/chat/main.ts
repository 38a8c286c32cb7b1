import { createApp, watch } from 'vue'
import { Api } from '../api/client'
import { backoffMs } from '../api/stream'
import { newId } from '../shared/ids'
import Chat from './Chat.vue'
import { Conversation } from './conversation'
import { deskKey, makeDesk } from './desk'
import { browserKeep, makeKeep } from './keep'
import { kioskSeconds } from './kiosk'
import { late } from './soon'
import { keepTogether, oneTabAtATime } from './tabs'
import { tellParent } from './embed'
import './styles/chat.less'

const query = new URLSearchParams(location.search)
const embedded = query.get('embed') === '1' && window.parent !== window
const channelId = query.get('channel') ?? 'default'
const kiosk = kioskSeconds(query.get('kiosk'))
// A shared machine remembers nothing.
const keep = kiosk === undefined ? browserKeep() : makeKeep([])

/** Waits with a doubling pause; without a network, until there is one. */
async function wait(attempt: number, askedSeconds?: number): Promise<void> {
  if (!navigator.onLine) {
    await new Promise<void>((go) => window.addEventListener('online', () => go(), { once: true }))
    return
  }
  const ms = askedSeconds === undefined ? backoffMs(attempt) : askedSeconds * 1000
  await new Promise((go) => setTimeout(go, ms * (1 + Math.random() / 4)))
}

const conversation = new Conversation(channelId, {
  api: new Api(),
  keep,
  newId,
  now: () => new Date(),
  wait,
  askHost: async () => (await import('./host')).askHost(),
  ...(kiosk === undefined ? { alone: oneTabAtATime(channelId) } : {}),
})
const desk = makeDesk({
  conversation,
  keep,
  embedded,
  kiosk,
  // Nothing but the wish to be closed leaves the frame, so any parent may hear it.
  closeWindow: () => window.parent.postMessage({ type: 'gridworker:close' }, '*'),
})

window.addEventListener('online', () => {
  desk.ui.online = true
  void conversation.pump()
})
window.addEventListener('offline', () => (desk.ui.online = false))
setInterval(() => (desk.ui.now = new Date()), 30_000)

// Tabs of a shared machine have nothing in common.
if (kiosk === undefined) keepTogether(conversation)
// The cards come with the first message, and are there when its answer is.
watch(
  () => conversation.state.messages.length > 0,
  (any) => any && void late().catch(() => undefined),
)

if (embedded) tellParent(conversation, desk)

createApp(Chat).provide(deskKey, desk).mount('#app')
void conversation.open()
// A link from the home page or a menu of WeChat.
if (location.hash === '#progress') desk.show({ kind: 'lookup' })
if (location.hash === '#privacy') desk.show({ kind: 'privacy' })
