import { reactive, readonly } from 'vue'

const state = reactive({ online: navigator.onLine })
const back = new Set<() => void>()

window.addEventListener('online', () => {
  state.online = true
  back.forEach((then) => then())
})
window.addEventListener('offline', () => (state.online = false))

/** Whether there is a network, as far as the device knows. */
export const network = readonly(state)
/** Calls `then` each time the network comes back. */
export const whenBack = (then: () => void): void => void back.add(then)
