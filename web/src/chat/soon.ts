import { type Component, defineAsyncComponent } from 'vue'

type Late = typeof import('./late')

/** The pieces that come with the first message. */
export const late = (): Promise<Late> => import('./late')

/** One of them as a component; a line that breaks while it comes is tried again. */
export const soon = (name: keyof Late): Component =>
  defineAsyncComponent({
    loader: async () => (await late())[name] as Component,
    delay: 0,
    onError: (_error, retry, fail, tries) => {
      if (tries > 20) return fail()
      if (navigator.onLine) setTimeout(retry, Math.min(8000, 300 * 2 ** tries))
      else window.addEventListener('online', retry, { once: true })
    },
  })
