// Files that are being changed, together until they become a version. They outlive a reload of the page, not the session of the window.
import '../../parts/forms.less'
import { computed, reactive, watch } from 'vue'
import { api, got, type Shape } from '../../../staff/client'
import { session } from '../../../staff/session'

const STORED = 'street-workbench'
interface Bench {
  /** Whose, and over which version in use. */
  owner: string
  base: number
  texts: Record<string, string>
}
function read(): Bench {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORED) ?? 'null') as Bench | null
    if (kept && typeof kept.base === 'number' && typeof kept.texts === 'object') return kept
  } catch {
    // Nothing that could be read.
  }
  return { owner: '', base: 0, texts: {} }
}
const kept = reactive(read())
watch(kept, (now) => {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(now))
  } catch {
    // Too large for the window's storage: it then lives as long as the page.
  }
})
const me = () => session.state.me?.account.id ?? ''
const mine = () => kept.owner === '' || kept.owner === me()

export const bench = {
  base: computed(() => kept.base),
  texts: computed<Record<string, string>>(() => (mine() ? kept.texts : {})),
  names: computed(() => (mine() ? Object.keys(kept.texts) : [])),
  put(name: string, text: string, base: number): void {
    if (!mine() || Object.keys(kept.texts).length === 0) Object.assign(kept, { owner: me(), base, texts: {} })
    kept.texts[name] = text
  },
  drop(name: string): void {
    delete kept.texts[name]
  },
  clear(): void {
    kept.texts = {}
  },
}

export type Report = Shape<'StreetReport'>
export const STREET = ['street'] as const
export const street = { queryKey: STREET, queryFn: () => got(api.GET('/api/v1/admin/street')), staleTime: 5000 }
export const check = (files: Record<string, string>) => got(api.POST('/api/v1/admin/street/check', { body: { files } }))
export const VERSION_STATES: Record<string, string> = { active: '正在使用', waiting: '没有用过', previous: '用过' }
export const versionWords = (version: number): string => (version === 0 ? '随程序提供' : `第 ${version} 版`)
