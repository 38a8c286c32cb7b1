import type { Shape } from '../../../staff/client'
import { moment } from '../../../staff/format'

export type AuditRow = Shape<'AuditView'>

/** What was done, in words; an action that is not here is shown as it stands in the log. */
export const ACTIONS: Record<string, string> = {
  'account.create': '新建账号',
  'account.change': '修改账号',
  'account.disable': '停用账号',
  'account.enable': '启用账号',
  'account.reset_password': '重置密码',
  'account.sign_out': '退出其所有设备',
  'account.hand_over': '移交工作',
  'account.take_over': '接手工作',
  'auth.sign_in': '登录',
  'auth.sign_out': '退出登录',
  'auth.password': '修改自己的密码',
  'auth.lock': '登录尝试过多被锁定',
  'auth.session_end': '退出一台设备',
  'auth.sessions_end': '退出其他设备',
  'auth.oidc_refused': '统一身份登录未成功',
  'key.create': '新建接口密钥',
  'key.revoke': '撤销接口密钥',
  'post.assign': '安排岗位',
  'leave.create': '登记离岗代班',
  'leave.end': '结束离岗代班',
  'audit.export': '导出审计日志',
  'ticket.move': '推进工单',
  'ticket.pause': '工单挂起',
  'ticket.resume': '工单恢复计时',
  'ticket.extend': '工单延期',
  'ticket.merge': '合并工单',
  'ticket.split': '拆分工单',
  'ticket.category': '纠正分类',
  'ticket.dispute': '提出派单异议',
  'ticket.dispute_decision': '审定派单异议',
  'alert.take': '知悉提醒',
  'identity.read': '查看反映人',
  'identity.sent': '向平台提供反映人',
  'outbox.replay': '重新推送',
  'outbox.by_hand': '人工登记推送结果',
  'outbox.export': '导出推送记录',
  'street.version': '保存街道数据新版本',
  'street.activate': '启用街道数据版本',
  'answer.confirm': '确认答案',
  'evaluation.run': '运行评测',
  'question_set.save': '保存试题集',
  'question_set.retire': '停用试题集',
  'document.create': '新建资料',
  'document.edit': '修改资料草稿',
  'document.discard': '放弃资料草稿',
  'document.submit': '提交资料审核',
  'document.withdraw': '撤回送审的资料',
  'document.approve': '通过资料审核',
  'document.return': '退回资料',
  'document.acknowledge': '放行资料疑点',
  'document.publish': '发布资料',
  'document.rollback': '取回资料旧版',
  'document.retire': '下架资料',
  'curated.create': '新建固定答复',
  'curated.save': '修改固定答复',
  'curated.publish': '发布固定答复',
  'curated.retire': '停用固定答复',
  'gap.change': '分派知识缺口',
  'gap.draft': '从缺口写资料',
  'gap.tell': '告诉问过的人',
  'import.create': '导入文件',
  'import.cancel': '停止导入',
  'import.retry': '重试导入',
  'index.build': '建立索引',
  'index.switch': '切换索引',
  'insight.export': '导出统计',
  'ledger.import': '导入台账',
  'ledger.visit': '登记走访',
  'ticket.revisit': '登记回访',
  'destination.pause': '暂停推送',
  'destination.resume': '恢复推送',
  'destination.reconcile': '与平台核对',
  'channel.create': '新建渠道',
  'channel.change': '修改渠道',
  'channel.secret': '换渠道签名密钥',
  'channel.secret_end': '停用渠道签名密钥',
  'endpoint.test': '测试模型接口',
}
export const actionWords = (action: string): string => ACTIONS[action] ?? action

/** What can be looked for: all that was done to one kind of thing. */
export const NOUNS: readonly [string, string][] = [
  ['auth.', '登录'],
  ['account.', '账号'],
  ['key.', '接口密钥'],
  ['post.', '岗位'],
  ['leave.', '离岗代班'],
  ['ticket.', '工单'],
  ['alert.', '提醒'],
  ['identity.', '反映人'],
  ['document.', '资料'],
  ['curated.', '固定答复'],
  ['gap.', '知识缺口'],
  ['question_set.', '试题集'],
  ['evaluation.', '评测'],
  ['index.', '索引'],
  ['outbox.', '推送'],
  ['street.', '街道数据'],
  ['import.', '导入'],
  ['ledger.', '台账'],
  ['insight.', '统计'],
  ['destination.', '推送平台'],
  ['channel.', '渠道'],
  ['endpoint.', '模型接口'],
  ['audit.', '审计日志'],
]

const OBJECTS: Record<string, string> = {
  account: '账号',
  session: '设备',
  key: '密钥',
  ticket: '工单',
  post: '岗位',
  document: '资料',
  sign_in: '登录',
  audit: '日志',
  gap: '缺口',
  street: '街道数据',
  outbox: '推送',
  curated: '固定答复',
}
export const objectWords = (kind: string): string => OBJECTS[kind] ?? kind

const VIA: Record<string, string> = { session: '本人登录', key: '接口密钥', console: '服务器命令', system: '系统' }
export const viaWords = (via: string): string => VIA[via] ?? via

const FIELDS: Record<string, string> = {
  name: '名称',
  owner: '所属账号',
  permissions: '权限',
  expires_at: '到期',
  roles: '角色',
  communities: '社区',
  grids: '网格',
  title: '说明',
  before: '原来',
  after: '现在',
  stand_in: '代班人',
  from: '从',
  until: '到',
  to: '到',
  reason: '理由',
  listed: '清单',
  posts: '岗位',
  tickets: '工单数',
  numbers: '工单',
  alerts: '提醒',
  gaps: '知识缺口',
  disabled: '同时停用',
  by: '方式',
  issuer: '认证方',
  why: '原因',
  rows: '行数',
  for: '代班，原岗',
  account: '账号',
  guarded: '要求保密',
  fields: '内容',
  outcome: '结果',
  took_ms: '用时（毫秒）',
  format: '格式',
  table: '表',
}
const WORDS: Record<string, string> = {
  words: '原话',
  phone: '电话',
  room: '门牌',
  oidc: '统一身份',
  password: '密码',
  unknown: '这里没有账号',
  cancelled: '本人取消',
  token: '认证方的答复不合规',
}
const ROLES: Record<string, string> = {
  gridworker: '网格员',
  dispatcher: '流转调度员',
  curator: '知识编辑',
  reviewer: '知识审核',
  administrator: '管理员',
  auditor: '审计员',
}

/** Words that only the server knows, such as the names of rights. */
export type Known = ReadonlyMap<string, string>

function words(value: unknown, known: Known, depth: number): string {
  if (value === null || value === undefined || value === '') return '无'
  if (typeof value === 'boolean') return value ? '是' : '否'
  if (Array.isArray(value)) return value.length === 0 ? '无' : value.map((v) => words(v, known, depth + 1)).join('、')
  if (typeof value === 'object') return `（${detailWords(value as Record<string, unknown>, known, depth + 1)}）`
  const said = String(value)
  return ROLES[said] ?? (/^\d{4}-\d{2}-\d{2}T/.test(said) ? moment(said) : (WORDS[said] ?? known.get(said) ?? said))
}

/** What changed, in one line. */
export function detailWords(detail: unknown, known: Known = new Map(), depth = 0): string {
  if (typeof detail === 'string') return detail
  if (!detail || typeof detail !== 'object' || depth > 4) return ''
  const fields = Object.entries(detail as Record<string, unknown>)
  // Who was away is named by name; the id beside it is for programs.
  return fields
    .map(
      ([name, value]) =>
        `${FIELDS[name] ?? name}：${name === 'for' ? String((value as { name?: string }).name ?? '') : words(value, known, depth)}`,
    )
    .join('；')
}

/** The same rows as a file of the server: what is looked for as a query. */
export function exportAddress(filter: Record<string, string | undefined>): string {
  const query = new URLSearchParams(Object.entries(filter).filter((e): e is [string, string] => Boolean(e[1])))
  const words = query.toString()
  return `/api/v1/admin/audit.csv${words ? `?${words}` : ''}`
}
