import { onBeforeUnmount, ref, watch } from 'vue'

/**
 * Draws a growing text a little at a time, so that words flow even when the network brings them in lumps. It never
 * lags more than a few frames behind, and not at all for whoever wants less motion.
 */
export function useReveal(text: () => string, streaming: () => boolean) {
  const still = typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches
  const shown = ref(text())
  const revealing = ref(false)
  let frame = 0
  let moving = streaming()

  function step() {
    frame = 0
    const whole = text()
    if (still || document.hidden || !whole.startsWith(shown.value)) shown.value = whole
    const behind = whole.length - shown.value.length
    if (behind > 0) shown.value = whole.slice(0, shown.value.length + Math.max(1, Math.ceil(behind / 10)))
    revealing.value = shown.value.length < whole.length
    if (revealing.value) frame = requestAnimationFrame(step)
  }

  watch(
    [text, streaming],
    () => {
      moving ||= streaming()
      // What came from the history is simply there; a hidden page gets no frames.
      if (!moving || document.hidden) {
        shown.value = text()
        revealing.value = false
      } else if (frame === 0) {
        step()
      }
    },
    { flush: 'sync' },
  )
  onBeforeUnmount(() => cancelAnimationFrame(frame))
  return { shown, revealing }
}
