// Keys that do something by themselves. They can be switched off, and rest while somebody types or a dialog is open.
import { onMounted, onUnmounted, ref, watch } from 'vue'

const STORED = 'desk-keys'
const read = (): boolean => {
  try {
    return localStorage.getItem(STORED) !== 'off'
  } catch {
    return true
  }
}
export const keysOn = ref(read())
watch(keysOn, (on) => {
  try {
    localStorage.setItem(STORED, on ? 'on' : 'off')
  } catch {
    // It then holds for this page only.
  }
})

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

export function useKeys(actions: Record<string, () => void>): void {
  const press = (event: KeyboardEvent) => {
    if (
      !keysOn.value ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      typing(event.target) ||
      document.querySelector('dialog[open], .t-dialog__ctx')
    )
      return
    const act = actions[event.key.toLowerCase()]
    if (!act) return
    event.preventDefault()
    act()
  }
  onMounted(() => document.addEventListener('keydown', press))
  onUnmounted(() => document.removeEventListener('keydown', press))
}
