// What must not get lost: a refresh in mid-answer, a service that is killed, a line that breaks, another site's page.
import assert from 'node:assert/strict'
import { INVENTED, WORDS } from '../model.mjs'
import { startSite } from '../site.mjs'

const flat = (words) => words.replace(/〔\d+〕|\s/g, '')
/** The text that an answer shows, without marks and white space. */
const shown = async (answer) => flat(await answer.locator('.rich').innerText())

export const modelJourneys = [
  {
    name: '答到一半刷新',
    async run({ resident, services, model }) {
      model.say(WORDS)
      model.holdAfter(50)
      const asked = model.requests()
      await resident.open(services.model.url)
      await resident.say('老人高龄津贴怎么领')
      await resident
        .last()
        .getByText(/户口所在地的街道便民服务中心/)
        .waitFor()
      assert.equal(await resident.last().getAttribute('aria-busy'), 'true')
      await resident.shot('70-half-an-answer')
      await resident.at.reload()
      await resident
        .last()
        .getByText(/户口所在地的街道便民服务中心/)
        .waitFor()
      assert.equal(await resident.last().getAttribute('aria-busy'), 'true', 'the answer goes on after a refresh')
      await resident.shot('71-refreshed')
      model.release()
      await resident.quiet()
      assert.equal(await shown(resident.last()), flat(WORDS), 'every word once and none lost')
      assert.equal(await resident.own().count(), 1)
      await resident.last().getByText('内容由AI生成，仅供参考').waitFor()
      await resident
        .last()
        .getByRole('button', { name: /^依据 \d+ 条/ })
        .waitFor()
      await resident.shot('72-whole-answer')
      assert.equal(model.requests(), asked + 1, 'the model was asked once')
    },
  },
  {
    name: '模型编的数字不出现',
    async run({ resident, services, model }) {
      model.say(INVENTED)
      model.release()
      await resident.open(services.model.url)
      const answer = await resident.ask('高龄津贴每个月多少钱')
      assert.doesNotMatch(await answer.innerText(), /3456/, 'an amount that stands in no passage is not shown')
      assert.match(await answer.innerText(), /（见原文）/)
      await resident.shot('73-figure-held-back')
    },
  },
  {
    name: '服务被杀死又起来',
    async run({ resident, services, model, size, clerk }) {
      const service = services.model
      model.say(WORDS)
      model.release()
      await resident.open(service.url)
      const estate = size === 'phone' ? '和悦苑3栋' : '锦城名都3栋'
      await resident.ask(`${estate}楼道里有人飞线充电`)
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      const number = await resident.number()
      await resident
        .receipts()
        .getByText(/已送达平台/)
        .first()
        .waitFor()

      model.holdAfter(50)
      await resident.say('老人高龄津贴怎么领')
      await resident
        .last()
        .getByText(/户口所在地的街道便民服务中心/)
        .waitFor()
      await service.kill()
      model.release()
      await resident.say('电话打不通怎么办')
      await resident.shot('74-service-gone')
      await service.start()
      // The half answer says that it is one; the message sent meanwhile is answered, once.
      await resident.at
        .getByText(/回答中断了/)
        .first()
        .waitFor()
      await resident.quiet()
      await resident.own().filter({ hasText: '电话打不通怎么办' }).waitFor()
      assert.ok(
        await resident.at
          .getByText(/户口所在地的街道便民服务中心/)
          .first()
          .isVisible(),
        'the words that were said stay',
      )
      await resident.shot('75-service-back')
      await resident.at.reload()
      await resident.receipts().first().waitFor()
      await resident.quiet()
      assert.equal(await resident.own().filter({ hasText: '老人高龄津贴怎么领' }).count(), 1)
      assert.equal(await resident.own().filter({ hasText: '电话打不通怎么办' }).count(), 1, 'what was said while it was away came in once')
      const retry = await resident.ask('老人高龄津贴怎么领')
      assert.equal(await shown(retry), flat(WORDS), 'and it answers again')

      // The window listens to the new service.
      await clerk.open(service.url)
      await clerk.press(number, '受理')
      await resident.at.getByRole('article', { name: '进展通知' }).filter({ hasText: '已经受理' }).waitFor()
      await resident.shot('76-news-after-restart')
    },
  },
]

export const journeys = [
  {
    name: '断网时说的话',
    async run({ resident, services }) {
      await resident.open(services.plain.url)
      await resident.ask('你好')
      const posts = []
      resident.window.on(
        'request',
        (r) => r.method() === 'POST' && r.url().endsWith('/messages') && posts.push(r.postDataJSON().client_message_id),
      )
      await resident.context.setOffline(true)
      await resident.at.getByText('网络已断开').waitFor()
      await resident.say('身份证丢了怎么补')
      await resident.own().last().getByText('待发送').waitFor()
      await resident.say('要带什么')
      await resident.shot('80-offline')
      await resident.context.setOffline(false)
      await resident.answers().nth(3).waitFor()
      await resident.quiet()
      assert.match(await resident.answers().nth(2).innerText(), /身份证/)
      assert.equal(new Set(posts).size, 2)
      await resident.at.reload()
      await resident.answers().nth(3).waitFor()
      assert.equal(await resident.own().count(), 3, 'each message is there once')
      await resident.shot('81-online-again')
    },
  },
  {
    name: '放在别的网站上',
    async run({ resident, services, size }) {
      const site = await startSite(services.plain.url)
      try {
        const page = await resident.page(site.url)
        const bubble = page.getByRole('button', { name: '问问网格员' })
        await bubble.waitFor()
        await resident.picture(page, '85-widget-closed')
        assert.equal(await page.locator('iframe').count(), 0, 'nothing is loaded before the first tap')
        await bubble.click()
        const frame = page.frameLocator('iframe')
        resident.window = page
        resident.at = frame
        await frame.getByLabel('输入消息').waitFor()
        await resident.picture(page, '86-widget-open')
        if (size === 'phone') {
          const box = await page.locator('iframe').boundingBox()
          assert.deepEqual([box.width, box.height], [390, 844], 'on a phone it fills the screen')
        }
        const answer = await resident.ask('低保怎么申请')
        assert.match(await answer.innerText(), /低保/)
        await answer.getByRole('button', { name: '依据1', exact: true }).first().click()
        await frame.getByRole('dialog').waitFor()
        await resident.picture(page, '87-widget-citation')
        await page.keyboard.press('Escape')
        await frame.getByRole('dialog').waitFor({ state: 'detached' })
        await page.keyboard.press('Escape')
        await bubble.waitFor()
        await bubble.click()
        await frame.getByText('低保怎么申请', { exact: true }).first().waitFor()
        await frame.getByRole('button', { name: '收起对话' }).click()
        await bubble.waitFor()
        // The host's own policy stood: nothing of ours broke it (a breach would be an error in the console).
      } finally {
        await site.stop()
      }
    },
  },
  {
    name: '转人工、清空对话',
    async run({ resident, services }) {
      await resident.open(services.plain.url)
      const page = resident.window
      await page.getByRole('button', { name: '转人工', exact: true }).first().click()
      assert.equal(await resident.sheet().getByRole('link', { name: /12345/ }).getAttribute('href'), 'tel:12345')
      await resident.shot('90-human')
      await resident.sheet().getByRole('button', { name: '把联系办法发到对话里' }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      await resident.answers().nth(1).waitFor()
      await resident.quiet()
      assert.match(await resident.last().innerText(), /12345/)
      assert.equal(
        await resident
          .last()
          .getByRole('link', { name: /拨打12345/ })
          .getAttribute('href'),
        'tel:12345',
        'the number is dialled, not sent as a message',
      )
      await resident.shot('91-human-answer')

      await page.getByRole('button', { name: '更多' }).click()
      await resident.sheet('更多').waitFor()
      await resident.shot('92-menu')
      await resident.sheet().getByRole('button', { name: '隐私说明' }).click()
      await resident.sheet('隐私说明').waitFor()
      await resident.shot('93-privacy')
      await page.keyboard.press('Escape')
      const key = await page.evaluate(() => JSON.parse(localStorage.getItem('gw:default:conversation')))
      await page.getByRole('button', { name: '更多' }).click()
      await resident.sheet().getByRole('button', { name: '清空对话' }).click()
      await resident.sheet('清空对话？').waitFor()
      await resident.shot('94-clear')
      await resident.sheet().getByRole('button', { name: '清空', exact: true }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      assert.equal(await resident.own().count(), 0)
      await resident.shot('95-cleared')
      await page.reload()
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      assert.equal(await resident.own().count(), 0, 'a refresh brings nothing back')
      const old = await fetch(`${services.plain.url}/api/v1/conversations/${key.id}/messages`, {
        headers: { authorization: `Bearer ${key.token}` },
      })
      assert.ok([401, 404, 410].includes(old.status), `the server has forgotten it, too (${old.status})`)
    },
  },
]
