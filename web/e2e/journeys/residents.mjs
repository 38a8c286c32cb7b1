// What the resident's window does beyond asking and reporting: for old eyes and hands, by voice, on a shared machine, in two tabs.
import assert from 'node:assert/strict'
import { Resident, SIZES } from '../browser.mjs'
import { covered, sideways, tabTo, tooSmall } from '../measure.mjs'
import { WORDS } from '../model.mjs'

// Each screen has its own places, so that nobody's matter is taken for somebody else's.
const PLACES = {
  phone: {
    elder: '和悦苑5栋',
    keys: '凤鸣花园7栋',
    voice: '锦绣蓝湾小区5栋',
    twice: '凤栖雅居6栋',
    away: '铂金云鼎小区3栋',
    odd: '和悦苑8栋',
    kept: '凤鸣花园9栋',
  },
  desk: {
    elder: '锦城名都5栋',
    keys: '春晖花园7栋',
    voice: '柏溪小筑5栋',
    twice: '银杏苑4栋',
    away: '古渡春色小区3栋',
    odd: '锦城名都8栋',
    kept: '春晖花园9栋',
  },
}

/** Nothing is covered and nothing goes sideways. */
async function reachable(page, state) {
  assert.deepEqual(await covered(page), [], `${state}: controls that lie under something`)
  assert.deepEqual(await sideways(page), [], `${state}: wider than the window`)
}
async function close(resident) {
  await resident.window.keyboard.press('Escape')
  await resident.sheet().waitFor({ state: 'detached' })
}
/** The service's own microphone: Chromium's beeping one, allowed. */
const allowMicrophone = (resident, url) =>
  resident.context.grantPermissions(['microphone', 'clipboard-read', 'clipboard-write'], { origin: url })

/** 长辈版 from the first moment; what comes back measures whatever is in sight and takes a picture of it. */
async function asElder(resident, url) {
  await resident.open(url)
  await allowMicrophone(resident, url)
  const page = resident.window
  await page.addInitScript(() => {
    // No voices in a test: what would be read aloud is written down.
    window.read = []
    Object.defineProperty(window, 'speechSynthesis', {
      value: { speak: (u) => window.read.push(u), cancel: () => window.read.push('stop') },
    })
  })
  await page.reload()
  await page.getByRole('button', { name: '长辈版大字' }).click()
  return async (name, picture) => {
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
          .map((a) => a.finished.catch(() => undefined)),
      ),
    )
    assert.deepEqual(await tooSmall(page), [], `长辈版，${name}`)
    await reachable(page, `长辈版，${name}`)
    if (picture) await resident.shot(picture)
  }
}

/** With the slow model, one after the other. */
export const modelJourneys = [
  {
    name: '复制的回答带标识，标识一直在，没有东西挡住按钮',
    async run({ resident, services, model, size }) {
      model.say(WORDS)
      model.holdAfter(40)
      await resident.open(services.model.url)
      const page = resident.window
      // This service has no transcriber: what cannot be used is not shown.
      assert.equal(await page.getByRole('button', { name: '语音输入' }).count(), 0)
      assert.equal((await fetch(`${services.model.url}/api/v1/transcriptions`, { method: 'POST' })).status, 404)
      const notice = page.getByText('您正在与人工智能对话')
      const inSight = async (state) => {
        const box = await notice.boundingBox()
        const { width, height } = page.viewportSize()
        assert.ok(box && box.y + box.height <= height + 0.5 && box.x >= 0 && box.x + box.width <= width, `${state}: the notice is in sight`)
        await reachable(page, state)
      }
      await inSight('刚打开')
      await resident.say('老人高龄津贴怎么领')
      await resident
        .last()
        .getByText(/户口所在地/)
        .waitFor()
      await inSight('写到一半')
      assert.equal(await resident.last().getByRole('button', { name: '复制' }).count(), 0, 'half an answer is not copied')
      model.release()
      await resident.quiet()
      await resident.last().getByText('内容由AI生成，仅供参考').waitFor()
      await inSight('回答完')
      await resident.last().getByRole('button', { name: '复制', exact: true }).click()
      const copied = await page.evaluate(() => navigator.clipboard.readText())
      assert.match(copied, /高龄津贴[^]*依据：[^]*（内容由AI生成，仅供参考）$/, 'label and basis go with the copy')
      await page.getByText('已复制').waitFor()
      await inSight('提示出现时')
      await page.reload()
      await resident.last().getByText('内容由AI生成，仅供参考').waitFor()
      await resident.shot('130-label')
      await resident.ask('楼道里有人飞线充电，我要上报')
      await inSight('草稿')
      for (const viewport of [
        { width: 320, height: 568 },
        { width: 720, height: 450 },
        { width: 844, height: 390 },
      ]) {
        await page.setViewportSize(viewport)
        await page.waitForTimeout(150)
        await inSight(`${viewport.width}×${viewport.height}`)
      }
      await page.setViewportSize(SIZES[size])
    },
  },
]

export const journeys = [
  {
    name: '长辈版问：字够大、按钮够大、看得清',
    async run({ resident, services }) {
      const state = await asElder(resident, services.plain.url)
      const page = resident.window
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      assert.equal(await page.getByRole('group', { name: '可以这样问' }).getByRole('button').count(), 4, 'fewer choices')
      await state('刚打开', '100-elder-open')
      for (const [button, name] of [
        ['隐私说明', '隐私说明'],
        ['转人工', '找人工'],
        ['更多', '更多'],
      ]) {
        await page.getByRole('button', { name: button, exact: true }).first().click()
        await resident.sheet().getByRole('heading', { name }).first().waitFor()
        await state(name, `101-elder-${{ 隐私说明: 'privacy', 转人工: 'human', 更多: 'menu' }[button]}`)
        await close(resident)
      }
      await page.getByRole('button', { name: '添加照片' }).click()
      await state('加照片', '102-elder-photo')
      await page.getByRole('button', { name: '添加照片' }).click()
      await page.getByRole('button', { name: '语音输入' }).click()
      await page.getByRole('button', { name: '点一下，开始说' }).waitFor()
      await state('语音输入', '103-elder-talk')
      await page.getByRole('button', { name: '语音输入' }).click()

      const answer = await resident.ask('电动车能推到楼道里充电吗')
      await state('回答', '104-elder-answer')
      await answer.getByRole('button', { name: '朗读' }).click()
      await answer.getByRole('button', { name: '停止朗读' }).waitFor()
      await resident.shot('105-elder-aloud')
      const read = await page.evaluate(() => window.read.filter((u) => u !== 'stop').map((u) => [u.lang, u.text]))
      assert.ok(
        read.length > 1 && read.every(([lang, text]) => lang === 'zh-CN' && !/〔\d/.test(text)),
        'sentence by sentence, without the marks',
      )
      await answer.getByRole('button', { name: '停止朗读' }).click()
      await answer.getByRole('button', { name: '朗读', exact: true }).waitFor()
      assert.equal(await page.evaluate(() => window.read.at(-1)), 'stop')

      await answer.getByRole('button', { name: /^依据 \d+ 条/ }).click()
      await resident.sheet().getByRole('blockquote').waitFor()
      await state('依据', '106-elder-citation')
      await resident.sheet().getByRole('button', { name: '查看原文' }).click()
      await resident.sheet().getByRole('article').waitFor()
      await state('原文')
      await close(resident)
      await answer.getByRole('button', { name: '没用' }).click()
      await resident.sheet().getByRole('button', { name: '看不懂' }).waitFor()
      await state('哪里不好', '107-elder-feedback')
      await close(resident)
      await resident.ask('怎么修理航天飞机的发动机')
      await state('没有依据')
    },
  },
  {
    name: '长辈版反映：字够大、按钮够大、看得清',
    async run({ resident, services, size }) {
      const state = await asElder(resident, services.plain.url)
      const page = resident.window
      await resident.ask(`${PLACES[size].elder}楼道里有人飞线充电，我要上报`)
      await resident.draft().getByRole('button', { name: '确认提交' }).waitFor()
      await state('草稿', '108-elder-draft')
      for (const field of ['地点', '类别', '电话|联系人', '情况', '时间']) {
        await resident
          .draft()
          .getByRole('button', { name: new RegExp(`^(修改|填写)(${field})`) })
          .first()
          .click()
        await resident.sheet().getByRole('button', { name: '取消' }).waitFor()
        if (field === '类别') await resident.sheet().getByRole('radio').first().waitFor()
        await state(`改${field}`, field === '地点' || field === '类别' ? `109-elder-${field === '地点' ? 'place' : 'category'}` : undefined)
        await close(resident)
      }
      await resident.draft().getByRole('button', { name: '不报了' }).click()
      await resident.sheet().getByRole('button', { name: '继续上报' }).waitFor()
      await state('不报了')
      await close(resident)
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      await resident.number()
      await resident
        .receipts()
        .getByText(/已送达平台/)
        .first()
        .waitFor()
      await state('回执', '110-elder-receipt')
      for (const button of ['补充照片', '撤回']) {
        await resident.receipts().last().getByRole('button', { name: button }).click()
        await resident.sheet().getByRole('textbox').waitFor()
        await state(button)
        await close(resident)
      }
      await page.getByRole('button', { name: '更多' }).click()
      await resident.sheet().getByRole('button', { name: '查进度' }).click()
      await resident.sheet().getByLabel('工单号').waitFor()
      await state('查进度')
      await close(resident)
      await page.getByRole('button', { name: '更多' }).click()
      await resident.sheet().getByRole('button', { name: '清空对话' }).click()
      await resident.sheet().getByRole('button', { name: '不清空' }).waitFor()
      await state('清空对话', '111-elder-clear')
      await close(resident)
      await resident.ask('家里着火了')
      await state('紧急', '112-elder-emergency')
      await resident.context.setOffline(true)
      await page.getByText('网络已断开').waitFor()
      await resident.say('人都出来了')
      await resident.own().last().getByText('待发送').waitFor()
      await state('断网', '113-elder-offline')
      await resident.context.setOffline(false)
      await resident.quiet()
    },
  },
  {
    name: '长辈版只用键盘：问、看依据、反映、确认、评价',
    async run({ resident, services, size, clerk }) {
      await resident.open(services.plain.url)
      const page = resident.window
      const box = page.getByLabel('输入消息')
      const press = async (target, back = false) => {
        await tabTo(page, target, { back })
        await page.keyboard.press('Enter')
      }
      const write = async (words) => {
        const before = await resident.answers().count()
        await tabTo(page, box)
        await page.keyboard.insertText(words)
        await page.keyboard.press('Enter')
        await resident.answers().nth(before).waitFor()
        await resident.quiet()
      }
      // What a screen reader is told: once per finished message.
      await page.evaluate(() => {
        window.told = []
        const line = document.querySelector('.window > p.sr-only')
        new MutationObserver(() => line.textContent && window.told.push(line.textContent)).observe(line, {
          childList: true,
          characterData: true,
          subtree: true,
        })
      })
      await press(page.getByRole('button', { name: '长辈版大字' }))
      await page.waitForFunction(() => document.documentElement.classList.contains('elder'))
      await write('老人高龄津贴怎么领')
      const told = await page.evaluate(() => window.told)
      assert.equal(told.length, 1, `one announcement for one message: ${told.join(' | ')}`)
      const basis = resident.last().getByRole('button', { name: /^依据 \d+ 条/ })
      await press(basis, true)
      await resident.sheet().getByRole('blockquote').waitFor()
      for (let pressed = 0; pressed < 12; pressed += 1) {
        await page.keyboard.press('Tab')
        assert.ok(
          await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null),
          'the focus stays in the sheet',
        )
      }
      await resident.shot('115-keys-citation')
      await page.keyboard.press('Escape')
      await resident.sheet().waitFor({ state: 'detached' })
      assert.ok(await basis.evaluate((el) => el === document.activeElement), 'the focus returns')
      await press(resident.last().getByRole('button', { name: '有用' }))
      await page.getByText('谢谢您的评价').waitFor()

      await write(`${PLACES[size].keys}楼道里有人飞线充电，我要上报`)
      await resident.draft().waitFor()
      const place = resident.draft().getByRole('button', { name: /^修改地点/ })
      await press(place, true)
      await tabTo(page, resident.sheet().getByRole('textbox', { name: '地点' }))
      await page.keyboard.press('End')
      await page.keyboard.insertText('2单元')
      await page.keyboard.press('Enter')
      await resident.sheet().waitFor({ state: 'detached' })
      assert.ok(await place.evaluate((el) => el === document.activeElement), 'the focus returns to the row')
      assert.match(await place.getAttribute('aria-label'), /2单元/)
      await resident.shot('116-keys-draft')
      await press(resident.draft().getByRole('button', { name: '确认提交' }))
      const number = await resident.number()
      assert.ok(
        await page.evaluate(() => document.activeElement.getAttribute('role') === 'log'),
        'the focus is in the conversation, not nowhere',
      )
      await resident
        .receipts()
        .getByText(/已送达平台/)
        .first()
        .waitFor()
      await clerk.open(services.plain.url)
      for (const move of ['受理', '交办', '开始处置']) await clerk.press(number, move)
      await clerk.press(number, '办结', '电线已经拆除')
      const form = page.getByRole('form', { name: '办理评价' })
      await form.waitFor()
      await press(form.getByRole('button', { name: '已解决' }))
      await press(form.getByRole('button', { name: '5 星' }))
      assert.deepEqual(await tooSmall(page), [], '长辈版，评价')
      await resident.shot('117-keys-rating')
      await press(form.getByRole('button', { name: '提交评价' }))
      await form.waitFor({ state: 'detached' })
      await page.locator('.pill', { hasText: '已回访' }).first().waitFor()
      await page.keyboard.press('Shift+Tab')
    },
  },
  {
    name: '说话反映，先看再发',
    run: ({ resident, services, size, ears }) =>
      ears.alone(async () => {
        await resident.open(services.plain.url)
        const page = resident.window
        const box = page.getByLabel('输入消息')
        const posts = []
        page.on('request', (r) => r.method() === 'POST' && posts.push(new URL(r.url()).pathname))
        await page.getByRole('button', { name: '语音输入' }).click()
        const button = page.locator('.talk-button')
        // Without the right to the microphone: words, and the way to type.
        await button.click()
        await page.getByText('没有允许使用麦克风').waitFor()
        await resident.shot('120-talk-denied')

        await allowMicrophone(resident, services.plain.url)
        const words = `${PLACES[size].voice}门口垃圾没人清云`
        ears.hears(words)
        // Held, slid up: thrown away.
        const middle = async () => {
          const { x, y, width, height } = await button.boundingBox()
          return [x + width / 2, y + height / 2]
        }
        await page.mouse.move(...(await middle()))
        await page.mouse.down()
        await button.getByText('松开就说完').waitFor()
        const [x, y] = await middle()
        await page.mouse.move(x, y - 120, { steps: 4 })
        await button.getByText('松开就取消').waitFor()
        await resident.shot('121-talk-away')
        await page.mouse.up()
        await button.getByText('按住说话').waitFor()
        assert.deepEqual(posts, [], 'what was thrown away went nowhere')

        // Held and let go.
        await page.mouse.move(...(await middle()))
        await page.mouse.down()
        await button.getByText('松开就说完').waitFor()
        await page.waitForTimeout(900)
        await resident.shot('122-talk-hearing')
        await page.mouse.up()
        await box.waitFor()
        assert.equal(await box.inputValue(), words)
        await page.getByText('这是听到的话').waitFor()
        assert.ok(await box.evaluate((el) => el === document.activeElement), 'the words can be corrected at once')
        assert.deepEqual(posts, ['/api/v1/transcriptions'], 'nothing is sent by itself, and no conversation begins by speaking')
        assert.equal(await resident.own().count(), 0)
        await resident.shot('123-talk-words')
        assert.match(ears.heard().at(-1).head, /name="model"\r\n\r\nears/)

        // One tap to begin, one to end; behind what stands there already. Esc gives up.
        await page.getByRole('button', { name: '语音输入' }).click()
        await button.click()
        await button.getByText('点一下说完').waitFor()
        await page.keyboard.press('Escape')
        await button.getByText('按住说话').waitFor()
        ears.hears('有一个星期了')
        await button.click()
        await button.getByText('点一下说完').waitFor()
        await page.waitForTimeout(500)
        await button.click()
        await box.waitFor()
        assert.equal(await box.inputValue(), `${words}，有一个星期了`)
        // Misheard: corrected, then sent.
        await box.fill(`${words}，有一个星期了`.replace('清云', '清运'))
        await page.keyboard.press('Enter')
        await resident.draft().getByText(PLACES[size].voice).first().waitFor()
        assert.match(await resident.own().last().innerText(), /清运/)
        await resident.shot('124-talk-draft')

        // An endpoint that fails says so, and nothing that was typed is lost.
        await box.fill('还有')
        await page.getByRole('button', { name: '语音输入' }).click()
        ears.fails(2)
        await button.click()
        await button.getByText('点一下说完').waitFor()
        await page.waitForTimeout(400)
        await button.click()
        await page.getByText('语音没能转成文字').waitFor()
        await page.getByRole('button', { name: '语音输入' }).click()
        assert.equal(await box.inputValue(), '还有')
      }),
  },
  {
    name: '窄到320、放大到两倍、不要动画、强制颜色',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      await allowMicrophone(resident, services.plain.url)
      const page = resident.window
      const look = async (name) => {
        await page.waitForTimeout(200)
        await reachable(page, name)
        await resident.shot(name)
      }
      // 320 px; 1440 at 200 % is 720 wide and 450 high.
      await page.setViewportSize(size === 'phone' ? { width: 320, height: 568 } : { width: 720, height: 450 })
      await page.emulateMedia({ reducedMotion: 'reduce' })
      await look('140-narrow-open')
      await resident.ask('低保怎么申请')
      await look('141-narrow-answer')
      const basis = resident.last().getByRole('button', { name: /^依据 \d+ 条/ })
      // Whoever has scrolled to the end and taps meets what was seen there: the row below goes, and nothing moves.
      await page.getByText('下面还有').waitFor()
      const top = () => basis.evaluate((el) => Math.round(el.getBoundingClientRect().top))
      const seen = await basis.evaluate((el) => {
        const log = el.closest('.log')
        log.scrollTop = log.scrollHeight
        return Math.round(el.getBoundingClientRect().top)
      })
      await page.getByText('下面还有').waitFor({ state: 'detached' })
      await page.waitForTimeout(300)
      assert.equal(await top(), seen, 'nothing moves at the end')
      await look('148-narrow-end')
      await basis.click()
      await resident.sheet().getByRole('blockquote').waitFor()
      const moving = await page.evaluate(
        () => document.getAnimations().filter((a) => (a.effect?.getComputedTiming().duration ?? 0) > 50).length,
      )
      assert.equal(moving, 0, 'nothing moves for whoever wants no motion')
      await look('142-narrow-citation')
      await close(resident)
      await resident.ask('楼道里有人飞线充电，我要上报')
      await resident.draft().waitFor()
      await look('143-narrow-draft')
      await page.getByRole('button', { name: '语音输入' }).click()
      await page.locator('.talk-button').waitFor()
      await look('144-narrow-talk')
      await page.getByRole('button', { name: '语音输入' }).click()
      await page.getByRole('button', { name: '添加照片' }).click()
      await look('145-narrow-panel')
      await page.getByRole('button', { name: '添加照片' }).click()
      await page.getByRole('button', { name: '长辈版大字' }).click()
      await look('146-narrow-elder')
      assert.ok((await page.getByRole('log').boundingBox()).height >= (size === 'phone' ? 150 : 120), 'the conversation keeps its room')
      await page.getByRole('button', { name: '长辈版大字' }).click()

      await page.setViewportSize(SIZES[size])
      await page.emulateMedia({ forcedColors: 'active' })
      const shapes = await page.evaluate(() =>
        ['.bubble', '.card', '.send', '.answer, .chip', 'textarea'].filter((s) => {
          const el = document.querySelector(s)
          return el && Number.parseFloat(getComputedStyle(el).borderTopWidth) < 1
        }),
      )
      assert.deepEqual(shapes, [], 'where grounds are taken away, edges remain')
      await resident.shot('147-forced-colours')
    },
  },
  {
    name: '公用设备没人用就清空',
    async run({ resident, services, size, pictures }) {
      const page = await resident.page('about:blank')
      resident.window = resident.at = page
      await page.clock.install()
      await page.goto(`${services.plain.url}/chat?kiosk=600`)
      await page.getByLabel('输入消息').waitFor()
      await page.getByText('公用设备，用完请清空').waitFor()
      const clear = page.locator('.kiosk-bar').getByRole('button', { name: '清空对话' })
      assert.ok(await clear.isVisible(), 'clearing is always at hand')
      let made
      page.on('response', async (r) => {
        if (r.request().method() === 'POST' && r.url().endsWith('/conversations')) made = await r.json()
      })
      await page.getByRole('button', { name: '长辈版大字' }).click()
      await resident.ask('低保怎么申请')
      await resident.shot('150-kiosk')
      assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0], 'nothing is kept on the machine')
      const known = () =>
        fetch(`${services.plain.url}/api/v1/conversations/${made.conversation_id}/messages`, {
          headers: { authorization: `Bearer ${made.token}` },
        }).then((r) => r.status)
      assert.equal(await known(), 200)

      // It asks first; whoever is still there says so.
      await page.clock.fastForward(601_000)
      const question = page.getByRole('dialog', { name: '还在用吗？' })
      await question.waitFor()
      // At once: it asks for twenty seconds of real time, and axe on a busy machine takes longer.
      await page.screenshot({ path: `${pictures}/${size}-151-kiosk-asks.png`, animations: 'disabled' })
      await question.getByRole('button', { name: '我还在用' }).click()
      await question.waitFor({ state: 'detached' })
      assert.equal(await resident.own().count(), 1)
      // Half a message in the input is somebody's, too.
      await page.getByLabel('输入消息').fill('我的电话是13800000000')
      await page.clock.fastForward(601_000)
      await question.waitFor()
      await page.clock.fastForward(21_000)
      await page.getByText('已清空，请下一位使用').waitFor()
      assert.equal(await resident.own().count(), 0)
      assert.equal(await page.getByLabel('输入消息').inputValue(), '', 'the input is empty, too')
      assert.equal(await page.getByRole('button', { name: '长辈版大字' }).getAttribute('aria-pressed'), 'false')
      await resident.shot('152-kiosk-reset')
      for (let tries = 0; tries < 30 && (await known()) === 200; tries += 1) await page.waitForTimeout(100)
      assert.ok([401, 403, 404, 410].includes(await known()), 'the server has forgotten it')

      // By hand, and by a reload.
      await resident.ask('你好')
      await page.locator('.kiosk-bar').getByRole('button', { name: '清空对话' }).click()
      await resident.sheet().getByRole('button', { name: '清空', exact: true }).click()
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      await resident.ask('身份证丢了怎么补')
      await page.reload()
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      assert.equal(await resident.own().count(), 0, 'a reload brings nobody back')
      for (let tries = 0; tries < 30 && (await known()) === 200; tries += 1) await page.waitForTimeout(100)
      assert.ok((await known()) !== 200, 'and leaves nothing on the server')
    },
  },
  {
    name: '两个标签页',
    async run({ resident, services }) {
      await resident.open(services.plain.url)
      const one = resident.window
      const two = await resident.page(`${services.plain.url}/chat`)
      await two.getByRole('group', { name: '可以这样问' }).waitFor()
      const begun = []
      for (const page of [one, two])
        page.on('request', (r) => r.method() === 'POST' && r.url().endsWith('/conversations') && begun.push(r.url()))
      const say = async (page, words) => {
        await page.getByLabel('输入消息').fill(words)
        await page.keyboard.press('Enter')
      }
      const own = (page) => page.getByRole('article', { name: '我', exact: true })
      // Both begin in the same moment: one conversation.
      await Promise.all([say(one, '低保怎么申请'), say(two, '身份证丢了怎么补')])
      for (const page of [one, two]) {
        await page.getByRole('article', { name: '网格员', exact: true }).nth(1).waitFor()
        // A tab behind another draws no frames.
        await page.bringToFront()
        await page.locator('[aria-busy="true"], .streaming').first().waitFor({ state: 'detached' })
      }
      assert.equal(begun.length, 1, 'two tabs begin one conversation')
      for (const [page, other] of [
        [one, '身份证丢了怎么补'],
        [two, '低保怎么申请'],
      ])
        await own(page).filter({ hasText: other }).waitFor()
      // What is said in one is seen in the other.
      await one.bringToFront()
      await say(one, '要带什么材料')
      await own(two).filter({ hasText: '要带什么材料' }).waitFor()
      await two.bringToFront()
      await two.locator('[aria-busy="true"], .streaming').first().waitFor({ state: 'detached' })
      await two.waitForFunction(() => document.querySelectorAll('article[aria-label="网格员"]').length === 4)
      await resident.picture(two, '155-second-tab')
      for (const page of [one, two]) {
        await page.bringToFront()
        await page.reload()
        await page.waitForFunction(() => document.querySelectorAll('article[aria-label="我"]').length > 0)
        await page.locator('[aria-busy="true"], .streaming').first().waitFor({ state: 'detached' })
        assert.equal(await own(page).count(), 3, 'each message once, in both')
      }
      // Cleared in one, gone in both.
      await one.bringToFront()
      await one.getByRole('button', { name: '更多' }).click()
      await resident.sheet().getByRole('button', { name: '清空对话' }).click()
      await resident.sheet().getByRole('button', { name: '清空', exact: true }).click()
      await two.getByRole('group', { name: '可以这样问' }).waitFor()
      assert.equal(await own(two).count(), 0)
    },
  },
  {
    name: '断网时点确认，回来再点两下',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      await resident.ask(`${PLACES[size].away}楼道里有人飞线充电，我要上报`)
      const confirm = resident.draft().getByRole('button', { name: '确认提交' })
      await confirm.waitFor()
      await resident.context.setOffline(true)
      await resident.at.getByText('网络已断开').waitFor()
      await confirm.click()
      await resident.draft().getByRole('alert').waitFor()
      await resident.shot('160-confirm-offline')
      await resident.context.setOffline(false)
      await resident.at.getByText('网络已断开').waitFor({ state: 'detached' })
      await confirm.dblclick()
      await resident.number()
      await resident.draft().waitFor({ state: 'detached' })
      await resident.at.reload()
      await resident.receipts().first().waitFor()
      assert.equal(await resident.receipts().count(), 1, 'one ticket')
      const tickets = await resident.ask('我上报的事办到哪一步了')
      assert.equal(new Set((await tickets.innerText()).match(/WG\d{14}/g)).size, 1)
    },
  },
  {
    name: '和别人反映的是同一件事',
    async run({ resident, services, size, browser, pictures }) {
      const first = new Resident(browser, size, pictures)
      try {
        await first.open(services.plain.url)
        await first.ask(`${PLACES[size].twice}门口的路灯坏了，天黑看不见路`)
        await first.draft().getByRole('button', { name: '确认提交' }).click()
        const number = await first.number()
        await first
          .receipts()
          .getByText(/已送达平台/)
          .first()
          .waitFor()

        await resident.open(services.plain.url)
        await resident.ask(`${PLACES[size].twice}门口路灯不亮，晚上黑得很`)
        const card = resident.at.getByRole('region', { name: '可能是同一件事' })
        await card.first().waitFor()
        await resident.shot('165-same-matter')
        assert.doesNotMatch(await card.first().innerText(), /天黑看不见路/, "the first reporter's own words are not shown")
        await card.last().getByRole('button', { name: '一起反映' }).first().click()
        const mine = await resident.number()
        assert.notEqual(mine, number, 'who joins has a number of their own')
        await resident
          .receipts()
          .last()
          .getByText(/是同一件事/)
          .waitFor()
        await resident.quiet()
        await resident.shot('166-joined')
      } finally {
        resident.problems.push(...first.problems)
        await first.end()
      }
    },
  },
  {
    name: '收集之前先说明，删掉什么、留下什么',
    async run({ resident, services, size }) {
      const page = await resident.page('about:blank')
      resident.window = resident.at = page
      const posts = []
      page.on('request', (r) => r.method() !== 'GET' && posts.push(r.url()))
      await page.goto(`${services.plain.url}/chat`)
      await page.getByText('发出第一条消息以前，什么都不保存').waitFor()
      await page.getByRole('button', { name: '隐私说明' }).click()
      const sheet = resident.sheet()
      await sheet.getByText('180 天后自动删除').waitFor()
      assert.match(await sheet.innerText(), /录音只用来转成文字/)
      assert.match(await sheet.innerText(), /请不要发送身份证号/)
      await resident.shot('170-privacy')
      await close(resident)
      await page.goto(`${services.plain.url}/chat#privacy`)
      await page.reload()
      await sheet.getByRole('heading', { name: '隐私说明' }).waitFor()
      await close(resident)
      assert.deepEqual(posts, [])
      assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0, 'nothing is stored before the first message')

      await resident.ask(`${PLACES[size].kept}的下水道堵了，污水流到路上`)
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      const number = await resident.number()
      const key = await page.evaluate(() => JSON.parse(localStorage.getItem('gw:default:conversation')))
      await page.getByRole('button', { name: '更多' }).click()
      await sheet.getByRole('button', { name: '清空对话' }).click()
      await sheet.getByText(number).waitFor()
      assert.match(await sheet.innerText(), /街道要接着办，也要依法存档/)
      await resident.shot('171-clear-with-ticket')
      await sheet.getByRole('button', { name: '不清空' }).click()
      await sheet.waitFor({ state: 'detached' })
      assert.equal(await resident.receipts().count(), 1, 'asked first: nothing is gone')
      await page.getByRole('button', { name: '更多' }).click()
      await sheet.getByRole('button', { name: '清空对话' }).click()
      await sheet.getByRole('button', { name: '清空', exact: true }).dblclick()
      await page.getByRole('group', { name: '可以这样问' }).waitFor()
      assert.equal(await page.evaluate(() => localStorage.getItem('gw:default:conversation')), null)
      const old = await fetch(`${services.plain.url}/api/v1/conversations/${key.id}/messages`, {
        headers: { authorization: `Bearer ${key.token}` },
      })
      assert.notEqual(old.status, 200, 'the words are gone from the server')
      const board = await (await fetch(`${services.plain.url}/platform/`)).text()
      assert.ok(board.length > 0)
    },
  },
  {
    name: '脚本和怪字符只当文字',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      const page = resident.window
      const dialogs = []
      page.on('dialog', (d) => (dialogs.push(d.message()), d.dismiss()))
      const odd = `${PLACES[size].odd}<script>alert(1)</script><img src=x onerror=alert(2)> javascript:alert(3) \u202e倒过来\u202c 路灯坏了，天黑看不见路`
      await resident.ask(odd)
      await resident.draft().waitFor()
      await resident
        .draft()
        .getByRole('button', { name: /^修改情况/ })
        .click()
      await resident.sheet().getByRole('textbox').fill(`<svg onload=alert(4)> [点我](javascript:alert(5)) \u202e灯坏了`)
      await resident.sheet().getByRole('button', { name: '保存' }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      const shown = async () => {
        assert.match(
          await resident.own().first().innerText(),
          /<script>alert\(1\)<\/script><img src=x onerror=alert\(2\)> javascript:alert\(3\)/,
        )
        assert.equal(await page.locator('.log script, .log svg[onload], .log img[onerror], .log a[href^="javascript"]').count(), 0)
      }
      await shown()
      await resident.shot('175-odd-draft')
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      await resident.number()
      await page.reload()
      await resident.receipts().first().waitFor()
      await shown()
      // What turns words round stays inside its own line: the label in front of it stands where it stood.
      const label = resident.receipts().first().locator('dt').first()
      const [left, right] = [await label.boundingBox(), await resident.receipts().first().locator('dd').first().boundingBox()]
      assert.ok(left.x < right.x, 'the label stands before its value')
      await resident.shot('176-odd-receipt')
      assert.deepEqual(dialogs, [])
    },
  },
]
