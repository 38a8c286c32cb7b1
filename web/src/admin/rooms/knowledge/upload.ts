import { Problem, problemOf } from '../../../api/problem'
import { api, got } from '../../../staff/client'

/** Sends a form and tells how much of it has gone: `fetch` cannot. */
export function upload<T>(path: string, form: FormData, sent: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((done, refuse) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total)
    request.onload = async () => {
      if (request.status >= 200 && request.status < 300) {
        done(JSON.parse(request.responseText) as T)
        return
      }
      const after = request.getResponseHeader('retry-after')
      const problem = await problemOf(
        new Response(request.responseText, { status: request.status, headers: after ? { 'retry-after': after } : {} }),
      )
      // Whoever is not signed in any more is asked again; the files that were chosen stay.
      if (problem.status === 401) await got(api.GET('/api/v1/auth/me')).catch(() => undefined)
      refuse(problem)
    }
    request.onerror = () => refuse(new TypeError('network'))
    request.onabort = () => refuse(new Problem(0, '已取消上传。'))
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

/** Endings that the server reads; everything else is told at once. */
export const READABLE = ['md', 'markdown', 'txt', 'docx', 'pdf', 'xlsx', 'xls', 'ods', 'csv', 'html', 'htm', 'zip']
export const MOST_FILES = 200
export const MOST_BYTES = 256 * 1024 * 1024

/** What speaks against a file before it is sent. */
export function unfit(file: { name: string; size: number }): string | undefined {
  const ending = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''
  if (ending === 'doc' || ending === 'wps' || ending === 'ppt' || ending === 'pptx') return '这种格式读不了，请另存为 docx 或 pdf'
  if (!READABLE.includes(ending)) return `读不了这种文件，可以用 ${READABLE.join('、')}`
  if (file.size === 0) return '文件是空的'
  if (file.size > MOST_BYTES) return '文件超过 256 MB'
  return undefined
}
