import { onBeforeUnmount, ref, type Ref } from 'vue'

/** The moment, every half minute anew: clocks on the page run. */
export function useNow(): Ref<Date> {
  const now = ref(new Date())
  const timer = setInterval(() => (now.value = new Date()), 30_000)
  onBeforeUnmount(() => clearInterval(timer))
  return now
}
