// Walks through the pages against the mock and takes pictures to look at: node mock/look.mjs [OUT_FOLDER] [phone|desk|tiny]
import { mkdirSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'

const OUT = process.argv[2] ?? '../tests/.artifacts/look'
const BASE = process.env.BASE ?? 'http://127.0.0.1:8787'
mkdirSync(OUT, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
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
    '--use-fake-ui-for-media-stream',
  ],
})
const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 }, tiny: { width: 320, height: 568 } }
const only = process.argv[3]

for (const [name, viewport] of Object.entries(sizes)) {
  if (only && only !== name) continue
  const context = await browser.newContext({ viewport, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', hasTouch: name !== 'desk' })
  const page = await context.newPage()
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(name, m.type(), m.text()))
  page.on('pageerror', (e) => console.log(name, 'pageerror', e.message))
  const shot = async (step) => {
    await page.screenshot({ path: `${OUT}/${name}-${step}.png` })
    const { violations } = await new AxeBuilder({ page }).analyze()
    for (const v of violations)
      console.log(name, step, v.impact, v.id, v.nodes.map((n) => `${n.target} ${n.any.map((a) => a.message)}`).slice(0, 3))
    // Whatever can be tapped is large enough; marks and numbers inside a sentence have a larger place around them.
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button, a[href], input:not([hidden]):not([type=radio]):not([type=checkbox]), textarea')]
        .filter((el) => !el.closest('.rich') && el.checkVisibility())
        .map((el) => [el.getAttribute('aria-label') ?? el.textContent.trim(), el.getBoundingClientRect()])
        .filter(([, r]) => r.width > 0 && (r.width < 43.5 || r.height < 43.5))
        .map(([label, r]) => `${label} ${Math.round(r.width)}×${Math.round(r.height)}`),
    )
    if (small.length > 0 && step !== '00-home') console.log(name, step, 'small:', small.join('; '))
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (over > 0) console.log(name, step, `wider than the window by ${over}`)
  }
  const say = async (words) => {
    await page.getByLabel('输入消息').fill(words)
    await page.getByRole('button', { name: '发送', exact: true }).click()
  }
  const quiet = () => page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .streaming'), undefined, { timeout: 20_000 })

  await page.goto(`${BASE}/`)
  await shot('00-home')
  await page.goto(`${BASE}/chat`)
  await page.getByRole('button', { name: '老年人高龄津贴怎么领？' }).waitFor()
  await shot('01-open')
  await page.getByRole('button', { name: '老年人高龄津贴怎么领？' }).click()
  await page.waitForTimeout(1200)
  await shot('02-streaming')
  await quiet()
  await shot('03-answer')
  await page.getByRole('button', { name: '依据1', exact: true }).first().click()
  await page.waitForTimeout(300)
  await shot('04-citation')
  await page.getByRole('button', { name: '查看原文' }).click()
  await page.getByRole('article', { name: '高龄津贴发放办法（示例）' }).waitFor()
  await shot('05-original')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: '没用' }).click()
  await page.waitForTimeout(300)
  await shot('06-feedback')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: '转人工' }).first().click()
  await page.waitForTimeout(300)
  await shot('07-human')
  await page.keyboard.press('Escape')
  await say('断线 铂金云鼎小区3栋楼道里有人飞线充电')
  await quiet()
  await page.getByRole('region', { name: '工单草稿' }).waitFor()
  await page.waitForTimeout(300)
  await shot('08-draft')
  await page.getByRole('button', { name: '确认提交' }).click()
  await page.getByRole('dialog').waitFor()
  await page.waitForTimeout(300)
  await shot('09-edit')
  await page.getByRole('dialog').getByRole('button', { name: '还在充' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /类别/ }).click()
  await page.waitForTimeout(300)
  await shot('10-category')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /电话/ }).click()
  await page.getByRole('textbox', { name: '电话' }).fill('12')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('alert').waitFor()
  await shot('11-phone-wrong')
  await page.getByRole('textbox', { name: '电话' }).fill('13800000000')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: '确认提交' }).dblclick()
  await page.getByRole('region', { name: /工单回执/ }).waitFor()
  await page.waitForTimeout(400)
  await shot('12-receipt')
  await page.waitForTimeout(7000)
  console.log(name, 'receipts', await page.getByRole('region', { name: /工单回执/ }).count())
  await shot('13-news')
  await page.getByRole('button', { name: '已解决' }).last().click()
  await page.getByRole('button', { name: '5 星' }).last().click()
  await shot('14-rating')
  await page.getByRole('button', { name: '提交评价' }).last().click()
  await page.waitForTimeout(500)
  await say('外墙瓷砖掉下来了，砸到车了')
  await quiet()
  await shot('15-emergency')
  await say('重复：有人飞线')
  await quiet()
  await page.waitForTimeout(200)
  await shot('16-duplicate')
  await page.getByRole('button', { name: '添加照片' }).click()
  await shot('17-panel')
  await page.getByLabel('相册文件').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: await page.screenshot() })
  await page.waitForTimeout(900)
  await page.getByLabel('输入消息').fill('长'.repeat(1990))
  await shot('18-photo')
  await page.getByLabel('输入消息').fill('照片里是占道')
  await page.getByRole('button', { name: '发送', exact: true }).click()
  await page.waitForTimeout(300)
  await quiet()
  await shot('19-photo-sent')
  await context.setOffline(true)
  await say('离线时说的话')
  await page.waitForTimeout(300)
  await shot('20-offline')
  await context.setOffline(false)
  await page.waitForTimeout(1500)
  await quiet()
  await shot('21-online')
  await say('慢一点回答我，高龄津贴')
  await page.waitForTimeout(2500)
  await page.reload()
  await page.waitForTimeout(800)
  await shot('22-after-refresh')
  await quiet()
  await page.getByRole('button', { name: '长辈版大字' }).click()
  await page.waitForTimeout(300)
  await shot('23-elder')
  await page.getByRole('button', { name: '更多' }).click()
  await page.waitForTimeout(300)
  await shot('24-menu')
  await page.getByRole('button', { name: /清空对话/ }).click()
  await page.waitForTimeout(300)
  await shot('25-clear')
  await page.getByRole('button', { name: '清空', exact: true }).click()
  await page.waitForTimeout(500)
  await shot('26-cleared')

  // What the draft asks, by tapping.
  if (name !== 'tiny') await page.getByRole('button', { name: '长辈版大字' }).click()
  const draft = page.getByRole('region', { name: '工单草稿' })
  await say('银杏苑2栋楼下设备噪声太大，我要举报')
  await quiet()
  await draft.getByRole('button', { name: /银杏苑小区2栋/ }).waitFor()
  await page.waitForTimeout(300)
  await shot('40-place-choices')
  await draft.getByRole('button', { name: /银杏苑小区2栋/ }).click()
  await quiet()
  await draft.getByRole('button', { name: '水泵' }).click()
  await draft.getByRole('button', { name: '风机' }).click()
  await page.waitForTimeout(300)
  await shot('41-several')
  await draft.getByRole('button', { name: /选好了/ }).click()
  await quiet()
  await draft.getByLabel('选一天').waitFor()
  await page.waitForTimeout(300)
  await shot('42-day')
  await draft.getByRole('button', { name: '昨天' }).click()
  await quiet()
  await draft.getByRole('button', { name: '加照片' }).waitFor()
  await draft.getByRole('button', { name: '加照片' }).scrollIntoViewIfNeeded()
  await shot('43-complete')
  await draft.getByRole('button', { name: '不报了' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '不报了' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await say('铂金云鼎小区3栋门口的树太高了，请来修剪')
  await quiet()
  await draft.getByRole('button', { name: '街边的' }).click()
  await quiet()
  await page.getByRole('region', { name: '这件事请找别的单位' }).waitFor()
  await page.waitForTimeout(300)
  await shot('44-stopped')
  await page.getByRole('button', { name: '知道了' }).click()

  // Photos, voice, video.
  const file = (mimeType, name, buffer) => ({ mimeType, name, buffer })
  await page.getByRole('button', { name: '添加照片' }).click()
  await shot('45-panel')
  await page.getByRole('button', { name: '录音', exact: true }).click()
  await page.getByText('正在录音').waitFor()
  await page.waitForTimeout(2500)
  await shot('46-recording')
  await page.getByRole('button', { name: '录好了' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const film = Buffer.from(
    await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 })
      const pen = canvas.getContext('2d')
      const pieces = []
      const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm' })
      recorder.ondataavailable = (e) => pieces.push(e.data)
      recorder.start()
      for (let i = 0; i < 10; i++) {
        pen.fillStyle = `hsl(${i * 30} 40% 50%)`
        pen.fillRect(0, 0, 320, 180)
        await new Promise((go) => setTimeout(go, 100))
      }
      recorder.stop()
      await new Promise((go) => (recorder.onstop = go))
      return [...new Uint8Array(await new Blob(pieces).arrayBuffer())]
    }),
  )
  await page.getByLabel('相册文件').setInputFiles([file('video/webm', 'a.webm', film), file('image/heic', 'IMG_1.HEIC', Buffer.alloc(99))])
  await page.getByText('HEIC格式').waitFor()
  await page.waitForTimeout(600)
  await shot('47-waiting')
  await page.getByRole('button', { name: '移除照片1' }).click()
  await page.getByRole('button', { name: '发送', exact: true }).click()
  await page.waitForTimeout(600)
  await quiet()
  await shot('48-sent')
  await page.reload()
  await page.getByRole('button', { name: '播放视频' }).last().waitFor()
  await page.waitForTimeout(800)
  await shot('49-after-reload')
  await page.getByRole('button', { name: '播放视频' }).last().click()
  await page.locator('video').last().waitFor()
  console.log(
    name,
    'video plays',
    await page
      .locator('video')
      .last()
      .evaluate(
        (v) => new Promise((go) => ((v.onerror = () => go(false)), v.readyState > 0 ? go(true) : (v.onloadedmetadata = () => go(true)))),
      ),
  )

  // A photo that knows where it was taken, for a matter without a place.
  await say('路灯不亮，我要上报')
  await quiet()
  await page.getByLabel('相册文件').setInputFiles(file('image/png', 'a.png', await page.screenshot()))
  await page.waitForTimeout(900)
  await page.getByRole('button', { name: '发送', exact: true }).click()
  await page.waitForTimeout(600)
  await quiet()
  await draft.getByRole('button', { name: '用照片的位置' }).scrollIntoViewIfNeeded()
  await shot('50-photo-place')
  await draft.getByRole('button', { name: '用照片的位置' }).click()
  await page.waitForTimeout(600)
  await quiet()
  await draft.getByRole('button', { name: /^修改情况/ }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('路灯不亮，先别动')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  // More for a ticket, and taking it back.
  await draft.getByRole('button', { name: '确认提交' }).click()
  const receipt = page.getByRole('region', { name: /工单回执/ }).last()
  await receipt.getByRole('button', { name: '补充照片' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.waitFor()
  await sheet.getByLabel('相册文件').setInputFiles(file('image/png', 'b.png', await page.screenshot()))
  await sheet.getByLabel('补充说明').fill('晚上拍的')
  await sheet.getByRole('button', { name: '补充', exact: true }).waitFor()
  await page.waitForTimeout(300)
  await shot('51-supplement')
  await sheet.getByRole('button', { name: '补充', exact: true }).click()
  await sheet.waitFor({ state: 'detached' })
  await receipt.getByText('您补充了 1 件材料').waitFor()
  await page.waitForTimeout(500)
  await receipt.getByRole('button', { name: '撤回' }).scrollIntoViewIfNeeded()
  await shot('52-supplemented')
  await receipt.getByRole('button', { name: '撤回' }).click()
  await sheet.waitFor()
  await page.waitForTimeout(300)
  await shot('53-withdraw')
  await sheet.getByRole('button', { name: '撤回', exact: true }).click()
  await sheet.waitFor({ state: 'detached' })
  await receipt.getByText('已经撤回，不再办理').waitFor()
  await shot('54-withdrawn')

  for (const [at, words] of ['超时', '暂停延期', '合并'].entries()) {
    await say(`铂金云鼎小区3栋路灯不亮，${words}，别动`)
    await quiet()
    await draft.getByRole('button', { name: '确认提交' }).click()
    await receipt.getByText({ 超时: '已经超过时限', 暂停延期: '暂停计时', 合并: '一起办' }[words]).first().waitFor()
    await page.waitForTimeout(400)
    await shot(`${55 + at}-${words}`)
  }
  await page.evaluate(() => localStorage.clear())
  await page.goto(`${BASE}/host`)
  await page.getByRole('button', { name: '问问网格员' }).click()
  const frame = page.frameLocator('iframe')
  await frame.getByRole('button', { name: '老年人高龄津贴怎么领？' }).waitFor()
  await page.waitForTimeout(300)
  await shot('30-widget')
  await frame.getByRole('button', { name: '收起对话' }).click()
  await shot('31-widget-closed')
  await context.close()
}
await browser.close()
