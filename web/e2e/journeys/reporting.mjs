// Reporting: from the first words to the closed ticket, with corrections, a photo, an emergency, and the platform's board.
import assert from 'node:assert/strict'
import { Clerk, SIZES } from '../browser.mjs'

// Each screen has its own places, so that nobody's matter is taken for somebody else's.
const PLACES = {
  phone: { estate: '铂金云鼎小区', wrong: '7栋', right: '9栋', photo: '锦绣蓝湾小区2栋', fire: '凤鸣花园3栋', board: '凤栖雅居2栋' },
  desk: { estate: '古渡春色小区', wrong: '8栋', right: '10栋', photo: '柏溪小筑2栋', fire: '春晖花园3栋', board: '银杏苑2栋' },
}

export const journeys = [
  {
    name: '反映、改、确认、看进展、评价',
    async run({ resident, services, size, clerk }) {
      const place = PLACES[size]
      await resident.open(services.plain.url)
      const page = resident.window
      await resident.ask('楼道里有人飞线充电，我要上报')
      await resident.draft().waitFor()
      await resident.draft().getByRole('button', { name: '填写地点（必填）' }).waitFor()
      await resident.shot('20-draft-missing')
      // With something missing the button asks for it.
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      await resident.sheet().getByRole('textbox', { name: '地点' }).waitFor()
      await resident.shot('21-place-sheet')
      await page.keyboard.press('Escape')
      await resident.sheet().waitFor({ state: 'detached' })

      await resident.ask(`${place.estate}${place.wrong}`)
      await resident
        .draft()
        .getByRole('button', { name: new RegExp(`修改地点：${place.estate}${place.wrong}.*网格`) })
        .waitFor()
      await resident.ask(`不是${place.wrong}是${place.right}`)
      const row = resident.draft().getByRole('button', { name: /^修改地点/ })
      assert.match(await row.getAttribute('aria-label'), new RegExp(`${place.estate}${place.right}`), 'words correct one field')
      await resident.shot('22-draft-corrected')

      await page.reload()
      await row.waitFor()
      assert.match(await row.getAttribute('aria-label'), new RegExp(`${place.estate}${place.right}`), 'the draft outlives a refresh')

      // A question in between, and back.
      await resident.ask('物业不管怎么办')
      assert.equal(await resident.draft().count(), 1, 'there is one card to fill in, however often it was shown')
      await resident.shot('23-digression')

      // By the card.
      await resident
        .draft()
        .getByRole('button', { name: /^修改情况/ })
        .click()
      await resident.sheet().getByRole('textbox').fill('二楼到三楼的楼道里拉着电线给电动车充电')
      await resident.shot('24-field-sheet')
      await resident.sheet().getByRole('button', { name: '保存' }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      await resident.draft().getByText('二楼到三楼的楼道里拉着电线给电动车充电').waitFor()
      await resident.draft().getByRole('button', { name: /电话/ }).click()
      await resident.sheet().getByRole('textbox', { name: '电话' }).fill('12')
      await resident.sheet().getByRole('button', { name: '保存' }).click()
      await resident.sheet().getByRole('alert').waitFor()
      await resident.shot('25-phone-refused')
      await resident.sheet().getByRole('textbox', { name: '电话' }).fill('13800000000')
      await resident.sheet().getByRole('button', { name: '保存' }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      assert.match(await resident.draft().innerText(), /138\*{4}0000/, 'the phone is kept and not shown whole')
      await resident
        .draft()
        .getByRole('button', { name: /^(修改|填写)类别/ })
        .click()
      await resident.sheet().getByRole('radio', { name: '飞线充电' }).waitFor()
      assert.ok(await resident.sheet().getByRole('radio', { name: '飞线充电' }).isChecked())
      await resident.shot('26-category-sheet')
      await page.keyboard.press('Escape')
      await resident.sheet().waitFor({ state: 'detached' })

      const confirms = []
      page.on('request', (r) => r.url().endsWith('/draft/confirm') && confirms.push(r.headers()['idempotency-key']))
      await resident.draft().getByRole('button', { name: '确认提交' }).dblclick()
      const number = await resident.number()
      await resident.draft().waitFor({ state: 'detached' })
      await resident
        .receipts()
        .getByText(/已送达平台/)
        .first()
        .waitFor()
      assert.equal(await resident.receipts().count(), 1, 'a double tap makes one receipt')
      assert.equal(new Set(confirms).size, 1, 'under one key')
      const receipt = resident.receipts().last()
      assert.match(await receipt.innerText(), new RegExp(`${place.estate}${place.right}`))
      assert.match(await receipt.innerText(), /受理：.*前/)
      assert.match(await receipt.innerText(), /依据：/)
      await resident.shot('27-receipt')

      // From another phone: the number and the tail of the phone that was left.
      await page.getByRole('button', { name: '更多' }).click()
      await resident.sheet().getByRole('button', { name: '查进度' }).click()
      await resident.sheet().getByLabel('工单号').fill(number.toLowerCase())
      await resident.sheet().getByLabel('手机号后四位').fill('9999')
      await resident.sheet().getByRole('button', { name: '查询' }).click()
      await resident.sheet().getByRole('alert').waitFor()
      await resident.sheet().getByLabel('手机号后四位').fill('0000')
      await resident.sheet().getByRole('button', { name: '查询' }).click()
      await resident
        .sheet()
        .getByRole('region', { name: `工单 ${number}` })
        .getByText('已送达平台')
        .first()
        .waitFor()
      await resident.shot('27b-lookup')
      await page.keyboard.press('Escape')
      await resident.sheet().waitFor({ state: 'detached' })

      // The board: one person presses buttons, the other reads news.
      await clerk.open(services.plain.url)
      await (await clerk.find(number)).waitFor()
      assert.equal(await clerk.card(number).count(), 1, 'the platform has the ticket once')
      await clerk.press(number, '受理')
      const news = page.getByRole('article', { name: '进展通知' })
      await news.filter({ hasText: '已经受理' }).waitFor()
      await page.locator('.pill', { hasText: '已受理' }).first().waitFor()
      await resident.shot('28-news')
      await clerk.press(number, '交办')
      await news.filter({ hasText: '已经交给' }).waitFor()
      await clerk.press(number, '开始处置')
      await news.filter({ hasText: '正在处理' }).waitFor()
      await clerk.press(number, '办结', '已到现场拆除电线，向车主说明了集中充电点的位置')
      const form = page.getByRole('form', { name: '办理评价' })
      await form.waitFor()
      await resident.shot('29-resolved')
      assert.match(await news.last().innerText(), /已到现场拆除电线/, 'what was done is told in its own words')
      const solved = size === 'phone'
      await form.getByRole('button', { name: solved ? '已解决' : '没有解决' }).click()
      await form.getByRole('button', { name: solved ? '5 星' : '2 星' }).click()
      await form.getByRole('textbox').fill(solved ? '' : '电线又拉起来了')
      await resident.shot('30-rating')
      await form.getByRole('button', { name: '提交评价' }).click()
      await form.waitFor({ state: 'detached' })
      await page
        .locator('.pill', { hasText: solved ? '已回访' : '重新办理' })
        .first()
        .waitFor()
      await resident.shot('31-rated')

      await page.reload()
      await resident.receipts().last().waitFor()
      assert.equal(await resident.receipts().count(), 1)
      await resident.ask('我上报的事办到哪一步了')
      assert.match(await resident.last().innerText(), new RegExp(number))
      await resident.shot('32-progress')
    },
  },
  {
    name: '紧急情况先打电话',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      // The smallest phone: even there the first number is in sight.
      if (size === 'phone') await resident.window.setViewportSize({ width: 320, height: 568 })
      await resident.ask('你好')
      await resident.ask('低保怎么申请')
      const answer = await resident.ask(`家里着火了，${PLACES[size].fire}`)
      const card = answer.getByRole('region', { name: '紧急电话' })
      const first = card.getByRole('link').first()
      assert.equal(await first.getAttribute('href'), 'tel:119')
      assert.ok((await card.boundingBox()).y < (await answer.locator('.bubble').boundingBox()).y, 'the numbers stand above everything')
      const box = await first.boundingBox()
      const log = await resident.at.getByRole('log').boundingBox()
      assert.ok(box.y >= log.y && box.y + box.height <= log.y + log.height, '119 is in sight')
      await resident.shot('40-emergency')
      await resident.window.setViewportSize(SIZES[size])
      await resident.ask('人都出来了')
      await resident.draft().getByText('特急').waitFor()
      await resident.shot('41-emergency-draft')
      await resident.ask('确认')
      await resident.number()
      await resident.shot('42-emergency-receipt')
    },
  },
  {
    name: '拍照反映',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      const page = resident.window
      await page.getByRole('button', { name: '添加照片' }).click()
      await page.getByRole('group', { name: '添加照片方式' }).waitFor()
      await resident.shot('50-photo-panel')
      const photo = await page.evaluate(async () => {
        const canvas = document.createElement('canvas')
        Object.assign(canvas, { width: 800, height: 600 })
        const pen = canvas.getContext('2d')
        pen.fillStyle = '#7a8f6a'
        pen.fillRect(0, 0, 800, 600)
        pen.fillStyle = '#3b3b3b'
        pen.fillRect(120, 320, 460, 160)
        const blob = await new Promise((go) => canvas.toBlob(go, 'image/jpeg'))
        return [...new Uint8Array(await blob.arrayBuffer())]
      })
      await page.getByLabel('相册文件').setInputFiles({ name: 'IMG_1.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photo) })
      await page
        .getByRole('list', { name: /^待发送的照片/ })
        .getByAltText('照片1')
        .waitFor()
      await page.getByRole('img', { name: '上传中' }).waitFor({ state: 'detached' })
      await resident.shot('51-photo-waiting')
      await resident.ask(`${PLACES[size].photo}门口垃圾没人清运`)
      await resident.own().last().getByRole('button', { name: '查看照片' }).waitFor()
      await resident.draft().getByRole('button', { name: '查看照片' }).waitFor()
      await resident.shot('52-photo-draft')
      await resident.own().last().getByRole('button', { name: '查看照片' }).click()
      await resident.sheet().getByAltText('照片大图').waitFor()
      await resident.shot('53-photo-large')
      await page.keyboard.press('Escape')
      await resident.sheet().waitFor({ state: 'detached' })

      // One tap throws nothing away; two do.
      await resident.draft().getByRole('button', { name: '不报了' }).click()
      await resident.sheet('这件事不报了？').waitFor()
      await resident.shot('53b-cancel')
      await resident.sheet().getByRole('button', { name: '继续上报' }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      assert.ok(await resident.draft().isVisible())
      await resident.draft().getByRole('button', { name: '不报了' }).click()
      await resident.sheet().getByRole('button', { name: '不报了' }).click()
      await resident.draft().waitFor({ state: 'detached' })
      await page.getByText('草稿已取消').first().waitFor()

      // What only calls itself a photo is refused in words, and can be removed.
      await page.getByLabel('相册文件').setInputFiles({ name: 'b.png', mimeType: 'image/png', buffer: Buffer.from('这不是照片') })
      const waiting = page.getByRole('list', { name: /^待发送的照片/ })
      await waiting.getByText('发不了').waitFor()
      await resident.shot('54-photo-refused')
      await waiting.getByRole('button', { name: '移除照片1' }).click()
      await waiting.waitFor({ state: 'detached' })
    },
  },
  {
    name: '平台看板',
    async run({ resident, services, size, clerk }) {
      await resident.open(services.plain.url)
      await resident.ask(`${PLACES[size].board}的路灯坏了，天黑看不见路`)
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      const number = await resident.number()

      await clerk.open(services.plain.url)
      const { board } = clerk
      const card = await clerk.find(number)
      await clerk.picture(board, '60-board')
      await card.getByRole('heading').getByRole('button').click()
      const detail = board.getByRole('dialog')
      await detail.getByRole('heading', { name: '办理过程' }).waitFor()
      assert.match(await detail.innerText(), new RegExp(number))
      assert.match(await detail.innerText(), /反映人\s*已隐藏/, 'who reported stays hidden until somebody asks')
      await clerk.picture(board, '61-board-detail')
      await detail.getByRole('button', { name: '关闭' }).click()

      await card.getByRole('button', { name: '退回', exact: true }).click()
      const move = board.getByRole('dialog', { name: '退回' })
      await move.getByRole('button', { name: '确定' }).click()
      assert.ok(await move.isVisible(), 'a return needs its reason')
      await clerk.picture(board, '62-board-return')
      await move.getByRole('textbox', { name: /说明/ }).fill('路灯属市政照明管理，请补充灯杆编号')
      await move.getByRole('button', { name: '确定' }).click()
      await move.waitFor({ state: 'hidden' })
      await resident.at.getByRole('article', { name: '进展通知' }).filter({ hasText: '灯杆编号' }).waitFor()
      await resident.shot('63-returned')

      await board.getByRole('button', { name: '故障开关' }).click()
      await board.getByRole('checkbox', { name: '平台停机' }).waitFor()
      await clerk.picture(board, '64-board-faults')
      await board.getByRole('button', { name: '关闭', exact: true }).click()
      await board
        .getByRole('group', { name: '按待办筛选' })
        .getByRole('button', { name: /退回待审/ })
        .click()
      await (await clerk.find(number)).waitFor()
      await clerk.picture(board, '65-board-filter')
    },
  },
]

/** The clerk of a journey sits at a browser of their own. */
export const clerkFor = (browser, size, pictures) => new Clerk(browser, size, pictures)
