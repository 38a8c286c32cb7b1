import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from '../api/generated/schema'
import { Problem, problemOf } from '../api/problem'

/** A shape of the API document by its name. */
export type Shape<Name extends keyof components['schemas']> = components['schemas'][Name]

/** Called when the server says that nobody is signed in (any more). */
let onSignedOut: () => void = () => undefined
export function whenSignedOut(then: () => void): void {
  onSignedOut = then
}

/** How long one call may take (ms), if it has no limit of its own. */
const LIMIT_MS = 60_000
/** What asks hundreds of questions or builds an index twice before it answers. */
const PATIENT_MS = 15 * 60_000

const within =
  (ms: number) =>
  (request: Request): Promise<Response> => {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(new DOMException('', 'TimeoutError')), ms)
    request.signal.addEventListener('abort', () => limit.abort(request.signal.reason))
    return fetch(new Request(request, { signal: limit.signal })).finally(() => clearTimeout(timer))
  }
const calls = (ms: number) => createClient<paths>({ baseUrl: '', credentials: 'same-origin', cache: 'no-store', fetch: within(ms) })

/** The staff's calls, typed by the API document; the session's cookie goes with them. Every refusal is thrown as a `Problem`. */
export const api = calls(LIMIT_MS)
/** The same, for what is known to take long. */
export const patientApi = calls(PATIENT_MS)

const refusals: Middleware = {
  async onResponse({ request, response }) {
    if (response.ok || response.status === 304) return
    const problem = await problemOf(response)
    if (problem.status === 401 && !new URL(request.url).pathname.endsWith('/auth/sign-in')) onSignedOut()
    throw problem
  },
}
api.use(refusals)
patientApi.use(refusals)

/** What a call answered with; an answer without a body is `undefined`. */
export async function got<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T
}

/** What to tell somebody at a desk about anything that was thrown. */
export function told(error: unknown): string {
  if (error instanceof Problem)
    return [error.detail, ...error.errors.map((e) => e.message)].filter((w, at, all) => w && all.indexOf(w) === at).join('；')
  if (error instanceof DOMException && error.name === 'TimeoutError') return '等了太久没有回应，请重试。'
  return '网络不通，请检查后重试。'
}
