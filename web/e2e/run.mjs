// Journeys through the real service in a real browser: npm run e2e [words of a journey's name]
// GRIDWORKER_BIN: the binary; CHROMIUM: the browser. Pictures land in tests/.artifacts/e2e.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PATIENCE, Resident, SIZES, Staff, findChromium, launch } from './browser.mjs'
import { journeys as asking } from './journeys/asking.mjs'
import { journeys as adding } from './journeys/adding.mjs'
import { journeys as lasting, modelJourneys } from './journeys/lasting.mjs'
import { clerkFor, journeys as reporting } from './journeys/reporting.mjs'
import { journeys as accounts } from './journeys/accounts.mjs'
import { journeys as channels } from './journeys/channels.mjs'
import { journeys as curating } from './journeys/curating.mjs'
import { journeys as insight } from './journeys/insight.mjs'
import { journeys as knowledge } from './journeys/knowledge.mjs'
import { journeys as residents, modelJourneys as residentsWithModel } from './journeys/residents.mjs'
import { journeys as tickets } from './journeys/tickets.mjs'
import { journeys as working } from './journeys/working.mjs'
import { startEars } from './ears.mjs'
import { fresh } from './fresh.mjs'
import { startModel } from './model.mjs'
import { startService, stopServices } from './service.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = resolve(HERE, '../..')
const PICTURES = join(ROOT, 'tests/.artifacts/e2e')
/** One journey takes at most this long (ms), if it has no `limit` of its own. */
const LIMIT = 90_000
const wanted = new RegExp(process.argv[2] ?? '')

const chromium = findChromium()
if (!chromium) {
  console.log('skipped: no Chromium found (apt install chromium, or CHROMIUM=/path/to/it)')
  console.log('0 passed, 0 failed, all skipped')
  process.exit(0)
}
const binary = resolve(process.env.GRIDWORKER_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'release/gridworker'))
if (!existsSync(binary)) {
  console.error(`no binary at ${binary}: cargo build --release --locked, or GRIDWORKER_BIN=/path/to/it`)
  process.exit(1)
}

if (!process.argv[2]) rmSync(PICTURES, { recursive: true, force: true })
mkdirSync(PICTURES, { recursive: true })
const began = Date.now()
const model = await startModel()
const ears = await startEars()
const [browser, ...started] = await Promise.all([
  launch(chromium),
  startService(binary, join(PICTURES, 'service.log'), {
    GRIDWORKER__TRANSCRIBER__BASE_URL: ears.url,
    GRIDWORKER__TRANSCRIBER__MODEL: 'ears',
    // Askers may be told of answers here: it is off unless a street wants it.
    GRIDWORKER__CURATION__TELL_ASKERS: 'true',
  }),
  startService(binary, join(PICTURES, 'service-with-model.log'), { GRIDWORKER__LLM__BASE_URL: model.url, GRIDWORKER__LLM__MODEL: 'slow' }),
])
const services = { plain: started[0], model: started[1] }
if (process.env.FRESH_DIST) for (const service of started) service.url = await fresh(service.url)
console.log(`two services ready after ${seconds(began)} s`)

let passed = 0
let failed = 0

async function play(journey, size) {
  if (!wanted.test(`${size} ${journey.name}`)) return
  const since = Date.now()
  const resident = new Resident(browser, size, PICTURES)
  const clerk = clerkFor(browser, size, PICTURES)
  /** Everybody of the staff whom the journey brings in. */
  const staff = []
  const hire = () => {
    staff.push(new Staff(browser, size, PICTURES))
    return staff.at(-1)
  }
  let late
  const problems = []
  try {
    const most = (journey.limit ?? LIMIT) * PATIENCE
    const limit = new Promise((_, refuse) => (late = setTimeout(() => refuse(new Error(`not over after ${most / 1000} s`)), most)))
    await Promise.race([journey.run({ resident, clerk, hire, services, model, ears, size, browser, binary, pictures: PICTURES }), limit])
  } catch (error) {
    problems.push(error.stack ?? String(error))
    for (const [at, page] of [resident, clerk, ...staff].flatMap((v) => v.pages).entries()) {
      await page.screenshot({ path: join(PICTURES, `failed-${size}-${journey.name}-${at}.png`) }).catch(() => undefined)
      problems.push(`page ${at} then: ${await saying(page).catch(() => 'closed')}`)
    }
  } finally {
    clearTimeout(late)
    for (const visitor of [resident, clerk, ...staff]) {
      problems.push(...visitor.problems)
      await visitor.end()
    }
  }
  if (problems.length === 0) passed += 1
  else failed += 1
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${size.padEnd(5)} ${journey.name} (${seconds(since)} s)`)
  for (const problem of problems) console.log(problem.replace(/^/gm, '     '))
}
/** Where a page is and what it says: for whoever cannot see the picture. */
const saying = (page) =>
  page.evaluate(() => {
    const over = [...document.querySelectorAll('dialog[open], [role="alert"], .toast, [role="status"]:not(.sr-only)')]
    const words = (el) => el.innerText.replace(/\s+/g, ' ').trim()
    const end = words(document.querySelector('main') ?? document.body).slice(-200)
    return [location.pathname, ...over.map(words).filter(Boolean), `…${end}`].join(' | ').slice(0, 900)
  })
function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1)
}

// Three lanes side by side: the two screens, and what shares the model (it is held and its service killed).
const lane = async (size) => {
  for (const journey of [
    ...asking,
    ...reporting,
    ...adding,
    ...lasting,
    ...residents,
    ...channels,
    ...working,
    ...tickets,
    ...knowledge,
    ...curating,
    ...insight,
    ...accounts,
  ])
    await play(journey, size)
}
const modelLane = async () => {
  for (const size of Object.keys(SIZES)) {
    for (const journey of [...modelJourneys, ...residentsWithModel]) {
      await play(journey, size)
      model.release()
    }
  }
}
try {
  await Promise.all([lane('phone'), lane('desk'), modelLane()])
} finally {
  await browser.close()
  await Promise.all([stopServices(), model.stop(), ears.stop()])
}
console.log(`pictures in ${PICTURES}`)
console.log(`${passed} passed, ${failed} failed in ${seconds(began)} s`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
