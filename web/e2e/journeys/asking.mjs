// Asking: an answer with its basis, the original, what was good or bad about it, and what cannot be answered.
import assert from 'node:assert/strict'

export const journeys = [
  {
    name: '首页',
    async run({ resident, services }) {
      const page = await resident.page(services.plain.url)
      await page.getByRole('heading', { level: 1, name: '虚拟数字网格员' }).waitFor()
      await resident.picture(page, '00-home')
      assert.match(await page.getByLabel('嵌入代码').innerText(), new RegExp(`src="${services.plain.url}/widget.js"`))
      assert.equal(await page.getByRole('link', { name: '12345' }).getAttribute('href'), 'tel:12345')
      await page.getByRole('link', { name: '打开对话' }).click()
      await page.getByLabel('输入消息').waitFor()
    },
  },
  {
    name: '问政策、看依据和原文、评价',
    async run({ resident, services, size }) {
      const posts = []
      const page = await resident.page('about:blank')
      page.on('request', (r) => r.method() === 'POST' && posts.push(r.url()))
      resident.window = resident.at = page
      await page.goto(`${services.plain.url}/chat`)
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      await resident.shot('01-open')
      assert.deepEqual(posts, [], 'nothing is stored before the first message')

      await page.getByRole('button', { name: /高龄津贴/ }).click()
      await resident.answers().nth(1).waitFor()
      await resident.quiet()
      await resident.shot('02-answer')
      const answer = resident.last()
      assert.match(await answer.innerText(), /高龄/)
      const begin = await answer.evaluate(
        (el) => el.getBoundingClientRect().top >= el.closest('[role="log"]').getBoundingClientRect().top - 1,
      )
      assert.ok(begin, 'a long answer is read from its first line, not from its last')

      const mark = answer.getByRole('button', { name: '依据1', exact: true }).first()
      await mark.click()
      const sheet = resident.sheet()
      await sheet.getByRole('heading', { name: '依据' }).waitFor()
      const quote = (await sheet.getByRole('blockquote').innerText()).trim()
      assert.ok(quote.length > 10, 'the sheet quotes the passage')
      await resident.shot('03-citation')
      await sheet.getByRole('button', { name: '查看原文' }).click()
      const original = sheet.getByRole('article')
      await original.waitFor()
      const flat = (s) => s.replace(/\s/g, '')
      assert.ok(flat(await original.innerText()).includes(flat(quote)), 'the quoted passage stands in the original')
      assert.ok(await original.locator('[data-cited]').first().isVisible(), 'the cited part is in sight and marked')
      await resident.shot('04-original')
      await page.keyboard.press('Escape')
      await sheet.waitFor({ state: 'detached' })
      assert.ok(await mark.evaluate((el) => el === document.activeElement), 'the focus returns to the mark')

      await answer.getByRole('button', { name: '复制', exact: true }).click()
      const copied = await page.evaluate(() => navigator.clipboard.readText())
      assert.match(copied, /依据：\n〔1〕[^]*（自动答复，以原文为准）$/, 'what is copied carries its basis and says who answered')

      await answer.getByRole('button', { name: '没用' }).click()
      await sheet.getByRole('button', { name: '没说清找谁' }).click()
      await resident.shot('05-feedback')
      await sheet.getByRole('button', { name: '提交' }).click()
      await page.getByText('已记下，我们会改进').waitFor()
      assert.equal(await answer.getByRole('button', { name: '没用' }).getAttribute('aria-pressed'), 'true')

      // The next question leaves the first answer alone.
      if (size === 'desk') {
        await page.getByLabel('输入消息').fill('那要带什么材料')
        const before = await resident.answers().count()
        await page.keyboard.press('Enter')
        await resident.answers().nth(before).waitFor()
        await resident.quiet()
        assert.match(await resident.last().innerText(), /身份证|材料/)
      }
    },
  },
  {
    name: '问不到、不归街道管、乱输入',
    async run({ resident, services }) {
      await resident.open(services.plain.url)
      const none = await resident.ask('怎么修理航天飞机的发动机')
      assert.match(await none.innerText(), /没有找到依据/)
      assert.equal(await none.getByRole('button', { name: /^依据/ }).count(), 0, 'no basis is pretended')
      await resident.shot('06-nothing-found')
      const lawful = await resident.ask('我要申请劳动仲裁')
      assert.match(await lawful.innerText(), /仲裁委员会/)
      assert.ok(await lawful.getByRole('link', { name: '12333' }).first().isVisible(), 'the number can be tapped')
      await resident.shot('07-lawful-channel')

      await resident.ask('<img src=x onerror="document.title=\'x\'"><b>粗体</b> 低保怎么申请')
      assert.match(await resident.own().last().innerText(), /<b>粗体<\/b>/, 'markup is shown as it was typed')
      assert.notEqual(await resident.at.title(), 'x')

      const box = resident.at.getByLabel('输入消息')
      await box.fill('   ')
      await resident.at.getByRole('button', { name: '发送', exact: true }).click({ force: true })
      const said = await resident.own().count()
      await box.fill('长'.repeat(10_000))
      await resident.at.getByText(/10000\/2000，请删减一些/).waitFor()
      await resident.at.getByRole('button', { name: '发送', exact: true }).click({ force: true })
      assert.equal(await resident.own().count(), said, 'neither nothing nor too much is sent')
      assert.equal((await box.inputValue()).length, 10_000, 'and nothing typed is lost')
      await resident.shot('08-too-long')
    },
  },
  {
    name: '大字',
    async run({ resident, services }) {
      await resident.open(services.plain.url)
      await resident.at.getByRole('button', { name: '长辈版大字' }).click()
      await resident.shot('09-elder-open')
      await resident.ask('电动车能推到楼道里充电吗')
      const size = await resident
        .last()
        .locator('.rich')
        .evaluate((el) => Number.parseFloat(getComputedStyle(el).fontSize))
      assert.ok(size >= 24, `answers are in 24 px, not ${size}`)
      const small = await resident.at.evaluate(() =>
        [...document.querySelectorAll('button')]
          .filter((b) => !b.closest('.rich') && b.checkVisibility())
          .map((b) => [b.ariaLabel ?? b.textContent.trim(), b.getBoundingClientRect()])
          .filter(([, r]) => r.width > 0 && (r.height < 59.5 || r.width < 59.5))
          .map(([name, r]) => `${name} ${Math.round(r.width)}×${Math.round(r.height)}`),
      )
      assert.deepEqual(small, [], 'buttons are 60 px or more')
      await resident.shot('10-elder-answer')
      await resident.at.reload()
      await resident.at.getByLabel('输入消息').waitFor()
      assert.equal(
        await resident.at.getByRole('button', { name: '长辈版大字' }).getAttribute('aria-pressed'),
        'true',
        'a refresh keeps the size',
      )
    },
  },
]
