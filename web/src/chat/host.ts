import { Problem } from '../api/problem'
import type { HostToken } from './conversation'

/** How long the site around the window may take (ms). */
const PATIENCE_MS = 15_000

/**
 * What the site around this window has signed: from the address (`#token=…`, a web view of an app), else from the page that
 * frames it. Nobody else can send it here, and what it is worth is for the server to say.
 */
export async function askHost(patienceMs = PATIENCE_MS): Promise<HostToken> {
  const token = fromAddress() ?? (await fromParent(patienceMs))
  if (token === undefined) throw new Problem(403, '请从原来的网站打开这个窗口，或刷新那个网页再试。', 'channel_token_required')
  const visitor = visitorOf(token)
  return visitor === undefined ? { token } : { token, visitor }
}

function fromAddress(): string | undefined {
  const token = /^#token=([\w.-]+)$/.exec(location.hash)?.[1]
  // It opens one conversation; it must not lie in the history or be sent on with a link.
  if (token) history.replaceState(null, '', location.pathname + location.search)
  return token
}

function fromParent(patienceMs: number): Promise<string | undefined> {
  if (window.parent === window) return Promise.resolve(undefined)
  return new Promise((answer) => {
    const end = (token?: string) => {
      clearTimeout(timer)
      window.removeEventListener('message', hear)
      answer(token)
    }
    const hear = (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent) return
      const data = event.data as { type?: unknown; token?: unknown } | null
      if (data?.type === 'gridworker:token') end(typeof data.token === 'string' && data.token !== '' ? data.token : undefined)
    }
    const timer = setTimeout(end, patienceMs)
    window.addEventListener('message', hear)
    // The wish holds nothing, so any parent may hear it.
    window.parent.postMessage({ type: 'gridworker:token-wanted' }, '*')
  })
}

/** The opaque id in a token; the server has checked nothing of it yet, and nothing rests on it but what this page still shows. */
export function visitorOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')))
    const visitor = (claims as { visitor?: unknown } | null)?.visitor
    return typeof visitor === 'string' ? visitor : undefined
  } catch {
    return undefined
  }
}
