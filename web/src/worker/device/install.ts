import { reactive, readonly } from 'vue'

interface InstallPrompt extends Event {
  prompt: () => Promise<void>
}

const state = reactive({ update: false, offer: false, installed: window.matchMedia('(display-mode: standalone)').matches, ready: false })
let waiting: ServiceWorker | null = null
let offered: InstallPrompt | undefined

window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault()
  offered = event as InstallPrompt
  state.offer = true
})
window.addEventListener('appinstalled', () => Object.assign(state, { offer: false, installed: true }))

/** Looks this often whether there is a new version (ms), beside what the browser does. */
const EVERY = 30 * 60_000

/** Registers what makes the page work without a network. Without https there is none, and all the rest works. */
export async function register(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  try {
    const registration = await navigator.serviceWorker.register('/worker/sw.js', { scope: '/worker', updateViaCache: 'none' })
    const look = (worker: ServiceWorker | null) => {
      // The very first one has nobody to take over from.
      if (worker?.state !== 'installed' || !registration.active) return
      waiting = worker
      state.update = true
    }
    look(registration.waiting)
    registration.addEventListener('updatefound', () => {
      const coming = registration.installing
      coming?.addEventListener('statechange', () => look(coming))
    })
    void navigator.serviceWorker.ready.then(() => (state.ready = true))
    setInterval(() => void registration.update().catch(() => undefined), EVERY)
  } catch {
    // A browser that forbids it: the page works as any page.
  }
}

export const install = {
  state: readonly(state),
  /** Takes the new version, when its reader wants it. What is written is on the device already. */
  takeOver(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
    waiting?.postMessage('take over')
  },
  async ask(): Promise<void> {
    await offered?.prompt()
    state.offer = false
  },
}
