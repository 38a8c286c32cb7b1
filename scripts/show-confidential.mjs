// `make show-confidential`: one complaint about a unit and one tip-off, each with a photo whose file says who took it. Two real
// platforms receive them: the centre, and the unit that is complained of. Prints what each one received, and who has read who reported.
import { spawn, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'

const BIN = process.argv[2]
const PHONE = '13800000000'
const NAME = '某居民'
const ROOM = '1203'

const free = () => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => done(port))
  })
})
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

function png() {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(8, 0)
  head.writeUInt32BE(8, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const rows = deflateSync(Buffer.alloc(8 * (1 + 8 * 3)))
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head),
    chunk('tEXt', Buffer.from(`Author\0${NAME} ${PHONE}`)), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0)),
  ])
}

async function call(url, { method = 'GET', token, cookie, body, form } = {}) {
  const headers = { accept: 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  if (cookie) headers.cookie = cookie
  if (body) headers['content-type'] = 'application/json'
  const answer = await fetch(url, { method, headers, body: form ?? (body && JSON.stringify(body)) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`)
  return { json: text ? JSON.parse(text) : undefined, cookie: answer.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') }
}

async function ready(url) {
  for (let n = 0; n < 200; n += 1) {
    if (await fetch(url).then((a) => a.ok, () => false)) return
    await sleep(100)
  }
  throw new Error(`${url} does not answer`)
}

const folder = mkdtempSync(join(tmpdir(), 'gridworker-confidential-'))
const children = []
const start = (...args) => {
  const child = spawn(BIN, args, { stdio: ['ignore', 'ignore', process.env.VERBOSE ? 'inherit' : 'ignore'], cwd: folder })
  children.push(child)
}

try {
  const [port, centre, unit] = await Promise.all([free(), free(), free()])
  const secret = () => `whsec_${randomBytes(32).toString('base64')}`
  const [ofCentre, ofUnit] = [secret(), secret()]
  const config = join(folder, 'config.toml')
  writeFileSync(config, `
[server]
listen = "127.0.0.1:${port}"
[storage]
data_dir = "${join(folder, 'data')}"
[platform]
name = "centre"
base_url = "http://127.0.0.1:${centre}"
secret = "${ofCentre}"
attachments = true
[[destinations]]
name = "unit"
base_url = "http://127.0.0.1:${unit}"
secret = "${ofUnit}"
units = ["物业公司"]
attachments = true
`)
  const url = `http://127.0.0.1:${port}`
  const platform = (at, name, key) =>
    start('sandbox', '--listen', `127.0.0.1:${at}`, '--data', join(folder, name), '--name', name, '--secret', key,
      '--callback', `${url}/api/v1/platform/${name}/callbacks`)
  platform(centre, 'centre', ofCentre)
  platform(unit, 'unit', ofUnit)
  start('--config', config, 'serve')
  await ready(`${url}/health/ready`)

  const report = async (kind) => {
    const { json: { conversation_id: id, token } } = await call(`${url}/api/v1/conversations`, { method: 'POST', body: {} })
    const form = new FormData()
    form.append('file', new Blob([png()], { type: 'image/png' }), `${NAME}${PHONE}.png`)
    const { json: photo } = await call(`${url}/api/v1/attachments`, { method: 'POST', token, form })
    const text = `铂金云鼎小区7栋${ROOM}，物业公司把楼道消防通道堵了，我是${NAME}，可以打${PHONE}`
    await call(`${url}/api/v1/conversations/${id}/messages`, {
      method: 'POST', token, body: { client_message_id: kind, text, attachments: [photo.attachment_id] },
    })
    const draft = `${url}/api/v1/conversations/${id}/draft`
    let card = (await call(draft, { method: 'PATCH', token, body: { kind, reporter: { name: NAME, phone: PHONE, anonymous: false } } })).json
    for (let n = 0; n < 8 && !card.complete; n += 1) {
      const body = { client_message_id: `${kind}-${n}`, text: '不清楚' }
      card = (await call(`${url}/api/v1/conversations/${id}/messages`, { method: 'POST', token, body })).json.card
    }
    const { json } = await call(`${draft}/confirm`, { method: 'POST', token, body: {} })
    return json.ticket
  }
  const received = async (at, ticket, enough) => {
    for (let n = 0; n < 100; n += 1) {
      const got = await call(`http://127.0.0.1:${at}/api/v1/incidents/${ticket.id}/received`).then((a) => a.json, () => undefined)
      if (got && enough(got)) return got
      await sleep(200)
    }
    throw new Error(`${ticket.number} did not arrive`)
  }
  const whole = (got) => JSON.stringify(got).includes('附件1')
  const tells = (got) => {
    let text = JSON.stringify(got)
    for (const part of text.match(/[A-Za-z0-9+/]{80,}={0,2}/g) ?? []) text += Buffer.from(part, 'base64').toString('latin1')
    const name = Buffer.from(NAME).toString('latin1')
    return [PHONE, NAME, name, ROOM].filter((word) => text.includes(word))
  }

  let bad = 0
  for (const [kind, may] of [['投诉', ['centre']], ['举报', []]]) {
    const ticket = await report(kind)
    for (const [name, at] of [['centre', centre], ['unit', unit]]) {
      const got = await received(at, ticket, whole)
      const told = tells(got)
      const right = may.includes(name) ? told.includes(PHONE) : told.length === 0
      bad += right ? 0 : 1
      console.log(`\n== ${kind} ${ticket.number}: what ${name} received (${told.length ? `tells: ${told.join('、')}` : 'tells nobody'}) ${right ? 'ok' : 'WRONG'}`)
      console.log(JSON.stringify(got, null, 1).replace(/"[A-Za-z0-9+/]{120,}={0,2}"/g, (m) => `"…${m.length} characters…"`))
    }
    if (kind === '举报') {
      // Somebody of the centre looks, with a reason.
      const words = execFileSync(BIN, ['--config', config, 'user', 'add', '--role', 'dispatcher', '--role', 'auditor', 'centre'], { cwd: folder }).toString()
      const once = words.match(/[a-z0-9]{5}(?:-[a-z0-9]{5})+/)[0]
      const password = `六只橘猫坐在屋顶上${randomBytes(4).toString('hex')}`
      let { cookie } = await call(`${url}/api/v1/auth/sign-in`, { method: 'POST', body: { name: 'centre', password: once } })
      cookie = (await call(`${url}/api/v1/auth/password`, { method: 'POST', cookie, body: { current: once, new: password } })).cookie || cookie
      await call(`${url}/api/v1/worker/tickets/${ticket.number}/identity`, { method: 'POST', cookie, body: { reason: '核实举报内容' } })
      const { json } = await call(`${url}/api/v1/admin/audit?action=identity&limit=20`, { cookie })
      console.log('\n== who has learnt who reported')
      console.log(JSON.stringify(json, null, 1))
    }
  }
  console.log(bad ? `\n${bad} wrong` : '\nall right')
  process.exitCode = bad ? 1 : 0
} finally {
  for (const child of children) child.kill('SIGTERM')
  await sleep(1500)
  rmSync(folder, { recursive: true, force: true })
}
