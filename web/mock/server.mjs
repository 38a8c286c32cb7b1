// A stand-in for the server while working on the pages: canned talk, real streams. Loopback only, nothing is kept.
//   npm run build && npm run mock            → http://127.0.0.1:8787/chat
//   GRIDWORKER_DEV_SERVER=http://127.0.0.1:8787 npm run dev
// Say 超时, 暂停, 延期 or 合并 in a report for such a ticket, 别动 for one that nobody moves.
// Say 断线 to have the stream cut in the middle, 卡住 to have the first try refused, 慢 for a slow answer.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const PORT = Number(process.env.PORT ?? 8787)
const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
// As the server's, with the recordings that the page has fetched.
const CSP =
  "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors *"
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const LABEL = '内容由AI生成，仅供参考'
const later = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()

const channel = {
  id: 'default',
  title: '春晖路街道网格员',
  greeting:
    '您好，我是虚拟数字网格员。可以问我办事政策，也可以直接说要反映的事情，比如“3栋楼下路灯不亮”。\n紧急情况请先拨打110、119或120。',
  suggestions: ['老年人高龄津贴怎么领？', '我家楼下有人飞线充电', '外墙瓷砖掉下来了', '查一下我的工单'],
  notice: '服务由AI提供，回答仅供参考，以原文和工作人员答复为准',
  label: LABEL,
  privacy: '您留下的电话只用于办理这件事，不会给被反映的单位看到。您可以随时清空对话。',
  hotlines: [
    { label: '政务服务便民热线', tel: '12345' },
    { label: '社区值班（示例）', tel: '02300000000' },
  ],
  human: { label: '街道治理指挥中心（示例）', tel: '02300000001', text: '指挥中心24小时有人值班。急事请直接打电话。' },
  max_chars: 2000,
  attachments: { max_bytes: 10_000_000, max_count: 6 },
}
const category = { code: 'C0203', name: '电动自行车违规充电', path: ['平安法治', '消防安全', '电动自行车违规充电'], section: '平安法治' }
const taxonomy = {
  groups: [
    { name: '平安法治', categories: [category, { code: 'C0204', name: '消防通道堵塞', path: ['平安法治', '消防安全', '消防通道堵塞'] }] },
    { name: '经济发展', categories: [{ code: 'B0101', name: '外墙脱落', path: ['经济发展', '房屋安全', '外墙脱落'] }] },
    {
      name: '民生服务',
      categories: [
        { code: 'D0301', name: '路灯不亮', path: ['民生服务', '市政设施', '路灯不亮'] },
        { code: 'D0302', name: '井盖缺失', path: ['民生服务', '市政设施', '井盖缺失'] },
        { code: 'D0401', name: '设备噪声', path: ['民生服务', '噪声', '设备噪声'] },
        { code: 'D0402', name: '树木修剪', path: ['民生服务', '绿化', '树木修剪'] },
      ],
    },
  ],
}
const citations = [
  {
    n: 1,
    document_id: 'doc-1',
    version: 3,
    title: '高龄津贴发放办法（示例）',
    issuer: '示例区民政局',
    doc_no: null,
    clause: '第三条',
    quote: '年满80周岁的本区户籍老年人，可以向户籍所在社区申请高龄津贴。',
    effective_from: '2024-01-01',
    expires_on: null,
    sources: [{ law: '中华人民共和国老年人权益保障法', article: '第三十三条', version: '2018年修正' }],
  },
  {
    n: 2,
    document_id: 'doc-1',
    version: 3,
    title: '高龄津贴发放办法（示例）',
    issuer: '示例区民政局',
    doc_no: '示民发〔2023〕12号',
    clause: '第五条',
    quote: '申请人持身份证、户口簿到社区办理，社区应当在5个工作日内初审。',
    effective_from: '2024-01-01',
    expires_on: '2026-12-31',
    sources: [],
  },
]
/** What the categories ask, by code. */
const OWN = {
  C0203: {
    notice: '不要自己去拔别人的插头，注意安全。',
    questions: [
      { text: '现在还在充电吗', required: true, kind: 'list', options: ['还在充', '已经停了', '不清楚'] },
      { text: '一共几辆车', required: false, kind: 'number', options: [] },
    ],
  },
  D0401: {
    questions: [
      { text: '是哪种设备的声音？', required: true, kind: 'multi', options: ['水泵', '变压器或配电房', '电梯', '风机', '不清楚'] },
      { text: '哪天开始的？', required: true, kind: 'date', options: ['不清楚'] },
    ],
  },
  D0402: {
    questions: [
      {
        text: '是谁家的树？',
        required: true,
        kind: 'list',
        options: ['小区里的', '街边的', '不清楚'],
        stop: { option: '街边的', text: '街边的树由园林管理所修剪。', tel: '02300000002', body: '示例区园林管理所' },
      },
    ],
  },
}
const DUPLICATES = [
  {
    number: 'WG20250301000900',
    title: '3栋楼道飞线充电',
    place: '铂金云鼎小区3栋',
    distance_m: 40,
    created_at: later(-300),
    status: '处置中',
    joined: 4,
  },
]
const conversations = new Map()
const tickets = new Map()
const attachments = new Map()
/** A photo that staff bring back: two colours. */
const DONE = 'done-1'
attachments.set(DONE, { type: 'image/bmp', bytes: picture([120, 150, 110], [70, 80, 75]) })
let counter = 0

const conversationOf = (id) => conversations.get(id)
const view = (t) => ({ ticket: t.ticket, timeline: t.timeline })
const story = (t) => ({ ...view(t), added: t.added })
const ENDED = ['已回访', '合并', '撤销']
const missingOf = (d) => [
  ...(d.description ? [] : ['description']),
  ...(d.place?.grid ? [] : ['place']),
  ...ownOf(d)
    .filter((q) => q.required && !d.answers?.[q.text])
    .map((q) => `answers.${q.text}`),
]
const ownOf = (d) => OWN[d.category?.code]?.questions ?? []
const questionOf = (c, field) => {
  if (field === 'place')
    return { field, text: c.places?.length ? '“银杏苑”有两处，是哪一处？' : '在什么地方？请说小区和楼栋。', options: c.places ?? [] }
  const own = ownOf(c.draft).find((q) => field === `answers.${q.text}`)
  return own ? { field, text: own.text, kind: own.kind, options: own.options } : { field, text: '是什么事？', options: [] }
}
const draftCard = (c) => {
  const missing = missingOf(c.draft)
  const about = OWN[c.draft.category?.code] ?? {}
  const card = {
    kind: 'draft',
    draft: c.draft,
    missing,
    complete: missing.length === 0,
    questions: ownOf(c.draft),
    photo_wanted: true,
    confidential: c.draft.kind === '举报',
  }
  if (about.notice) card.notice = about.notice
  if (c.position) card.photo_position = { lat: 29.5, lng: 106.5, system: 'wgs84' }
  if (/重复/.test(c.draft.description)) card.duplicates = DUPLICATES
  const end = ownOf(c.draft).find((q) => q.stop && c.draft.answers?.[q.text] === q.stop.option)?.stop
  if (end) return { ...card, complete: false, stopped: { text: end.text, tel: end.tel, body: end.body } }
  if (missing.length > 0) Object.assign(card, { asking: missing[0], question: questionOf(c, missing[0]) })
  return card
}
/** Takes what was said as the answer to what the draft asks; true when it was one. */
function takeAnswer(c, text) {
  const asked = c.draft && missingOf(c.draft)[0]
  if (!asked) return false
  if (/照片的位置/.test(text) && c.position) {
    c.position = false
    c.draft.place = { text: '照片里的位置', community: '锦凤社区', grid: '第七网格' }
  } else if (asked === 'place') {
    if (!c.places?.includes(text)) return false
    c.draft.place = { text, community: '锦凤社区', grid: '第三网格' }
  } else if (asked.startsWith('answers.')) c.draft.answers = { ...c.draft.answers, [asked.slice(8)]: text }
  else return false
  return true
}
function say(c, role, text, more = {}) {
  const message = {
    id: randomUUID(),
    seq: ++c.seq,
    role,
    text,
    created_at: new Date().toISOString(),
    citations: [],
    generated: false,
    attachments: [],
    ...more,
  }
  c.messages.push(message)
  return message
}
function tell(c, event, data) {
  const id = String(++c.newsId)
  for (const res of c.listeners) res.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}
function submit(c) {
  const number = `WG20250301${String(++counter).padStart(6, '0')}`
  const ticket = {
    number,
    kind: '投诉',
    title: c.draft.description.slice(0, 30),
    ...c.draft,
    urgency_reason: '',
    status: '已提交',
    joined: 1,
    created_at: new Date().toISOString(),
    route: { section: '平安法治板块', post: '平安建设岗', first_receiver: '锦凤社区第七网格', reason: '按类别' },
    clock: { accept_by: later(5), resolve_by: later(24 * 60), basis: '紧急：5分钟内受理，24小时内办结（连续计时）' },
  }
  const t = { ticket, added: [], timeline: [{ at: new Date().toISOString(), to: '已提交', by: '居民', text: '您提交了工单' }] }
  tickets.set(number, t)
  // 超时, 暂停 and 延期 in the words show what the clock says then; 合并 what became of the ticket.
  if (/超时/.test(ticket.description)) Object.assign(ticket.clock, { accept_by: later(-70), resolve_by: later(-10) })
  if (/暂停/.test(ticket.description)) Object.assign(ticket.clock, { paused_since: later(-30), why: '等下雨停' })
  if (/延期/.test(ticket.description)) Object.assign(ticket.clock, { extended: 1, why: '要等配件' })
  if (/合并/.test(ticket.description)) Object.assign(ticket, { status: '合并', duplicate_of: 'WG20250301000900' })
  const steps = [
    ['已送达平台', '系统', '已送到基层治理平台'],
    ['已受理', '流转调度岗', '已受理'],
    ['处置中', '平安建设岗', '网格员已到现场，正在劝离'],
    ['已办结', '平安建设岗', '电线已拆除，已告知集中充电点'],
  ]
  steps.forEach(([to, by, text], i) =>
    setTimeout(
      () => {
        if (ENDED.includes(ticket.status)) return
        const at = new Date().toISOString()
        t.timeline.push({ at, from: ticket.status, to, by, text })
        ticket.status = to
        // The work is shown when it is done.
        const photos = to === '已办结' ? [DONE] : []
        if (photos.length > 0) t.added.push({ at, by, attachments: photos, with_move: true })
        tell(c, 'ticket', view(t))
        if (i >= 2)
          tell(c, 'message', {
            message: say(c, 'news', `工单 ${number} ${to}：${text}。`, { card: { kind: 'progress', ...view(t) }, attachments: photos }),
          })
      },
      (/别动/.test(ticket.description) ? 600_000 : 1500) * (i + 1),
    ),
  )
  c.draft = null
  c.last = t
  return t
}
const named = (text) =>
  taxonomy.groups.flatMap((g) => g.categories).find((x) => (/路灯|噪声|修剪/.exec(text) ?? ['-']).some((w) => x.name.includes(w)))
/** What is said to a message: route, words, card, what a model would have written. */
function answer(c, text) {
  if (takeAnswer(c, text)) {
    const next = missingOf(c.draft)[0]
    const card = draftCard(c)
    if (card.stopped) return { route: 'channel', text: card.stopped.text, card }
    return { route: 'report', text: next ? `好的，记下了。${questionOf(c, next).text}` : '好的，记下了。没有问题就点“确认提交”。', card }
  }
  if (/掉下来|裂缝|着火|煤气/.test(text)) {
    c.draft = { description: text, urgency: '特急', kind: '求助', answers: {}, attachments: [], category: taxonomy.groups[1].categories[0] }
    return {
      route: 'emergency',
      text: '请先离开危险的地方，不要在下面停留，也提醒路过的人绕行。我同时替您准备了一张特急工单，请告诉我在哪个小区、几栋。',
      card: {
        kind: 'emergency',
        numbers: [
          { label: '消防救援', tel: '119' },
          { label: '公安报警', tel: '110' },
          { label: '医疗急救', tel: '120' },
        ],
        advice: '有人受伤先打120。',
      },
    }
  }
  if (/工单|进展|到哪/.test(text))
    return c.last
      ? { route: 'progress', text: '这是您最近的一张工单。', card: { kind: 'progress', ...view(c.last) } }
      : { route: 'progress', text: '这个对话里还没有工单。您可以说说要反映的事情。' }
  if (/重复|同一件/.test(text))
    return {
      route: 'report',
      text: '附近有人反映过相似的问题，请看看是不是同一件事。',
      card: { kind: 'duplicate', candidates: DUPLICATES },
    }
  if (/一起反映/.test(text)) return { route: 'report', text: '已经把您加到那张工单里，进展会一起告诉您。' }
  if (/转人工/.test(text))
    return {
      route: 'human',
      text: '已经通知值班人员。您也可以直接拨打12345。',
      card: { kind: 'choices', options: ['留下电话', { label: '继续和我说', send: '继续' }] },
    }
  if (/充电|路灯|井盖|垃圾|占道|噪声|修剪|反映|上报/.test(text) && !/[？?]|怎么/.test(text)) {
    c.draft = {
      description: text,
      kind: /举报/.test(text) ? '举报' : '投诉',
      urgency: '紧急',
      answers: {},
      attachments: [],
      category: named(text) ?? category,
    }
    c.places = /银杏苑/.test(text) ? ['银杏苑小区2栋（锦凤社区第三网格）', '银杏苑二期2栋（春晖社区第一网格）'] : []
    const place = /(.{2,10}(?:小区|栋|路口)[^，。]*)/.exec(text)
    if (place && c.places.length === 0) c.draft.place = { text: place[1], community: '锦凤社区', grid: '第七网格' }
    return { route: 'report', text: '我记下了。请核对下面的草稿，缺的地方点一下就能补上。', card: 'draft' }
  }
  if (/证明|保密/.test(text))
    return {
      route: 'ask',
      finish: 'refused',
      text: '这个问题我没有找到可靠的依据，不能随便回答。建议拨打12345咨询。',
      card: { kind: 'choices', options: ['我要上报', '转人工'] },
    }
  const body =
    '可以的。年满80周岁的本区户籍老年人都能申请高龄津贴〔1〕。\n\n需要带的材料：\n- 身份证原件\n- 户口簿原件\n- 本人银行卡\n\n到户籍所在社区办理，社区在5个工作日内初审〔2〕。行动不便的，可以请网格员上门代办，或拨打12345、023-00000000咨询。'
  return { route: 'ask', text: body, citations, generated: true, card: { kind: 'choices', options: ['上门代办怎么预约？', '我要上报'] } }
}
function startTurn(c, mine, text) {
  const turn = { id: randomUUID(), events: [], waiting: new Set(), over: false }
  c.turns.set(turn.id, turn)
  c.running = turn
  mine.turn_id = turn.id
  const emit = (event, data) => {
    const e = { id: String(turn.events.length + 1), event, data }
    turn.events.push(e)
    for (const push of turn.waiting) push(e)
  }
  const said = answer(c, text)
  if (c.draft && mine.attachments.length > 0) {
    c.draft.attachments.push(...mine.attachments)
    // What a photo says about its place is offered while none is known.
    c.position = !c.draft.place?.grid
    if (text === '') Object.assign(said, { route: 'report', text: '收到照片。', generated: false, citations: undefined })
    said.card = 'draft'
  }
  const message = say(c, 'assistant', '', {
    turn_id: turn.id,
    route: said.route,
    generated: said.generated ?? false,
    label: said.generated ? LABEL : undefined,
  })
  emit('turn', { turn_id: turn.id, route: said.route, message_id: message.id })
  const card = said.card === 'draft' ? draftCard(c) : said.card
  if (card?.kind === 'emergency') emit('card', card)
  const pieces = said.text.match(/.{1,3}|\n/gs) ?? []
  const pace = /慢/.test(text) ? 250 : 30
  setTimeout(() => emit('status', { text: '正在查政策原文…' }), 50)
  let at = 0
  setTimeout(function step() {
    if (at < pieces.length) {
      message.text += pieces[at]
      emit('delta', { text: pieces[at++] })
      setTimeout(step, pace)
      return
    }
    if (said.citations) emit('citations', said.citations)
    if (card && card.kind !== 'emergency') emit('card', card)
    if (said.route === 'report') emit('notice', { text: '您的电话等信息只用于办理这件事。' })
    Object.assign(message, { citations: said.citations ?? [], card, finish: said.finish ?? 'complete' })
    turn.over = true
    c.running = null
    emit('done', {
      turn_id: turn.id,
      finish: message.finish,
      chars: [...said.text].length,
      sha256: createHash('sha256').update(said.text).digest('hex'),
      message_id: message.id,
      generated: message.generated,
      label: message.label,
    })
  }, 600)
  return turn
}
function streamTurn(res, turn, after, cutAfter = Infinity) {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let sent = 0
  const push = (e) => {
    if (Number(e.id) <= after) return
    res.write(`id: ${e.id}\nevent: ${e.event}\ndata: ${JSON.stringify(e.data)}\n\n`)
    if (++sent >= cutAfter) {
      turn.waiting.delete(push)
      res.destroy()
    } else if (e.event === 'done') res.end()
  }
  turn.waiting.add(push)
  for (const e of [...turn.events]) push(e)
  if (turn.over) res.end()
  res.on('close', () => turn.waiting.delete(push))
}

/** 16 × 16 pixels, the upper half of one colour, the lower of another. */
function picture(upper, lower) {
  const out = Buffer.alloc(54 + 768)
  out.write('BM')
  for (const [at, value] of [
    [2, out.length],
    [10, 54],
    [14, 40],
    [18, 16],
    [22, 16],
    [34, 768],
  ])
    out.writeUInt32LE(value, at)
  out.writeUInt16LE(1, 26)
  out.writeUInt16LE(24, 28)
  for (let i = 0; i < 256; i++) out.set(i < 128 ? lower : upper, 54 + 3 * i)
  return out
}

const json = (res, status, body) => {
  res.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' })
  res.end(body === undefined ? '' : JSON.stringify(body))
}
const problem = (res, status, detail, more = {}) => json(res, status, { title: detail, detail, status, ...more })

async function api(req, res, url) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  const raw = Buffer.concat(chunks)
  const body = /json/.test(req.headers['content-type'] ?? '') && raw.length ? JSON.parse(raw) : {}
  const parts = url.pathname.slice('/api/v1/'.length).split('/').map(decodeURIComponent)
  const is = (method, ...want) => req.method === method && want.length === parts.length && want.every((w, i) => w === '*' || w === parts[i])
  const token = (req.headers.authorization ?? '').replace('Bearer ', '')

  if (is('GET', 'channels', '*')) return json(res, 200, { ...channel, id: parts[1] })
  if (is('GET', 'taxonomy')) return json(res, 200, taxonomy)
  if (is('POST', 'conversations')) {
    const c = {
      id: randomUUID(),
      token: randomUUID(),
      seq: 0,
      newsId: 0,
      messages: [],
      turns: new Map(),
      sent: new Map(),
      draft: null,
      running: null,
      listeners: new Set(),
      last: null,
      refused: new Set(),
    }
    conversations.set(c.id, c)
    return json(res, 201, { conversation_id: c.id, token: c.token, greeting: channel.greeting, suggestions: channel.suggestions })
  }
  if (is('GET', 'documents', '*', 'versions', '*'))
    return json(res, 200, {
      document: {
        id: parts[1],
        title: citations[0].title,
        version: Number(parts[3]),
        issuer: '示例区民政局',
        doc_no: null,
        effective_from: '2024-01-01',
        expires_on: null,
        sources: [],
      },
      sections: [
        { heading: '第一条', text: '为了做好高龄津贴发放，制定本办法。' },
        { heading: '第三条', text: citations[0].quote },
        { heading: '第五条', text: citations[1].quote },
      ],
    })

  const owner = [...conversations.values()].find((c) => c.token === token)
  if (!owner) return problem(res, 401, '对话已失效，请重新打开。')
  if (is('POST', 'attachments')) {
    const id = randomUUID()
    const from = raw.indexOf('\r\n\r\n') + 4
    const bytes = raw.subarray(from, raw.lastIndexOf('\r\n--'))
    const type = /content-type: *([^\r\n;]+)/i.exec(raw.subarray(0, from).toString())?.[1] ?? ''
    const kind = { image: 'photo', audio: 'voice', video: 'video' }[type.split('/')[0]]
    if (/heic/.test(type))
      return problem(res, 415, '这是HEIC格式的照片，这里打不开。苹果手机请在“设置→相机→格式”里选“兼容性最佳”再拍，或者打开照片截一张图发来')
    if (!kind) return problem(res, 415, '只能发送照片（JPEG、PNG、WebP）、语音（OGG、WebM、M4A、AAC、MP3、WAV、AMR）和短视频（MP4、WebM）')
    if (bytes.length < 40)
      return problem(res, 422, `${{ photo: '照片', voice: '语音', video: '视频' }[kind]}文件已损坏或者没有传完整，请重新选择`)
    attachments.set(id, { type, bytes })
    return setTimeout(
      () =>
        json(res, 201, {
          attachment_id: id,
          kind,
          content_type: type,
          bytes: bytes.length,
          ...(kind === 'photo' ? {} : { duration_ms: 2000 }),
        }),
      400,
    )
  }
  if (is('GET', 'attachments', '*') || is('HEAD', 'attachments', '*')) {
    const found = attachments.get(parts[1])
    if (!found) return problem(res, 404, '没有这个附件。')
    if (url.searchParams.get('size') === 'thumb' && !found.type.startsWith('image/')) return problem(res, 404, '语音和视频没有缩略图')
    res.writeHead(200, { 'content-type': found.type, 'content-length': found.bytes.length })
    return res.end(req.method === 'HEAD' ? undefined : found.bytes)
  }
  if (is('GET', 'tickets', '*'))
    return tickets.has(parts[1]) ? json(res, 200, story(tickets.get(parts[1]))) : problem(res, 404, '没有这张工单。')
  if (is('POST', 'tickets', '*', 'attachments')) {
    const t = tickets.get(parts[1])
    if (ENDED.includes(t.ticket.status)) return problem(res, 409, `工单已是“${t.ticket.status}”，不能再补充附件`)
    t.ticket.attachments = [...t.ticket.attachments, ...body.attachments]
    t.added.push({ at: new Date().toISOString(), by: '居民', note: body.note, attachments: body.attachments, with_move: false })
    return json(res, 200, story(t))
  }
  if (is('POST', 'tickets', '*', 'withdraw')) {
    const t = tickets.get(parts[1])
    if (['已办结', ...ENDED].includes(t.ticket.status))
      return problem(res, 409, `工单已是“${t.ticket.status}”，不能再撤回；有话要说可以直接告诉我，或者打12345`)
    t.timeline.push({
      at: new Date().toISOString(),
      from: t.ticket.status,
      to: '撤销',
      by: '居民',
      note: body.reason,
      text: '这张工单已经撤销。',
    })
    t.ticket.status = '撤销'
    return json(res, 200, story(t))
  }
  if (is('POST', 'tickets', '*', 'rating')) {
    const t = tickets.get(parts[1])
    const to = body.solved ? '已回访' : '重新办理'
    t.timeline.push({ at: new Date().toISOString(), from: t.ticket.status, to, by: '居民', text: `您评价了 ${body.stars} 星` })
    t.ticket.status = to
    return json(res, 200, view(t))
  }

  const c = conversationOf(parts[1])
  if (parts[0] !== 'conversations' || c !== owner) return problem(res, 404, '没有这个对话。')
  if (is('DELETE', 'conversations', '*')) {
    conversations.delete(c.id)
    for (const l of c.listeners) l.end()
    return json(res, 204)
  }
  if (is('POST', 'conversations', '*', 'messages')) {
    const known = c.sent.get(body.client_message_id)
    if (known) return streamTurn(res, known, 0)
    if (/卡住/.test(body.text) && !c.refused.has(body.client_message_id)) {
      c.refused.add(body.client_message_id)
      return problem(res, 503, '服务正忙，请稍后再试。')
    }
    if (body.text.length > channel.max_chars) return problem(res, 422, '消息太长了。')
    const mine = say(c, 'resident', body.text, { client_message_id: body.client_message_id, attachments: body.attachments ?? [] })
    const turn = startTurn(c, mine, body.text)
    c.sent.set(body.client_message_id, turn)
    return streamTurn(res, turn, 0, /断线/.test(body.text) ? 12 : Infinity)
  }
  if (is('GET', 'conversations', '*', 'messages')) {
    const after = Number(url.searchParams.get('after') ?? 0)
    return json(res, 200, {
      messages: c.messages.filter((m) => m.seq > after),
      draft: c.draft ? draftCard(c) : null,
      running: c.running ? { turn_id: c.running.id } : null,
    })
  }
  if (is('GET', 'conversations', '*', 'turns', '*', 'events')) {
    const turn = c.turns.get(parts[3])
    return turn ? streamTurn(res, turn, Number(req.headers['last-event-id'] ?? 0)) : problem(res, 404, '没有这一轮。')
  }
  if (is('GET', 'conversations', '*', 'events')) {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    res.write(': hello\n\n')
    const beat = setInterval(() => res.write(': beat\n\n'), 15_000)
    c.listeners.add(res)
    return res.on('close', () => (clearInterval(beat), c.listeners.delete(res)))
  }
  if (is('POST', 'conversations', '*', 'messages', '*', 'feedback')) return json(res, 204)
  if (is('PATCH', 'conversations', '*', 'draft')) {
    if (!c.draft) return problem(res, 404, '没有草稿。')
    if (body.reporter?.phone && !/^\d{7,12}$/.test(body.reporter.phone))
      return problem(res, 422, '内容不符合要求。', { errors: [{ field: 'reporter.phone', message: '电话号码不对，请检查。' }] })
    const { place, category: picked, answers, reporter, ...rest } = body
    Object.assign(c.draft, rest)
    if (place && c.places.length === 0) c.draft.place = { text: place, community: '锦凤社区', grid: '第七网格' }
    if (picked) c.draft.category = taxonomy.groups.flatMap((g) => g.categories).find((x) => x.code === picked.code)
    if (answers) c.draft.answers = { ...c.draft.answers, ...answers }
    if (reporter) c.draft.reporter = { ...c.draft.reporter, ...reporter }
    return json(res, 200, { card: draftCard(c) })
  }
  if (is('POST', 'conversations', '*', 'draft', 'confirm')) {
    if (!c.draft)
      return c.last
        ? json(res, 200, { ticket: c.last.ticket, card: { kind: 'receipt', ticket: c.last.ticket } })
        : problem(res, 404, '没有草稿。')
    const missing = missingOf(c.draft)
    if (missing.length) return problem(res, 409, '信息还不完整。', { missing })
    const t = submit(c)
    const card = { kind: 'receipt', ticket: { ...t.ticket } }
    say(c, 'assistant', '', { card })
    return json(res, 201, { ticket: t.ticket, card })
  }
  if (is('POST', 'conversations', '*', 'draft', 'cancel')) {
    c.draft = null
    return json(res, 200, { card: null })
  }
  return problem(res, 404, '没有这个接口。')
}

createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname.startsWith('/api/v1/')) return void api(req, res, url).catch((e) => (console.error(e), problem(res, 500, '出错了。')))
  if (url.pathname === '/host') {
    // Another site's page under a strict policy of its own.
    res.writeHead(200, {
      'content-type': TYPES['.html'],
      'content-security-policy': "default-src 'none'; script-src 'self'; frame-src 'self'; style-src 'none'",
    })
    return res.end(
      '<!doctype html><html lang="zh"><meta name="viewport" content="width=device-width"><title>别的网站</title><main><h1>别的网站</h1><p>正文</p></main><script src="/widget.js" data-title="问问网格员" async></script>',
    )
  }
  const name = url.pathname === '/' ? 'index.html' : url.pathname === '/chat' ? 'chat.html' : normalize(url.pathname).replace(/^[/\\]+/, '')
  const file = join(DIST, name)
  if (!file.startsWith(DIST) || !existsSync(file) || !statSync(file).isFile()) return problem(res, 404, '没有这一页。')
  res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP })
  res.end(readFileSync(file))
}).listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}/chat`))
