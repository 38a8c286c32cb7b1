/** What the columns of the street's files hold, in words. The files keep their own names: other programs read them too. */
const TITLES: Record<string, string> = {
  a_title: 'A岗称呼', accept_minutes: '受理时限（分钟）', advice: '先怎么做', aliases: '别名', anonymous_allowed: '可以匿名', applies_to: '适用范围', at_least: '少于几件不评',
  b_title: 'B岗称呼', basis: '依据', body: '责任单位', buildings: '楼栋', category_code: '类别代码', category_prefix: '类别代码开头', centre_title: '指挥中心称呼', clock: '时限',
  closing: '结案条件', co_units: '协办单位', code: '代码', code12345: '12345代码', collection: '取证要求', community: '社区', community_duty: '社区职责', confidentiality: '保密',
  counting: '怎么计时', date: '日期', details: '要留意', duplicate_radius_m: '同一件事的距离（米）', duplicate_window_h: '同一件事的时间（小时）', estate: '小区', everyday: '日常说法',
  examples: '例子', exclude_words: '不算的说法', filing: '立案条件', first_receiver: '首接', followed_by: '由谁接替', gb30428: '国标代码', grid: '网格', grid_code: '网格代码', grid_kind: '网格类型',
  group: '居民看到的大类', handler_post: '负责岗位', id: '编号', interval_days: '走访间隔（天）', joined: '一起反映的话', kind: '种类', label: '称呼', lat: '纬度', leader_title: '带班领导称呼',
  legal_basis: '法律依据', level1: '大类', level2: '中类', lng: '经度', max_days: '最长天数', measure: '指标', micro_grids: '微网格', name: '名称', negative_words: '不是它的说法', news: '告诉居民的话',
  next_due: '下次走访', note: '备注', notice: '提示', number: '档案号', official: '正式说法', offset_minutes: '提前或超过（分钟）', open311: 'Open311代码', options: '选项', order: '次序', photo_wanted: '要照片',
  place: '地点', post: '岗位', priority: '先后', question_words: '问它的说法', reason: '派单理由', required: '必答', required_phone: '必须留电话', resolve_hours: '办结时限（小时）', responsible: '责任主体',
  section: '板块', sentence: '一句话说明', state: '状态', step: '级别', stopper: '不受理的去处', stoppers: '答了就不办的选项', street: '街道', supervisor: '监管部门', system: '坐标系', tel: '电话', text: '内容',
  threshold: '达标线', title: '名称', to: '提醒谁', units: '单元', urgency: '紧急程度', urgent_words: '算紧急的说法', valid_from: '从哪天起', valid_until: '到哪天止', weight: '权重', wish_words: '要办它的说法', words: '说法',
}

/** `先后（priority）`; a column that nobody knows is named as it stands in the file. */
export const columnWords = (column: string): string => (TITLES[column] ? `${TITLES[column]}（${column}）` : column)
/** The words alone, where the file's own name would be too much. */
export const columnTitle = (column: string): string => TITLES[column] ?? column
