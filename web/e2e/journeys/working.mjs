// The gridworker's pocket.
import assert from 'node:assert/strict'
import { SIZES } from '../browser.mjs'

/** Each screen walks a grid of its own: both play on one service. */
const GROUND = {
  phone: { grid: 'CH-JF-07', estate: '铂金云鼎小区', houses: ['2栋', '4栋', '6栋', '8栋', '9栋'], other: 'CH-BH-04' },
  desk: { grid: 'CH-BH-04', estate: '古渡春色小区', houses: ['8栋', '9栋', '10栋', '11栋', '12栋'], other: 'CH-JF-07' },
}
const account = (services, size, roles = ['gridworker'], grid = GROUND[size].grid) => services.plain.account(roles, ['--grid', grid])
const tab = (page, name) => page.getByRole('navigation', { name: '主要功能' }).getByRole('link', { name }).click()
const reportOf = (page, words) => page.getByRole('article', { name: `上报：${words}` })
/** Tells what this journey wrote from what another run wrote on the same service; without signs that reading folds. */
const mark = () => `${Array.from({ length: 5 }, () => '甲乙丙丁戊己庚辛'[Math.floor(Math.random() * 8)]).join('')}`
/** What the API says to whoever is signed in on this page. */
const ask = (page, path, method = 'GET', body = undefined) =>
  page.evaluate(
    async ([path, method, body]) => {
      const response = await fetch(path, {
        method,
        ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      })
      return { status: response.status, body: await response.json() }
    },
    [path, method, body],
  )
const ticketsSaying = async (page, words) =>
  (await ask(page, '/api/v1/worker/tickets?limit=200')).body.tickets.filter((t) => t.description.includes(words))

/** A JPEG as a phone takes it, with the place inside when one is given. */
async function photo(page, at, tint = '#7a8f6a') {
  const plain = Buffer.from(
    await page.evaluate(async (tint) => {
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width: 640, height: 480 })
      const pen = canvas.getContext('2d')
      pen.fillStyle = tint
      pen.fillRect(0, 0, 640, 480)
      pen.fillStyle = '#3b3b3b'
      pen.fillRect(120, 220, 360, 160)
      const blob = await new Promise((go) => canvas.toBlob(go, 'image/jpeg'))
      return [...new Uint8Array(await blob.arrayBuffer())]
    }, tint),
  )
  if (!at) return plain
  // TIFF, big-endian: one pointer to the GPS directory, then latitude and longitude in degrees, minutes, seconds.
  const tiff = Buffer.alloc(8 + 18 + 54 + 48)
  tiff.write('MM', 0)
  tiff.writeUInt16BE(42, 2)
  tiff.writeUInt32BE(8, 4)
  const entry = (offset, tag, type, count) => (
    tiff.writeUInt16BE(tag, offset),
    tiff.writeUInt16BE(type, offset + 2),
    tiff.writeUInt32BE(count, offset + 4)
  )
  tiff.writeUInt16BE(1, 8)
  entry(10, 0x8825, 4, 1)
  tiff.writeUInt32BE(26, 18)
  tiff.writeUInt16BE(4, 26)
  entry(28, 1, 2, 2)
  tiff.write('N\0', 36)
  entry(40, 2, 5, 3)
  tiff.writeUInt32BE(80, 48)
  entry(52, 3, 2, 2)
  tiff.write('E\0', 60)
  entry(64, 4, 5, 3)
  tiff.writeUInt32BE(104, 72)
  const angle = (offset, degrees) => {
    const whole = Math.floor(degrees)
    const minutes = Math.floor((degrees - whole) * 60)
    const seconds = Math.round(((degrees - whole) * 60 - minutes) * 60 * 1000)
    for (const [i, n] of [whole, 1, minutes, 1, seconds, 1000].entries()) tiff.writeUInt32BE(n, offset + 4 * i)
  }
  angle(80, at.lat)
  angle(104, at.lng)
  const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff])
  const head = Buffer.from([0xff, 0xe1, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([plain.subarray(0, 2), head, body, plain.subarray(2)])
}
const choose = async (scope, files) =>
  scope
    .locator('input[type=file][multiple]')
    .setInputFiles(files.map((buffer, at) => ({ name: `IMG_${at}.jpg`, mimeType: 'image/jpeg', buffer })))

async function noDouble(page, words, what) {
  const found = await ticketsSaying(page, words)
  assert.equal(found.length, 1, `${what}: one ticket says 「${words}」, not ${found.length}`)
  return found[0]
}
async function readyWithoutNetwork(page) {
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
}

export const journeys = [
  {
    name: '网格员的一天：问规程、一句话上报、带照片办工单、走访',
    async run({ hire, services, size }) {
      const ground = GROUND[size]
      const worker = await hire().open(services.plain.url, '/worker', await account(services, size))
      const page = worker.at
      await page.getByRole('heading', { level: 1, name: '工单' }).waitFor()

      await tab(page, '问规程')
      await worker.shot('worker-ask-empty')
      await page.getByLabel('要问的规程').fill('飞线充电怎么处置')
      await page.getByRole('button', { name: '问', exact: true }).click()
      const answer = page.getByRole('article', { name: '飞线充电怎么处置' })
      for (const head of ['立案条件', '步骤清单', '时限', '责任主体', '法律依据', '话术'])
        await answer.getByRole('heading', { name: head, exact: true }).waitFor()
      await page.getByText('正在写').waitFor({ state: 'detached' })
      await answer.getByRole('checkbox').first().check()
      await answer.getByRole('checkbox').nth(1).check()
      await worker.shot('worker-ask')
      await answer.getByRole('button', { name: '出处 3' }).click()
      await page.getByRole('dialog').getByText('飞线充电处置规程').waitFor()
      await worker.shot('worker-source')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await answer.getByRole('button', { name: '复制话术' }).click()
      await page.getByText('已复制').waitFor()
      await page.reload()
      await page.getByRole('article', { name: '飞线充电怎么处置' }).getByRole('checkbox').first().waitFor()
      assert.ok(
        await page.getByRole('article', { name: '飞线充电怎么处置' }).getByRole('checkbox').nth(1).isChecked(),
        'what was ticked off stays so',
      )

      await tab(page, '报事件')
      const words = `${ground.estate}${ground.houses[0]}楼下的垃圾桶满出来没人清运${mark()}`
      await page.getByLabel('是什么事、在哪里').fill(words)
      await worker.shot('worker-report')
      await page.getByRole('button', { name: '整理成工单' }).click()
      const card = reportOf(page, words)
      await card.getByRole('button', { name: '确认上报' }).waitFor()
      await card.getByText('垃圾堆积、清运不及时').first().waitFor()
      await worker.shot('worker-report-card')
      await card.getByRole('button', { name: '确认上报' }).dblclick()
      await card.getByText(/工单号/).waitFor()
      await worker.shot('worker-report-done')
      const made = await noDouble(page, words, 'two taps')
      await card.getByRole('button', { name: '看工单' }).click()

      await page.getByRole('heading', { level: 1, name: made.title }).waitFor()
      await worker.shot('worker-ticket')
      await page.getByRole('button', { name: '复制地址' }).click()
      assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(ground.estate))
      assert.deepEqual(
        await page.locator('a[href^="tel:"]').evaluateAll((all) => [...new Set(all.map((a) => a.getAttribute('href')))]),
        ['tel:12345'],
        'nobody else is rung from a ticket',
      )
      await page.getByRole('button', { name: '开始处置' }).click()
      let sheet = page.getByRole('dialog', { name: '开始处置' })
      await sheet.getByRole('textbox').fill('已到现场，正在联系清运')
      await choose(sheet, [await photo(page)])
      await sheet.getByAltText('照片1').waitFor()
      await worker.shot('worker-move')
      await sheet.getByRole('button', { name: '确定' }).click()
      await page.getByText('工单已更新').waitFor()
      await page.locator('.state', { hasText: '处置中' }).first().waitFor()
      await page.getByText('已到现场，正在联系清运').waitFor()
      await page.getByRole('button', { name: '暂停计时' }).click()
      sheet = page.getByRole('dialog', { name: '暂停计时' })
      await sheet.getByLabel('等什么').selectOption({ index: 1 })
      await worker.shot('worker-pause')
      await sheet.getByRole('button', { name: '暂停', exact: true }).click()
      await page.getByText('已暂停计时').first().waitFor()
      await page.getByRole('button', { name: '恢复计时' }).click()
      await page.getByRole('button', { name: '延期' }).click()
      sheet = page.getByRole('dialog', { name: '延期' })
      await sheet.getByLabel(/延长多少小时/).fill('4')
      await sheet.getByLabel(/为什么/).fill('清运车辆在修')
      await sheet.getByRole('button', { name: '延期' }).click()
      await page.getByText('已延期').first().waitFor()
      await page.getByRole('button', { name: '办结', exact: true }).click()
      sheet = page.getByRole('dialog', { name: '办结' })
      await sheet.getByRole('textbox').fill('垃圾已清运，桶边冲洗干净')
      await choose(sheet, [await photo(page, undefined, '#99aacc')])
      await sheet.getByAltText('照片1').waitFor()
      await sheet.getByRole('button', { name: '确定' }).click()
      await page.locator('.state', { hasText: '已办结' }).first().waitFor()
      await page.getByRole('button', { name: '登记回访' }).click()
      sheet = page.getByRole('dialog', { name: '登记回访' })
      await sheet.getByRole('textbox').fill('现场看过，没有再堆')
      await worker.shot('worker-revisit')
      await sheet.getByRole('button', { name: '登记', exact: true }).click()
      await page.locator('.state', { hasText: '已回访' }).first().waitFor()
      await worker.shot('worker-ticket-done')
      const { body: story } = await ask(page, `/api/v1/worker/tickets/${made.number}`)
      assert.equal(story.ticket.attachments.length, 2, 'both photos came with their moves')

      await tab(page, '走访')
      await page.locator('a.item').first().waitFor()
      await worker.shot('worker-visits')
      await page.locator('a.item').first().click()
      const form = page.getByRole('form', { name: '登记走访' })
      await form.getByLabel('发现隐患').check()
      await form.getByLabel('是什么隐患').fill('门口路灯不亮')
      await choose(form, [await photo(page)])
      await form.getByAltText('照片1').waitFor()
      await worker.shot('worker-visit')
      await form.getByRole('button', { name: '登记' }).click()
      await page.getByText('走访已登记').waitFor()
      await page.locator('.story').getByText('门口路灯不亮').waitFor()
      await worker.shot('worker-visit-done')
      await page.getByRole('button', { name: '去上报（已填好）' }).click()
      const text = page.locator('#report-words')
      await text.waitFor()
      assert.match(await text.inputValue(), new RegExp(`^${ground.estate}.*门口路灯不亮$`))
      assert.doesNotMatch(await text.inputValue(), /\d+-\d+/, 'the door of the household is not in the report')
      await page.getByRole('button', { name: '整理成工单' }).click()
      const hazard = page.locator('article.report').first()
      await hazard.getByRole('button', { name: '确认上报' }).click()
      await hazard.getByText(/工单号/).waitFor()
      await page.goBack()
      await page.getByRole('link', { name: /^已上报：WG/ }).waitFor()
      await tab(page, '走访')
      await page
        .getByText(/^(7|10|15|30)天后$/)
        .first()
        .waitFor()
      await tab(page, '我的')
      await page.getByText('这台设备').first().waitFor()
      await worker.shot('worker-me')
    },
  },
  {
    name: '一张照片带位置就能报',
    async run({ hire, services, size }) {
      const ground = GROUND[size]
      const worker = await hire().open(services.plain.url, '/worker/report', await account(services, size))
      const page = worker.at
      const { body: street } = await ask(page, '/api/v1/worker/street')
      const line = street.grids[0].outline[0].slice(0, -1)
      const at = { lat: line.reduce((s, p) => s + p.lat, 0) / line.length, lng: line.reduce((s, p) => s + p.lng, 0) / line.length }
      await choose(page, [await photo(page, at)])
      await page.getByAltText('照片1').waitFor()
      await page.getByText('是什么？').waitFor()
      await worker.shot('worker-photo-first')
      await page.getByRole('group', { name: '常见的事' }).getByRole('button', { name: '井盖坏了' }).click()
      await page.getByRole('button', { name: '整理成工单' }).click()
      const card = reportOf(page, '井盖坏了')
      await card.getByText(street.grids[0].name, { exact: false }).first().waitFor()
      // What the category itself must know is asked, one after the other; nothing about the place any more.
      for (let asked = 0; asked < 4 && !(await card.getByRole('button', { name: '确认上报' }).isVisible()); asked += 1) {
        assert.doesNotMatch(await card.innerText(), /在什么地方|您的定位/, 'the photo has told where')
        const question = card.locator('p.question')
        if (await question.count()) await card.locator('.chips button').first().click()
        await page.waitForTimeout(400)
      }
      await worker.shot('worker-photo-card')
      await card.getByRole('button', { name: '确认上报' }).click()
      await card.getByText(/工单号/).waitFor()
      const number = /WG\d{14}/.exec(await card.innerText())[0]
      const { body } = await ask(page, `/api/v1/worker/tickets/${number}`)
      assert.equal(body.ticket.place.grid_code, ground.grid)
      assert.equal(body.ticket.attachments.length, 1)
      assert.ok(Math.abs(body.ticket.place.point.lat - at.lat) < 0.0001, 'the photo’s own position is the ticket’s')

      await page.goto(`${services.plain.url}/worker/map?ticket=${number}`)
      await page.locator('.spot.picked').waitFor()
      await page.context().grantPermissions(['geolocation'])
      await page.context().setGeolocation({ latitude: at.lat, longitude: at.lng, accuracy: 12 })
      await page.getByRole('button', { name: '我在哪' }).click()
      await page.locator('.map .here').waitFor()
      await worker.shot('worker-map')
    },
  },
  {
    name: '没有网络也能写能看，恢复后只发一次',
    async run({ hire, services, size }) {
      const ground = GROUND[size]
      const worker = await hire().open(services.plain.url, '/worker/tickets', await account(services, size))
      const page = worker.at
      await page.getByText(/截至/).first().waitFor()
      await tab(page, '走访')
      await page.locator('a.item').first().waitFor()
      await readyWithoutNetwork(page)
      await page.context().setOffline(true)
      await page.getByText('没有网络。可以看存下的列表').waitFor()
      await page.reload()
      await page.getByText(/没有网络，显示的是截至/).waitFor()
      assert.ok((await page.locator('a.item').count()) > 0, 'the list can be read')
      await worker.shot('worker-offline-list')

      await tab(page, '报事件')
      const words = `${ground.estate}${ground.houses[1]}楼下的垃圾桶满出来没人清运${mark()}`
      const seen = `敲门没有异常${mark()}`
      await page.locator('#report-words').fill(words)
      await choose(page, [await photo(page)])
      await page.getByAltText('照片1').waitFor()
      await page.getByRole('button', { name: '存下，有网自动发送' }).click()
      await reportOf(page, words).getByText('等待网络').waitFor()
      await page.reload()
      await reportOf(page, words).getByText('等待网络').waitFor()
      await worker.shot('worker-offline-report')
      await page.locator('#report-words').fill('还没写完的一句')
      await page.waitForTimeout(600)
      await page.reload()
      await page.waitForFunction(() => document.querySelector('#report-words')?.value === '还没写完的一句')

      await tab(page, '走访')
      await page.locator('a.item').last().click()
      const form = page.getByRole('form', { name: '登记走访' })
      await form.getByLabel('说明').fill(seen)
      await form.getByRole('button', { name: '存下，有网自动发送' }).dblclick()
      await page.getByText('等待网络').first().waitFor()
      const visited = page.url().split('/').at(-1)

      const second = await worker.page(`${services.plain.url}/worker/report`)
      await reportOf(second, words).getByText('等待网络').waitFor()
      await page.context().setOffline(false)
      await reportOf(second, words).getByText('待您确认').waitFor()
      await page.getByText(seen).last().waitFor()
      await tab(page, '报事件')
      await reportOf(page, words).getByText('待您确认').waitFor()
      const both = [page, second].map((p) =>
        reportOf(p, words)
          .getByRole('button', { name: '确认上报' })
          .click()
          .catch(() => undefined),
      )
      await Promise.all(both)
      for (const p of [page, second])
        await reportOf(p, words)
          .getByText(/工单号/)
          .waitFor()
      await noDouble(page, words, 'two tabs')
      const { body: file } = await ask(page, `/api/v1/worker/ledgers/${visited}`)
      assert.equal(file.visits.filter((v) => v.note === seen).length, 1, 'the visit was written down once')
      await worker.shot('worker-back-online')

      await tab(page, '我的')
      await page.getByRole('button', { name: '退出登录' }).click()
      await page.getByRole('dialog', { name: '还有没发出去的' }).waitFor()
      await worker.shot('worker-leave')
      await page.getByRole('button', { name: '仍然退出' }).click()
      await page.getByLabel('账号').waitFor()
      await second.getByLabel('账号').waitFor()
      const left = await page.evaluate(
        () =>
          new Promise((go, refuse) => {
            const opening = indexedDB.open('gridworker-worker')
            opening.onerror = () => refuse(opening.error)
            opening.onsuccess = () => {
              const tx = opening.result.transaction(['kept', 'jobs'])
              const counts = ['kept', 'jobs'].map((name) => tx.objectStore(name).count())
              tx.oncomplete = () => go(counts.reduce((s, c) => s + c.result, 0))
            }
          }),
      )
      assert.equal(left, 0, 'whoever signs out leaves nothing on the device')
    },
  },
  {
    name: '断网时办的工单，恢复后带照片发一次',
    async run({ hire, services, size }) {
      const ground = GROUND[size]
      const worker = await hire().open(services.plain.url, '/worker/report', await account(services, size))
      const page = worker.at
      const words = `${ground.estate}${ground.houses[2]}楼道堆了杂物${mark()}`
      await page.locator('#report-words').fill(words)
      await page.getByRole('button', { name: '整理成工单' }).click()
      const card = reportOf(page, words)
      for (let asked = 0; asked < 4 && !(await card.getByRole('button', { name: '确认上报' }).isVisible()); asked += 1) {
        await card.getByRole('button', { name: '确认上报' }).or(card.locator('.chips button')).first().waitFor()
        if (await card.locator('.chips button').count()) await card.locator('.chips button').first().click()
        await page.waitForTimeout(400)
      }
      await card.getByRole('button', { name: '确认上报' }).click()
      await card.getByRole('button', { name: '看工单' }).click()
      await page.getByRole('button', { name: '开始处置' }).waitFor()
      await readyWithoutNetwork(page)
      await page.context().setOffline(true)
      await page.getByRole('button', { name: '开始处置' }).click()
      const sheet = page.getByRole('dialog', { name: '开始处置' })
      await sheet.getByRole('textbox').fill('已请住户当天清走')
      await choose(sheet, [await photo(page)])
      await sheet.getByAltText('照片1').waitFor()
      await sheet.getByRole('button', { name: '存下，有网自动发送' }).click()
      await page.getByText(/开始处置：等待网络/).waitFor()
      await page.reload()
      await page.getByText(/开始处置：等待网络/).waitFor()
      await worker.shot('worker-offline-move')
      await page.context().setOffline(false)
      await page.locator('.state', { hasText: '处置中' }).first().waitFor()
      const number = page.url().split('/').at(-1)
      const { body } = await ask(page, `/api/v1/worker/tickets/${number}`)
      assert.equal(body.timeline.filter((m) => m.to === '处置中').length, 1)
      assert.equal(body.ticket.attachments.length, 1)
    },
  },
  {
    name: '写到一半登录过期，内容还在',
    async run({ hire, services, size }) {
      const who = await account(services, size)
      const worker = await hire().open(services.plain.url, '/worker/visits', who)
      const page = worker.at
      await page.locator('a.item').last().click()
      const form = page.getByRole('form', { name: '登记走访' })
      await form.getByLabel('没见到人', { exact: false }).check()
      await form.getByLabel('说明').fill('写到一半的走访')
      await page.context().clearCookies()
      await page.getByRole('button', { name: '刷新' }).first().click()
      await page.getByText('登录已过期，请重新登录。刚才填写的内容还在。').waitFor()
      await worker.shot('worker-expired')
      await worker.signIn(who)
      assert.equal(await form.getByLabel('说明').inputValue(), '写到一半的走访')
      assert.ok(await form.getByLabel('没见到人', { exact: false }).isChecked())
      // And when it ends in the very moment of sending: it goes after signing in again.
      await page.context().clearCookies()
      await form.getByRole('button', { name: '登记' }).click()
      await page.getByLabel('密码').waitFor()
      await worker.signIn(who)
      await page.locator('.story').getByText('写到一半的走访').waitFor()
    },
  },
  {
    name: '没有权限的角色和别的网格的工单',
    async run({ hire, services, size }) {
      const ground = GROUND[size]
      const own = await hire().open(services.plain.url, '/worker/report', await account(services, size))
      const words = `${ground.estate}${ground.houses[3]}外面广场舞噪音扰民${mark()}`
      await own.at.locator('#report-words').fill(words)
      await own.at.getByRole('button', { name: '整理成工单' }).click()
      const card = reportOf(own.at, words)
      for (let asked = 0; asked < 4 && !(await card.getByRole('button', { name: '确认上报' }).isVisible()); asked += 1) {
        await card.getByRole('button', { name: '确认上报' }).or(card.locator('.chips button')).first().waitFor()
        if (await card.locator('.chips button').count()) await card.locator('.chips button').first().click()
        await own.at.waitForTimeout(400)
      }
      await card.getByRole('button', { name: '确认上报' }).click()
      await card.getByText(/工单号/).waitFor()
      const { number } = await noDouble(own.at, words, 'a report')
      const entry = (await ask(own.at, '/api/v1/worker/ledgers')).body.entries[0].id

      const other = await hire().open(
        services.plain.url,
        `/worker/tickets/${number}`,
        await account(services, size, ['gridworker'], ground.other),
      )
      await other.at.getByRole('heading', { name: '看不到这张工单' }).waitFor()
      await other.shot('worker-foreign')
      assert.equal((await ask(other.at, `/api/v1/worker/tickets/${number}`)).status, 404)
      assert.equal((await ask(other.at, `/api/v1/worker/tickets/${number}/moves`, 'POST', { to: '处置中' })).status, 404)
      assert.equal((await ask(other.at, `/api/v1/worker/ledgers/${entry}`)).status, 404)
      assert.equal((await ticketsSaying(other.at, words)).length, 0)

      const auditor = await hire().open(services.plain.url, '/worker', await services.plain.account(['auditor']))
      await auditor.at.getByRole('heading', { name: '没有权限' }).waitFor()
      await auditor.shot('worker-no-right')
      for (const path of ['/api/v1/worker/tickets', '/api/v1/worker/ledgers']) assert.equal((await ask(auditor.at, path)).status, 403)
      await tab(auditor.at, '走访')
      await auditor.at.getByRole('heading', { name: '没有权限' }).waitFor()
    },
  },
  {
    name: '窄屏、深色、大字都放得下',
    async run({ hire, services, size }) {
      const worker = await hire().open(services.plain.url, '/worker', await account(services, size))
      const page = worker.at
      if (size === 'phone') await page.setViewportSize({ width: 320, height: 568 })
      await page.emulateMedia({ colorScheme: 'dark' })
      await tab(page, '我的')
      await page.getByRole('button', { name: '特大' }).click()
      for (const [name, title] of [
        ['问规程', '问规程'],
        ['报事件', '报事件'],
        ['工单', '工单'],
        ['走访', '走访'],
        ['我的', '我的'],
      ]) {
        await tab(page, name)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
        await page.waitForLoadState('networkidle')
        await worker.shot(`worker-open-dark-${title}`)
        const small = await page.evaluate(() =>
          [...document.querySelectorAll('a, button, input:not(.unseen), textarea, select')]
            .filter((e) => e.checkVisibility() && !e.closest('p:not(.tools):not(.as-of):not(.bar)') && !e.closest('label'))
            .map((e) => ({
              words: (e.textContent || e.getAttribute('aria-label') || e.id).trim().slice(0, 20),
              box: e.getBoundingClientRect(),
            }))
            .filter(({ box }) => box.height < 47.5 || box.width < 47.5)
            .map(({ words, box }) => `${words} ${Math.round(box.width)}×${Math.round(box.height)}`),
        )
        assert.deepEqual(small, [], `${title}: everything that is pressed is at least 48 px`)
      }
      await tab(page, '走访')
      await page.locator('a.item').first().click()
      await page.getByRole('form', { name: '登记走访' }).waitFor()
      await worker.shot('worker-open-dark-visit')
      await page.goto(`${services.plain.url}/worker/map`)
      await page.locator('svg.map').waitFor()
      await worker.shot('worker-open-dark-map')
      await page.setViewportSize(SIZES[size])
    },
  },
  {
    name: '办公室导入台账，网格员看到',
    async run({ hire, services, size }) {
      const ground = GROUND[size]
      const office = await hire().open(services.plain.url, '/admin', await services.plain.account(['dispatcher']))
      await office.go('台账')
      const head = 'kind,number,grid_code,place,interval_days,next_due,details\n'
      const choose = (text) =>
        office.at.getByLabel('台账文件').setInputFiles({ name: '台账.csv', mimeType: 'text/csv', buffer: Buffer.from(head + text) })
      await choose(`危房,${size}-1,CH-XX-00,某处,30,+2,\n危房,${size}-2,${ground.grid},${ground.estate}1号门,0,+2,\n`)
      await office.at.getByText(/第2行.*CH-XX-00/).waitFor()
      await office.at.getByText(/第3行.*1到366天/).waitFor()
      await office.shot('ledgers-refused')
      await choose(`危房,${size}-1,${ground.grid},${ground.estate}导入的那一栋,30,+2,\n`)
      await office.at.getByText('新增 1 条').waitFor()
      await office.at.getByRole('button', { name: '导入', exact: true }).click()
      await office.at.locator('.t-dialog').getByRole('button', { name: '导入' }).click()
      await office.at.getByText('台账已导入').waitFor()
      await office.at.getByRole('cell', { name: `${ground.estate}导入的那一栋` }).waitFor()
      await office.shot('ledgers-open')
      const worker = await hire().open(services.plain.url, '/worker/visits', await account(services, size))
      await worker.at.getByText(`${ground.estate}导入的那一栋`).waitFor()
    },
  },
]
