// What every journey needs from a browser: a resident with a window, and pictures that axe has looked at.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'

/** How much longer everything may take: PATIENCE=4 on a machine that is busy with other things. */
export const PATIENCE = Number(process.env.PATIENCE ?? 1)
export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } }
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
]

/** The browser to use, or undefined. */
export const findChromium = () => (process.env.CHROMIUM ? [process.env.CHROMIUM] : PLACES).find((path) => existsSync(path))

export const launch = (executablePath) =>
  chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
    ],
  })

/** Origins that a journey may speak to: its services and stand-ins, each of which says so when it starts, and pages that it opens itself. */
const homes = new Set()
export const athome = (url) => homes.add(new URL(url).origin)

/** Runs in a page: until what rises has risen, and nothing else has begun to in the meantime. */
async function risen() {
  const rising = () =>
    document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity && a.playState !== 'finished')
  // A frame that nobody sees paints nothing.
  const painted = () =>
    Promise.race([new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))), new Promise((go) => setTimeout(go, 200))])
  do {
    await Promise.all(rising().map((a) => a.finished.catch(() => undefined)))
    await painted()
  } while (rising().length > 0)
}

/** Runs in a page: whether an element has gone meanwhile, or is on its way out (a message fades while it is looked at). */
function leaving(selector) {
  const moves = (e) => e.getAnimations().some((a) => a.effect?.getComputedTiming().iterations !== Infinity && a.playState === 'running')
  const element = document.querySelector(selector)
  if (!element) return true
  for (let e = element; e; e = e.parentElement) if (moves(e)) return true
  return false
}

/** One person at one screen; `problems` collects what nobody should have to see. */
export class Visitor {
  problems = []
  pages = []

  constructor(browser, size, pictures) {
    Object.assign(this, { browser, size, pictures })
  }

  async page(url) {
    this.context ??= await this.browser.newContext({
      viewport: SIZES[this.size],
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      hasTouch: this.size === 'phone',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    athome(url)
    if (this.pages.length === 0) {
      // Nobody else is told that somebody is here: no fonts, no counters, no maps of others.
      this.context.on('request', (request) => {
        const to = new URL(request.url())
        if (/^(https?|wss?):$/.test(to.protocol) && !homes.has(to.origin.replace(/^ws/, 'http')))
          this.problems.push(`a request to somebody else: ${to.origin}${to.pathname}`)
      })
    }
    const page = await this.context.newPage()
    page.setDefaultTimeout(20_000 * PATIENCE)
    page.on('pageerror', (error) => this.problems.push(`script error: ${error.message}`))
    page.on('console', (message) => {
      // A network that fails on purpose is no problem of the page.
      if (message.type() === 'error' && !/Failed to load resource|net::ERR_/.test(message.text()))
        this.problems.push(`console: ${message.text()}`)
    })
    this.pages.push(page)
    await page.goto(url)
    return page
  }

  /** A picture to look at; everything in it must be free of serious findings, reachable and inside the window. */
  async picture(page, name) {
    for (const frame of page.frames()) await frame.evaluate(risen)
    await page.screenshot({ path: `${this.pictures}/${this.size}-${name}.png` })
    const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).analyze()
    for (const v of violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')) {
      const at = []
      for (const { target } of v.nodes) if (target.length > 1 || !(await page.evaluate(leaving, target[0]))) at.push(target.join(' '))
      if (at.length > 0) this.problems.push(`axe in ${name}: ${v.id} at ${at.slice(0, 2).join('; ')}`)
    }
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (over > 0) this.problems.push(`${name}: wider than the window by ${over} px`)
  }

  async end() {
    await this.context?.close()
    this.context = undefined
  }
}

/** Somebody of the staff, signed in, at the desk (`/admin`) or with the gridworker's face (`/worker`). */
export class Staff extends Visitor {
  /** `account` as `service.account` made it. */
  async open(url, path, account) {
    this.at = await this.page(`${url}${path}`)
    await this.signIn(account)
    return this
  }
  async signIn({ name, password }) {
    await this.at.getByLabel('账号').fill(name)
    await this.at.getByLabel('密码').fill(password)
    await this.at.getByRole('button', { name: '登录' }).click()
    await this.at.getByLabel('账号').waitFor({ state: 'hidden' })
  }
  shot = (name) => this.picture(this.at, name)
  /** Opens a page of the desk through its menu. */
  async go(title) {
    const menu = this.at.getByRole('navigation', { name: '菜单' })
    if (!(await menu.isVisible())) await this.at.getByRole('button', { name: '菜单' }).click()
    await menu.getByRole('link', { name: title, exact: true }).click()
    await this.at.getByRole('heading', { level: 1, name: title }).waitFor()
  }
}

/** A resident at the window of the service. */
export class Resident extends Visitor {
  async open(url, path = '/chat') {
    this.window = await this.page(`${url}${path}`)
    this.at = this.window
    await this.at.getByLabel('输入消息').waitFor()
    await this.at.getByRole('article', { name: '网格员' }).first().waitFor()
    return this
  }
  say = async (words) => {
    await this.at.getByLabel('输入消息').fill(words)
    await this.at.getByRole('button', { name: '发送', exact: true }).click()
  }
  /** Until nothing is being written any more. */
  async quiet() {
    await this.at.locator('[aria-busy="true"], .streaming').first().waitFor({ state: 'detached' })
  }
  /** Says something and waits for the end of the answer. */
  async ask(words) {
    const before = await this.answers().count()
    await this.say(words)
    await this.answers().nth(before).waitFor()
    await this.quiet()
    return this.last()
  }
  answers = () => this.at.getByRole('article', { name: '网格员', exact: true })
  own = () => this.at.getByRole('article', { name: '我', exact: true })
  last = () => this.answers().last()
  draft = () => this.at.getByRole('region', { name: '工单草稿' })
  receipts = () => this.at.getByRole('region', { name: /^工单回执/ })
  sheet = (title) => this.at.getByRole('dialog', title && { name: title, exact: true })
  shot = (name) => this.picture(this.window, name)
  /** The number on the newest receipt. */
  async number() {
    await this.receipts().last().waitFor()
    const found = /WG\d{14}/.exec((await this.receipts().last().getAttribute('aria-label')) ?? '')
    assert.ok(found, 'the receipt carries a ticket number WG + date + sequence')
    return found[0]
  }
}

/** Somebody at the platform's board. */
export class Clerk extends Visitor {
  async open(url) {
    this.board = await this.page(`${url}/platform/`)
    await this.board.getByRole('heading', { name: '流转调度看板' }).waitFor()
    return this
  }
  card = (number) => this.board.getByRole('article', { includeHidden: true }).filter({ hasText: number })
  /** Brings a ticket's card to the eye: a phone shows one section at a time. */
  async find(number) {
    await this.card(number).first().waitFor({ state: 'attached' })
    if (!(await this.card(number).isVisible())) {
      for (const tab of await this.board.getByRole('tab').all()) {
        await tab.click()
        if (await this.card(number).isVisible()) break
      }
    }
    assert.ok(await this.card(number).isVisible(), `${number} can be brought to the eye on the board`)
    return this.card(number)
  }
  async press(number, move, note = '') {
    const card = await this.find(number)
    await card.getByRole('button', { name: move, exact: true }).click()
    const dialog = this.board.getByRole('dialog', { name: move })
    await dialog.waitFor()
    if (note) await dialog.getByRole('textbox', { name: /说明/ }).fill(note)
    await dialog.getByRole('button', { name: '确定' }).click()
    await dialog.waitFor({ state: 'hidden' })
  }
}
