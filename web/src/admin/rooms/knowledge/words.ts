import type { Shape } from '../../../staff/client'
import { day } from '../../../staff/format'

export type DocumentRow = Shape<'DocumentRow'>
export type DocumentView = Shape<'DocumentView'>
export type VersionView = Shape<'VersionView'>
export type Content = Shape<'Content'>
export type Finding = Shape<'FindingView'>

export const STANDINGS: Record<DocumentRow['state'], string> = {
  draft: '草稿',
  in_review: '待审核',
  scheduled: '待生效',
  published: '答复中',
  expired: '已失效',
  retired: '已下架',
}
/** How a state is coloured; the words stand beside it, so that colour alone says nothing. */
export const TONES: Record<string, string> = {
  published: 'good',
  scheduled: 'calm',
  in_review: 'calm',
  draft: 'plain',
  expired: 'bad',
  retired: 'plain',
  overdue: 'bad',
  soon: 'warn',
}
export const WORKS: Record<string, string> = { draft: '有草稿', in_review: '新版待审核' }
export const AUDIENCES: Record<string, string> = { resident: '居民', gridworker: '网格员', all: '居民和网格员' }
export const DUES: Record<string, string> = { overdue: '已到期', soon: '30天内到期', later: '' }
export const VERSION_STATES: Record<string, string> = { in_review: '待审核', returned: '已退回', withdrawn: '已撤回', published: '已发布' }
export const EVENTS: Record<string, string> = {
  imported: '导入并发布',
  begun: '开始起草',
  edited: '修改草稿',
  discarded: '放弃草稿',
  rolled_back: '取回旧版作草稿',
  submitted: '提交审核',
  withdrawn: '撤回',
  returned: '退回',
  approved: '审核通过，发布',
  acknowledged: '说明疑点后放行',
  retired: '下架',
}
export const FIELDS: Record<string, string> = {
  id: '编号',
  title: '标题',
  audience: '给谁看',
  area: '适用区域',
  category: '类别',
  issuer: '发布单位',
  doc_no: '文号',
  effective_from: '施行日期',
  expires_on: '失效日期',
  review_by: '复核日期',
  owner: '责任单位',
  keywords: '关键词',
  questions: '常见问法',
  sources: '依据条款',
  superseded_by: '接替资料',
  authority: '权威程度',
  shape: '切分方式',
  body: '正文',
}
export const FINDINGS: Record<string, string> = {
  same_document: '同一份文件',
  other_law_version: '法规版本不同',
  contradiction: '说法不一致',
  near_duplicate: '大段重复',
  answers_lost: '会丢失答案',
}
export const VERDICTS: Record<string, string> = {
  right: '正确',
  wrong: '答非所问',
  declined: '误拒',
  answered: '该拒未拒',
  other_route: '去向不对',
}

/** Versions that were published, oldest first. */
export const published = (doc: DocumentView): VersionView[] => doc.versions.filter((v) => v.state === 'published')

/** The version whose text stands for the document: the one that answers, else the newest that was published. */
export const current = (doc: DocumentView): number | undefined => doc.answering ?? published(doc).at(-1)?.version

/** Where a document stands, in a sentence. */
export function standing(doc: DocumentView): { state: DocumentRow['state']; words: string } {
  const newest = published(doc).at(-1)
  if (doc.retired) {
    const from = doc.retired.ended_on ? `从${day(doc.retired.ended_on)}起不再使用` : '这份内容被认定有误，任何日期都不再作答'
    return { state: 'retired', words: `已下架，${from}。原因：${doc.retired.reason}` }
  }
  if (doc.answering) {
    const until = doc.versions.find((v) => v.version === doc.answering)?.answers_until
    return { state: 'published', words: `第${doc.answering}版正在答复${until ? `，到${day(until)}为止` : ''}。` }
  }
  if (newest) {
    // A version begins in the future, or the last one is over.
    const begins =
      newest.answers_from && (!newest.answers_until || newest.answers_until > newest.answers_from) && newest.answers_from > today()
    return begins
      ? { state: 'scheduled', words: `第${newest.version}版已发布，${day(newest.answers_from)}起答复。` }
      : {
          state: 'expired',
          words: `第${newest.version}版${newest.answers_until ? `已于${day(newest.answers_until)}` : '已经'}失效，现在不作答。请修订后重新发布，或者下架。`,
        }
  }
  if (doc.waiting) return { state: 'in_review', words: '还没有发布过，正在等待审核。' }
  return { state: 'draft', words: '还没有发布过，只有草稿。' }
}

/** The day it is in the street. */
export const today = (now: Date = new Date()): string => now.toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })

/** An id as one may use it, made from a title. */
export const idFrom = (title: string): string => title.replace(/[^\p{L}\p{N}\-_.]/gu, '').slice(0, 40)

/** Items that stand one a line or between commas. */
export const items = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\n,，、;；]/)
      .map((t) => t.trim())
      .filter(Boolean),
  ),
]
/** Items that stand one a line: they may have commas. */
export const lines = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((t) => t.trim())
      .filter(Boolean),
  ),
]

/** A share of right answers, for people. */
export const share = (part: number, whole: number): string =>
  whole === 0 ? '—' : `${part}/${whole}（${Math.round((part / whole) * 1000) / 10}%）`
