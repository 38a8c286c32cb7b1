/** How long the site's server may take (ms). */
const LIMIT_MS = 10_000

/** Asks the site's own server for a token, under the site's own session. `undefined` when there is none. */
export async function fetchToken(url: string, page: string): Promise<string | undefined> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), LIMIT_MS)
  try {
    const credentials = new URL(url).origin === new URL(page).origin ? 'same-origin' : 'include'
    const response = await fetch(url, {
      method: 'POST',
      credentials,
      cache: 'no-store',
      headers: { accept: 'application/json' },
      signal: limit.signal,
    })
    if (!response.ok) return undefined
    const said = (await response.json()) as { token?: unknown } | null
    return typeof said?.token === 'string' && said.token !== '' ? said.token : undefined
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
