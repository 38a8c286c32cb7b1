import type { FieldError } from './types'

/** An `application/problem+json` answer, or the nearest to it that the network gave. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** A sentence for the resident. */
    readonly detail: string,
    readonly code?: string,
    readonly errors: FieldError[] = [],
    readonly missing: string[] = [],
    /** Seconds the server asked to wait. */
    readonly retryAfter?: number,
    /** Everything that the answer said, for who knows this code. */
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
    this.name = 'Problem'
  }

  /** Whether trying the same again later can help. */
  get transient(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 425
  }

  /** Whether the conversation's key is worth nothing any more. */
  get keyIsLost(): boolean {
    return this.status === 401 || this.status === 403 || this.status === 404 || this.status === 410
  }
}

const WORDS: Record<number, string> = {
  401: '对话已失效，请重新打开。',
  403: '没有权限。',
  404: '没有找到。',
  409: '信息还不完整。',
  413: '文件太大。',
  415: '不支持这种文件。',
  422: '内容不符合要求。',
  429: '操作太频繁，请稍后再试。',
}

/** Reads the problem out of a response that is not ok. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {}
  try {
    const read: unknown = await response.json()
    if (read && typeof read === 'object') body = read as Record<string, unknown>
  } catch {
    // A gateway's own page: the status alone has to do.
  }
  const words = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const detail =
    words(body['detail']) ??
    words(body['title']) ??
    WORDS[response.status] ??
    (response.status >= 500 ? '服务暂时不可用，请稍后再试。' : `请求没有成功（${response.status}）。`)
  const errors = (Array.isArray(body['errors']) ? body['errors'] : []) as FieldError[]
  const missing = (Array.isArray(body['missing']) ? body['missing'] : []) as string[]
  const after = Number(response.headers.get('retry-after'))
  return new Problem(response.status, detail, words(body['code']), errors, missing, after > 0 ? after : undefined, body)
}

/** What to tell the resident about anything that was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Problem ? error.detail : '网络不通，请检查后重试。'
}
