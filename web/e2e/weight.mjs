// How fast a resident's window stands on a slow phone, and what each face weighs: make show-speed
// A cold browser at 4 × slower computing, 150 ms a round trip, 1.6 Mbit/s; the median of five. On a machine that is busy with other
// things the clock says more about these than about the window: beside it stands what the same window would take by reckoning, from
// its computing time (which nobody else can stretch), its round trips one after the other and its bytes.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { SIZES, findChromium, launch } from './browser.mjs'
import { startService } from './service.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const TIMES = Number(process.env.TIMES ?? 5)
const SLOW = { cpu: 4, latency: 150, down: 1.6e6 / 8, up: 0.75e6 / 8 }
const LIMITS = { interactive: 2000, desk: 350 * 1024 }

const chromium = findChromium()
if (!chromium) {
  console.log('skipped: no Chromium found (apt install chromium, or CHROMIUM=/path/to/it)')
  process.exit(0)
}
const binary = resolve(process.env.GRIDWORKER_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'release/gridworker'))
if (!existsSync(binary)) {
  console.error(`no binary at ${binary}: cargo build --release --locked, or GRIDWORKER_BIN=/path/to/it`)
  process.exit(1)
}
const pictures = join(ROOT, 'tests/.artifacts/e2e')
mkdirSync(pictures, { recursive: true })
const browser = await launch(chromium)
const service = await startService(binary, join(pictures, 'service-speed.log'))
/** While the pages are worked on: FRESH_DIST=1 puts web/dist in front of the service, packed as the service packs. */
const front = process.env.FRESH_DIST ? await startFront() : { url: service.url, stop: () => undefined }

async function startFront() {
  const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }
  const packed = new Map()
  const server = createServer((req, res) => {
    const path = new URL(req.url, service.url).pathname
    const face = /^\/(chat|worker|admin)(\/|$)/.exec(path)
    const file = join(ROOT, 'web/dist', face ? `${face[1]}.html` : path === '/' ? 'index.html' : path.slice(1))
    const type = TYPES[file.split('.').pop()]
    if (type && existsSync(file)) {
      if (!packed.has(file)) packed.set(file, gzipSync(readFileSync(file)))
      res.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-encoding': 'gzip', 'cache-control': 'no-cache' })
      return void res.end(packed.get(file))
    }
    const to = request(`${service.url}${req.url}`, { method: req.method, headers: req.headers }, (from) => {
      res.writeHead(from.statusCode, from.headers)
      from.pipe(res)
    })
    to.on('error', () => res.destroy())
    req.pipe(to)
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.closeAllConnections() ?? server.close() }
}

/** A new phone or desk; counts the bytes that come over the line, by kind. */
async function visitor(size, slow, computing = false) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    hasTouch: size === 'phone',
  })
  const page = await context.newPage()
  const line = await context.newCDPSession(page)
  await line.send('Network.enable')
  await line.send('Network.setCacheDisabled', { cacheDisabled: false })
  if (slow) {
    await line.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: SLOW.latency,
      downloadThroughput: SLOW.down,
      uploadThroughput: SLOW.up,
    })
    await line.send('Emulation.setCPUThrottlingRate', { rate: SLOW.cpu })
  }
  if (computing) await line.send('Performance.enable', { timeDomain: 'threadTicks' })
  const kinds = new Map()
  const weights = { all: 0, code: 0, requests: 0 }
  line.on('Network.responseReceived', (e) => kinds.set(e.requestId, e.type))
  line.on('Network.loadingFinished', (e) => {
    weights.all += e.encodedDataLength
    weights.requests += 1
    if (['Script', 'Stylesheet'].includes(kinds.get(e.requestId))) weights.code += e.encodedDataLength
  })
  return { context, page, line, weights }
}

/** In the page: the moment from which somebody can type, and has been greeted. */
const watch = () => {
  const look = () => {
    const input = document.querySelector('[aria-label="输入消息"]')
    if (!input || input.disabled || !document.querySelector('article')) return
    // Painted, and the main thread free again.
    requestAnimationFrame(() => setTimeout(() => (window.standsAt ??= performance.now()), 0))
    observer.disconnect()
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { childList: true, subtree: true, attributes: true })
}

const runs = []
try {
  for (let run = 0; run < TIMES; run += 1) {
    const { context, page, weights } = await visitor('phone', true)
    await page.addInitScript(watch)
    await page.goto(`${front.url}/chat`, { waitUntil: 'commit' })
    await page.waitForFunction(() => window.standsAt !== undefined, undefined, { timeout: 60_000 })
    const found = await page.evaluate(() => ({
      stands: window.standsAt,
      paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    }))
    await page.getByLabel('输入消息').fill('低保怎么申请')
    if ((await page.getByLabel('输入消息').inputValue()) !== '低保怎么申请') throw new Error('what stands cannot be typed into')
    runs.push({ ...found, ...weights })
    await context.close()
  }

  // Computing time of the page's own thread, and how often one thing waits for another.
  const reckoned = []
  for (let run = 0; run < TIMES; run += 1) {
    const { context, page, line, weights } = await visitor('phone', false, true)
    await page.addInitScript(watch)
    await page.goto(`${front.url}/chat`, { waitUntil: 'commit' })
    await page.waitForFunction(() => window.standsAt !== undefined, undefined, { timeout: 60_000 })
    const { metrics } = await line.send('Performance.getMetrics')
    const waves = await page.evaluate(() => {
      let waves = 1
      let end = performance.getEntriesByType('navigation')[0].responseEnd
      for (const r of performance
        .getEntriesByType('resource')
        .filter((r) => r.startTime < window.standsAt)
        .sort((a, b) => a.startTime - b.startTime)) {
        if (r.startTime < end) continue
        waves += 1
        end = r.responseEnd
      }
      return waves
    })
    const computing = metrics.find((m) => m.name === 'TaskDuration').value * 1000
    reckoned.push({ computing, waves, total: waves * SLOW.latency + (weights.all / SLOW.down) * 1000 + SLOW.cpu * computing })
    await context.close()
  }

  const weigh = async (size, then) => {
    const { context, page, weights } = await visitor(size, false)
    await then(page)
    await page.waitForTimeout(300)
    const now = { ...weights }
    await context.close()
    return now
  }
  const account = await service.account(['administrator', 'curator'])
  const signIn = async (page) => {
    await page.goto(`${front.url}/admin`)
    await page.getByLabel('账号').fill(account.name)
    await page.getByLabel('密码').fill(account.password)
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByRole('heading', { level: 1, name: '总览' }).waitFor()
    await page.getByText('近30天').first().waitFor()
  }
  const loader = await weigh('desk', (page) => page.goto(`${front.url}/widget.js`))
  const chat = await weigh('phone', async (page) => {
    await page.goto(`${front.url}/chat`)
    await page.getByLabel('输入消息').waitFor()
  })
  const desk = await weigh('desk', signIn)
  const charts = await weigh('desk', async (page) => {
    await signIn(page)
    await page.goto(`${front.url}/admin/insight`)
    await page.getByRole('list', { name: '主要指标' }).waitFor()
  })

  const median = (key, of = runs) => of.map((r) => r[key]).sort((a, b) => a - b)[Math.floor(of.length / 2)]
  const ms = (value) => `${Math.round(value)} ms`
  const kb = (value) => `${(value / 1024).toFixed(1)} KB`
  const stands = median('stands')
  console.log(`\n/chat, cold, ${SLOW.cpu} × slower, ${SLOW.latency} ms a round trip, 1.6 Mbit/s, ${TIMES} times`)
  console.table(
    runs.map((r) => ({ 'first paint': ms(r.paint), 'can be typed into': ms(r.stands), bytes: kb(r.all), requests: r.requests })),
  )
  console.table({
    '/chat can be typed into (median)': { is: ms(stands), limit: ms(LIMITS.interactive), ok: stands <= LIMITS.interactive },
    '/chat first paint (median)': { is: ms(median('paint')) },
    '/chat by reckoning (median)': {
      is: ms(median('total', reckoned)),
      limit: ms(LIMITS.interactive),
      ok: median('total', reckoned) <= LIMITS.interactive,
    },
    '/chat computing, not slowed (median)': { is: ms(median('computing', reckoned)) },
    '/chat round trips one after the other': { is: String(median('waves', reckoned)) },
    '/chat scripts and styles over the line, with headers': { is: kb(chat.code) },
    'widget.js over the line': { is: kb(loader.all) },
    "desk's first page, scripts and styles over the line": { is: kb(desk.code), limit: kb(LIMITS.desk), ok: desk.code <= LIMITS.desk },
    'desk and page with charts, scripts and styles': { is: kb(charts.code) },
  })
  if (stands > LIMITS.interactive || desk.code > LIMITS.desk) process.exitCode = 1
} finally {
  await browser.close()
  front.stop()
  await service.stop()
}
