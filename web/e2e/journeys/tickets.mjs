// The centre: board, story, dispatch, deliveries, the street's own data.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startService } from '../service.mjs'

const STREET = new URL('../../../knowledge/street/', import.meta.url)
const shipped = (name) => readFileSync(new URL(name, STREET), 'utf8')
/** For what waits: for a service of its own, for the other screen, for a deadline (ms). */
const SLOW = 300_000
/** Both screens play at once on one service: each has buildings of its own. */
const PLACES = {
  phone: { lamp: '铂金云鼎小区1栋', wall: '铂金云鼎小区2栋', noise: '古渡春色小区1栋', other: '古渡春色小区2栋' },
  desk: { lamp: '铂金云鼎小区5栋', wall: '铂金云鼎小区6栋', noise: '古渡春色小区4栋', other: '古渡春色小区5栋' },
}

/** Somebody reports without a window; the number. */
async function report(url, words) {
  const call = async (path, body, token) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'idempotency-key': crypto.randomUUID(),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    })
    const said = await answer.json()
    assert.ok(answer.ok, `${path}: ${answer.status} ${JSON.stringify(said)}`)
    return said
  }
  const { conversation_id: id, token } = await call('/conversations', {})
  await call(`/conversations/${id}/messages`, { client_message_id: crypto.randomUUID(), text: words }, token)
  const { ticket } = await call(`/conversations/${id}/draft/confirm`, {}, token)
  return ticket.number
}

/** What the desk of somebody signed in gets from a call. */
const asked = (staff, path, method = 'GET', body) =>
  staff.at.evaluate(
    async ([path, method, body]) => {
      const answer = await fetch(path, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text }
    },
    [path, method, body],
  )

/** A service of this file's own: here the platform is broken and the street changed. Urgent matters are due in a minute. */
let own
function ownService({ binary, pictures }) {
  own ??= (async () => {
    const service = await startService(binary, join(pictures, 'service-centre.log'))
    const folder = mkdtempSync(join(tmpdir(), 'gridworker-clocks-'))
    writeFileSync(join(folder, 'clocks.csv'), shipped('clocks.csv').replace('jinji-24h,紧急,5,', 'jinji-24h,紧急,1,'))
    await service.console('street', 'import', folder, '--note', '演练：一分钟受理', '--activate')
    rmSync(folder, { recursive: true })
    // One for each screen: who takes note of an alert takes it away from the other.
    const falling = (house) => report(service.url, `${house}掉外墙瓷砖，砸到停的车，没有人受伤，下面是通道`)
    const urgent = { phone: await falling('铂金云鼎小区7栋'), desk: await falling('古渡春色小区10栋') }
    const faults = (switches) =>
      fetch(`${service.url}/platform/board/faults`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(switches),
      }).then((r) => assert.ok(r.ok, `faults: ${r.status}`))
    return { ...service, urgent, faults }
  })()
  return own
}
/** What breaks the platform or changes the street is done by one screen at a time. */
let before = Promise.resolve()
function alone(run) {
  return (journey) => {
    const mine = before.then(async () => run(journey, await ownService(journey)))
    before = mine.catch(() => undefined)
    return mine
  }
}

const card = (staff, number) => staff.at.getByRole('link').filter({ hasText: number })
const panel = (staff, name) => staff.at.getByRole('region', { name, exact: true })
const form = (staff, name) => staff.at.getByRole('dialog', { name })
/** On a phone one lane stands at a time. */
async function lane(staff, name) {
  const pick = staff.at.getByRole('group', { name: '环节' }).getByRole('button', { name: new RegExp(`^${name}`) })
  if (await pick.isVisible()) await pick.click()
}
async function move(staff, button, note) {
  await panelless(staff).getByRole('button', { name: button, exact: true }).click()
  const dialog = form(staff, new RegExp(`^${button}：`))
  if (note) await dialog.getByRole('textbox').fill(note)
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}
const panelless = (staff) => staff.at.getByRole('group', { name: '办理', exact: true })
/** Answers a question that `sure` asked. */
const confirm = (staff, words) => staff.at.locator('.t-dialog').getByRole('button', { name: words, exact: true }).click()
const find = async (staff, words) => {
  await staff.at.getByRole('searchbox', { name: '搜索工单' }).fill(words)
}

/** Each: a name and what is done. */
export const journeys = [
  {
    name: '工单：上报后几秒上看板，派、办、结，居民收到消息',
    limit: SLOW,
    async run({ resident, hire, services, size }) {
      const place = PLACES[size].lamp
      const centre = await hire().open(services.plain.url, '/admin', await services.plain.account(['dispatcher']))
      await centre.go('工单看板')
      await find(centre, place)
      await resident.open(services.plain.url)
      await resident.ask(`${place}楼下的路灯坏了，天黑看不见路，我要上报`)
      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      const number = await resident.number()
      const since = Date.now()
      await lane(centre, '待受理')
      await card(centre, number).waitFor()
      assert.ok(Date.now() - since < 10_000, 'a report stands on the board within seconds, without a reload')
      await card(centre, number)
        .getByText(/受理还剩/)
        .waitFor()
      await centre.shot('tickets-board-one')
      await centre.at.getByRole('button', { name: '清除条件' }).click()
      await lane(centre, '待受理')
      await card(centre, number).waitFor()
      await centre.shot('tickets-board')

      await card(centre, number).click()
      await centre.at.getByRole('heading', { level: 1, name: /路灯/ }).waitFor()
      await panel(centre, '承办').getByText('派单依据').waitFor()
      await panel(centre, '时限')
        .getByText(/计时中/)
        .first()
        .waitFor()
      await panel(centre, '推送').getByText('已送达', { exact: true }).first().waitFor()
      await centre.shot('tickets-one')
      await move(centre, '受理')
      await move(centre, '交办')
      await move(centre, '开始处置', '已派人到现场')
      // A result without words is none; photos come with it.
      await panelless(centre).getByRole('button', { name: '办结', exact: true }).click()
      const dialog = form(centre, /^办结：/)
      assert.ok(await dialog.getByRole('button', { name: '办结', exact: true }).isDisabled(), 'a result needs its words')
      await dialog.getByRole('textbox').fill('换了灯泡，晚上已经亮了')
      const photo = await centre.at.evaluate(async () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
        const pen = canvas.getContext('2d')
        pen.fillStyle = '#223'
        pen.fillRect(0, 0, 640, 480)
        pen.fillStyle = '#ffd'
        pen.fillRect(280, 80, 80, 80)
        const blob = await new Promise((go) => canvas.toBlob(go, 'image/jpeg'))
        return [...new Uint8Array(await blob.arrayBuffer())]
      })
      await dialog.getByLabel('现场照片').setInputFiles({ name: '路灯.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photo) })
      await dialog.getByText('路灯.jpg：已上传').waitFor()
      await centre.shot('tickets-resolve')
      await dialog.getByRole('button', { name: '办结', exact: true }).dblclick()
      await dialog.waitFor({ state: 'hidden' })
      const news = resident.at.getByRole('article', { name: '进展通知' })
      await news.filter({ hasText: '换了灯泡，晚上已经亮了' }).waitFor()
      await panel(centre, '居民收到的消息').getByText('换了灯泡，晚上已经亮了').waitFor()
      await panel(centre, '居民收到的消息')
        .getByText(/已送到对话/)
        .first()
        .waitFor()
      const history = panel(centre, '办理经过')
      assert.equal(await history.getByText('已办结', { exact: true }).count(), 1, 'a double tap is one move')
      await history.getByRole('button', { name: '看大图，第 1 张' }).click()
      await centre.at.getByAltText('照片大图').waitFor()
      await centre.shot('tickets-photo')
      await centre.at.keyboard.press('Escape')
      await centre.at.getByAltText('照片大图').waitFor({ state: 'detached' })
      await centre.shot('tickets-resolved')
      await centre.at.getByRole('button', { name: '‹ 返回' }).click()
      await lane(centre, '待回访')
      await card(centre, number).waitFor()

      // The same as a table, found by its number, and exported.
      await centre.at.getByRole('button', { name: '表格', exact: true }).click()
      await find(centre, number)
      await centre.at.getByRole('cell', { name: number }).waitFor()
      await centre.at.getByText('共 1 条').waitFor()
      await centre.shot('tickets-table')
      const [file] = await Promise.all([centre.at.waitForEvent('download'), centre.at.getByRole('button', { name: '导出 CSV' }).click()])
      assert.ok(readFileSync(await file.path(), 'utf8').includes(number), 'what is exported is what was found')
      await centre.at.reload()
      await centre.at.getByRole('cell', { name: number }).waitFor()
      assert.equal(
        await centre.at.getByRole('searchbox', { name: '搜索工单' }).inputValue(),
        number,
        'the address holds what was looked for',
      )
    },
  },
  {
    name: '工单：只用键盘，下一张、打开、办理',
    async run({ hire, services, size }) {
      const place = PLACES[size].noise
      const numbers = [
        await report(services.plain.url, `${place}门口垃圾没人清运`),
        await report(services.plain.url, `${place}楼道灯坏了看不见路`),
      ]
      const centre = await hire().open(services.plain.url, '/admin/tickets', await services.plain.account(['dispatcher']))
      const narrowed = centre.at.waitForResponse((r) => r.url().includes('/worker/board?') && r.url().includes('q='))
      await find(centre, place)
      await narrowed
      await centre.at.waitForFunction((n) => document.querySelectorAll('a[href*="/tickets/WG"]').length === n, numbers.length)
      for (const number of numbers) await card(centre, number).waitFor()
      await centre.at.getByRole('searchbox', { name: '搜索工单' }).press('Tab')
      const focused = () => centre.at.evaluate(() => document.activeElement?.textContent ?? '')
      const [h1] = [centre.at.getByRole('heading', { level: 1 })]
      await h1.click()
      await centre.at.keyboard.press('j')
      const first = /WG\d{14}/.exec(await focused())?.[0]
      assert.ok(numbers.includes(first), 'J goes to the first ticket')
      await centre.at.keyboard.press('j')
      const second = /WG\d{14}/.exec(await focused())?.[0]
      assert.ok(numbers.includes(second) && second !== first, 'and on to the next')
      await centre.at.keyboard.press('k')
      assert.match(await focused(), new RegExp(first))
      await centre.shot('tickets-board-focus')
      await centre.at.keyboard.press('Enter')
      await centre.at.waitForURL(`**/tickets/${first}`)
      await panel(centre, '情况').waitFor()
      await centre.at.keyboard.press('j')
      await centre.at.waitForURL(`**/tickets/${second}`)
      await panelless(centre).waitFor()
      await centre.at.keyboard.press('m')
      const dialog = form(centre, /^受理：/)
      await dialog.waitFor()
      // Letters are words in here, and Esc leaves.
      await centre.at.keyboard.type('jk')
      await centre.at.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      assert.match(centre.at.url(), new RegExp(second))
      await centre.at.keyboard.press('m')
      await dialog.waitFor()
      await dialog.getByRole('button', { name: '受理', exact: true }).focus()
      await centre.at.keyboard.press('Enter')
      await panel(centre, '办理经过').getByText('已受理', { exact: true }).waitFor()
      await centre.at.keyboard.press('b')
      await centre.at.getByRole('heading', { level: 1, name: '工单看板' }).waitFor()
      assert.equal(await centre.at.getByRole('searchbox', { name: '搜索工单' }).inputValue(), place, 'back to the same view')
    },
  },
  {
    name: '工单：异议由另一个人审定',
    async run({ hire, services, size }) {
      const number = await report(services.plain.url, `${PLACES[size].wall}外墙瓷砖空鼓，还没有掉，没有人受伤，下面是通道`)
      const one = await hire().open(services.plain.url, `/admin/tickets/${number}`, await services.plain.account(['dispatcher']))
      await move(one, '受理')
      const raised = panel(one, '派单异议')
      await raised.getByRole('button', { name: '提出异议' }).click()
      const dialog = form(one, '提出派单异议')
      await dialog.getByRole('textbox').fill('外墙由综合执法岗牵头，请改派')
      await dialog.getByRole('button', { name: '提出', exact: true }).click()
      await raised.getByText(/提出的人不能自己审定/).waitFor()
      assert.equal(await raised.getByRole('button', { name: '审定' }).count(), 0)
      const self = await asked(one, `/api/v1/worker/tickets/${number}/dispute/decision`, 'POST', { upheld: false, reason: '我自己定' })
      assert.deepEqual([self.status, self.body.code], [403, 'own_dispute'])

      const other = await hire().open(services.plain.url, '/admin', await services.plain.account(['dispatcher']))
      await other.go('派单异议')
      await other.at.getByRole('button', { name: `审定 ${number}` }).waitFor()
      await other.shot('tickets-disputes')
      await other.at.getByRole('button', { name: `审定 ${number}` }).click()
      const decide = form(other, `审定异议 ${number}`)
      await decide.getByRole('radio', { name: /^成立/ }).check()
      await decide.getByRole('combobox', { name: '板块' }).selectOption('平安法治')
      await decide.getByRole('combobox', { name: '岗位' }).selectOption('综合执法岗')
      await decide.getByLabel('理由（只给同事看）').fill('同意改派')
      await other.shot('tickets-decide')
      await decide.getByRole('button', { name: '审定', exact: true }).click()
      await decide.waitFor({ state: 'hidden' })
      await panel(one, '承办').getByText('平安法治 综合执法岗').waitFor()
      await one.shot('tickets-disputed')
    },
  },
  {
    name: '工单：合并与拆分',
    async run({ hire, services, size }) {
      const place = PLACES[size].other
      const first = await report(services.plain.url, `${place}楼顶漏水，滴到楼道里`)
      const second = await report(services.plain.url, `${place}楼顶又在漏水，楼道里都是水`)
      const centre = await hire().open(services.plain.url, '/admin', await services.plain.account(['dispatcher']))
      await centre.go('合并与拆分')
      await centre.at.getByLabel('把这张').fill(second)
      await centre.at.getByLabel('把这张').press('Enter')
      await centre.at.getByRole('button', { name: `选 ${first}` }).click()
      const right = centre.at.getByRole('article', { name: '继续办理的' })
      await right
        .getByText(/楼顶漏水/)
        .first()
        .waitFor()
      await centre.shot('tickets-merge')
      await centre.at.getByRole('button', { name: '合并', exact: true }).click()
      const dialog = form(centre, `把 ${second} 并入 ${first}`)
      await dialog.getByRole('textbox').fill('同一处楼顶')
      await dialog.getByRole('button', { name: '合并', exact: true }).click()
      await dialog.waitFor({ state: 'hidden' })
      await centre.at.getByRole('searchbox', { name: '搜索合并的工单' }).fill(second)
      await centre.at.getByRole('button', { name: `拆分 ${second}` }).waitFor()
      await centre.shot('tickets-merged')
      await centre.at.getByRole('link', { name: first }).first().click()
      await centre.at.getByText('2 人反映').first().waitFor()
      const related = panel(centre, '合并与相似')
      await related.getByRole('button', { name: `拆分 ${second}` }).click()
      const split = form(centre, `拆分 ${second}`)
      await split.getByRole('textbox').fill('不是一处')
      await split.getByRole('button', { name: '拆分', exact: true }).click()
      await related.getByRole('button', { name: `并入 ${second}` }).waitFor()
      // The counts are as before.
      await centre.at.waitForFunction(() => !document.body.innerText.includes('2 人反映'))
    },
  },
  {
    name: '工单：纠正类别，反映人要写事由才看得到',
    // What is corrected is learnt: other journeys, and the other screen, must not meet it.
    run: alone(async ({ hire, size }, service) => {
      const matter = { phone: '楼道堆了杂物', desk: '墙上贴满小广告' }[size]
      const number = await report(service.url, `${PLACES[size].lamp}2单元1203室门口${matter}，我姓张，电话13912345678`)
      const centre = await hire().open(service.url, `/admin/tickets/${number}`, await service.account(['dispatcher']))
      await panel(centre, '情况').getByRole('button', { name: '纠正类别' }).click()
      const right = form(centre, '纠正类别')
      await right.getByLabel('应该属于').selectOption({ index: 3 })
      await right.getByRole('button', { name: '纠正', exact: true }).click()
      await panel(centre, '情况')
        .getByText(/已纠正为/)
        .waitFor()
      assert.ok(!(await centre.at.locator('body').innerText()).includes('13912345678'), 'who reported stands nowhere')
      const reporter = panel(centre, '反映人')
      await reporter.getByRole('button', { name: '查看反映人' }).click()
      const ask = form(centre, '查看反映人')
      assert.ok(await ask.getByRole('button', { name: '查看', exact: true }).isDisabled(), 'not without a reason')
      await ask.getByRole('textbox').fill('上门前电话联系')
      await centre.shot('tickets-identity-reason')
      await ask.getByRole('button', { name: '查看', exact: true }).click()
      await reporter.getByRole('link', { name: '13912345678' }).waitFor()
      await centre.shot('tickets-identity')
      await reporter.getByRole('button', { name: '收起' }).click()
      assert.ok(!(await centre.at.locator('body').innerText()).includes('13912345678'))
      const admin = await hire().open(service.url, '/admin/me', await service.account(['administrator']))
      const log = await asked(admin, '/api/v1/admin/audit?action=identity.read')
      assert.ok(JSON.stringify(log.body).includes('上门前电话联系'), 'the reading is in the audit log, with its reason')
      assert.ok(!JSON.stringify(log.body).includes('13912345678'))
    }),
  },
  {
    name: '工单：角色没有权限，别的网格看不到',
    async run({ hire, services, size }) {
      const number = await report(services.plain.url, `${PLACES[size].wall}楼下路灯坏了`)
      const curator = await hire().open(services.plain.url, '/admin/tickets', await services.plain.account(['curator']))
      await curator.at.getByRole('heading', { name: '没有权限' }).waitFor()
      assert.equal(await curator.at.getByRole('link', { name: '工单看板' }).count(), 0)
      for (const path of ['worker/board', `worker/tickets/${number}`, 'admin/outbox', 'admin/street'])
        assert.equal((await asked(curator, `/api/v1/${path}`)).status, 403, path)
      const elsewhere = await hire().open(
        services.plain.url,
        `/admin/tickets/${number}`,
        await services.plain.account(['gridworker'], ['--community', '柏华社区']),
      )
      await elsewhere.at.getByRole('alert').getByText('没有这个工单').waitFor()
      await elsewhere.shot('tickets-elsewhere')
      await elsewhere.at.goto(`${services.plain.url}/admin/tickets?q=${number}`)
      await elsewhere.at.getByText('没有', { exact: true }).first().waitFor()
      assert.equal(await elsewhere.at.getByRole('link', { name: '派单异议' }).count(), 0)
      const auditor = await hire().open(services.plain.url, '/admin/outbox', await services.plain.account(['auditor']))
      await auditor.at.getByRole('heading', { name: '推送记录' }).waitFor()
      assert.equal(await auditor.at.getByRole('button', { name: /全部重推/ }).count(), 0, 'who only reads finds no button')
    },
  },
  {
    name: '中心：推送被拒的改好重推，按条件全部重推，平台暂停再恢复',
    limit: SLOW,
    run: alone(async ({ hire, size }, service) => {
      await service.faults({ refuse_signature: true })
      const number = await report(service.url, `${PLACES[size].lamp}楼下路灯坏了`)
      const others = [
        await report(service.url, `${PLACES[size].wall}门口垃圾没人清运`),
        await report(service.url, `${PLACES[size].noise}楼道灯坏了`),
      ]
      const centre = await hire().open(service.url, '/admin', await service.account(['dispatcher']))
      await centre.go('推送记录')
      await centre.at.getByRole('group', { name: '状态' }).getByRole('button', { name: /^被拒/ }).click()
      for (const n of [number, ...others]) await centre.at.getByRole('link', { name: n }).waitFor()
      await centre.shot('outbox-dead')
      await service.faults({})
      await centre.at.getByRole('link', { name: number }).click()
      await panel(centre, '尝试').getByText(/401/).first().waitFor()
      await centre.at.getByRole('textbox', { name: 'title', exact: true }).fill('路灯不亮（已核实）')
      await centre.shot('outbox-edit')
      await centre.at.getByRole('button', { name: '改好 1 处，重推' }).dblclick()
      await panel(centre, '状态').getByText('已送达', { exact: true }).waitFor()
      await centre.shot('outbox-delivered')
      await centre.at.getByRole('link', { name: '‹ 推送记录' }).click()

      await centre.at.getByRole('group', { name: '状态' }).getByRole('button', { name: /^被拒/ }).click()
      await centre.at.getByRole('searchbox', { name: '原因里的字' }).fill('401')
      await centre.at.getByRole('button', { name: '全部重推（按条件）' }).click()
      await centre.at.getByText(/原因含“401”的被拒推送会全部重新排队/).waitFor()
      await centre.shot('outbox-all')
      await confirm(centre, '全部重推')
      await centre.at.getByText('没有被拒的推送。').waitFor()
      await centre.at.goto(`${service.url}/admin/outbox?number=${others[0]}`)
      await centre.at.getByRole('cell', { name: '已送达' }).first().waitFor()

      await centre.go('推送平台')
      await centre.at.getByRole('button', { name: '暂停推送' }).click()
      const pause = form(centre, /^暂停推送到/)
      await pause.getByRole('textbox').fill('平台升级')
      await pause.getByRole('button', { name: '暂停', exact: true }).click()
      await centre.at
        .getByText(/平台升级/)
        .first()
        .waitFor()
      const held = await report(service.url, `${PLACES[size].other}楼道灯坏了`)
      await centre.shot('destinations-paused')
      await centre.at.goto(`${service.url}/admin/outbox?number=${held}`)
      await centre.at.getByRole('cell', { name: '等待推送' }).first().waitFor()
      await centre.at.getByText('已暂停推送（平台升级）').waitFor()
      await centre.go('推送平台')
      await centre.at.getByRole('button', { name: '恢复推送' }).click()
      await centre.at.getByRole('button', { name: '暂停推送' }).waitFor()
      await centre.at.goto(`${service.url}/admin/outbox?number=${held}`)
      await centre.at.getByRole('cell', { name: '已送达' }).first().waitFor()
      await centre.go('推送平台')
      await centre.at.getByRole('button', { name: '核对' }).click()
      await confirm(centre, '核对')
      await centre.at.getByText(/核对结果：问了/).waitFor()
      await centre.shot('destinations')
    }),
  },
  {
    name: '中心：推送导出转人工，手工录入',
    limit: SLOW,
    run: alone(async ({ hire, size }, service) => {
      await service.faults({ refuse_signature: true })
      const number = await report(service.url, `${PLACES[size].wall}楼下路灯坏了，电话13912345678`)
      const centre = await hire().open(service.url, '/admin/outbox?state=dead', await service.account(['dispatcher']))
      await centre.at.getByRole('link', { name: number }).waitFor()
      await centre.at.getByRole('button', { name: '导出转人工' }).click()
      const dialog = form(centre, '导出，转人工录入')
      await dialog.getByRole('radio', { name: 'CSV' }).check()
      await dialog.getByRole('checkbox').check()
      assert.ok(await dialog.getByRole('button', { name: '导出', exact: true }).isDisabled(), 'contacts need a reason')
      await dialog.getByLabel('事由').fill('平台停用，转人工')
      await centre.shot('outbox-export')
      const [file] = await Promise.all([
        centre.at.waitForEvent('download'),
        dialog.getByRole('button', { name: '导出', exact: true }).click(),
      ])
      const text = readFileSync(await file.path(), 'utf8')
      assert.ok(text.startsWith('\uFEFF') && text.includes(number) && text.includes('13912345678'))
      await centre.at.getByRole('link', { name: number }).click()
      await centre.at.getByRole('button', { name: '已在平台手工录入' }).click()
      const entered = form(centre, '已在平台手工录入')
      await entered.getByRole('textbox').fill('SG-7788')
      await entered.getByRole('button', { name: '记下' }).click()
      await panel(centre, '状态').getByText('SG-7788').waitFor()
      await service.faults({})
    }),
  },
  {
    name: '中心：街道数据列名错了讲清哪一行，试派、启用、回退',
    limit: SLOW,
    run: alone(async ({ hire, size }, service) => {
      await report(service.url, `${PLACES[size].wall}外墙瓷砖空鼓，还没有掉，没有人受伤，下面是通道`)
      const admin = await hire().open(service.url, '/admin', await service.account(['administrator']))
      await admin.go('街道数据')
      await admin.at.getByRole('link', { name: '流转调度规则' }).waitFor()
      await admin.shot('street')
      await admin.at.getByRole('cell', { name: 'dispatch.csv', exact: true }).waitFor()
      await admin.at.goto(`${service.url}/admin/street/dispatch.csv`)
      await admin.at.getByRole('cell', { name: 'd010' }).waitFor()
      await admin.shot('street-file')
      // A column with another name, and a row that names what is not there.
      const wrong = shipped('dispatch.csv').replace('category_prefix', 'category')
      const bring = (text) =>
        admin.at.getByLabel('上传文件').setInputFiles({ name: 'dispatch.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
      await bring(wrong)
      const result = panel(admin, '检查结果')
      await result
        .getByRole('alert')
        .getByText(/处问题/)
        .waitFor()
      await result
        .getByText(/category/)
        .first()
        .waitFor()
      await admin.shot('street-wrong-column')
      await bring(shipped('dispatch.csv').replace('d010,10,', 'd010,十,'))
      await result.getByRole('button', { name: 'dispatch.csv 第 2 行' }).waitFor()
      await result
        .getByText(/priority/)
        .first()
        .waitFor()
      await admin.at.getByRole('button', { name: '保存为新版本' }).click()
      const keep = form(admin, '保存为新版本')
      await keep.getByRole('textbox').fill('带着错的')
      await keep.getByRole('button', { name: '保存', exact: true }).click()
      await keep
        .getByRole('alert')
        .getByText(/dispatch.csv 第2行/)
        .waitFor()
      await admin.shot('street-refused')
      await admin.at.keyboard.press('Escape')
      await keep.waitFor({ state: 'hidden' })

      // Put right in the table: the complaint leads to its row.
      await result.getByRole('button', { name: 'dispatch.csv 第 2 行' }).click()
      await admin.at.getByRole('button', { name: '修改第 2 行' }).click()
      const row = form(admin, '修改第 2 行')
      await row.getByLabel('priority').fill('10')
      await admin.shot('street-row')
      await row.getByRole('button', { name: '改好' }).click()
      await row.waitFor({ state: 'hidden' })
      // Façades go to another post.
      await admin.at.getByRole('searchbox', { name: '查找行' }).fill('城市更新岗 010101')
      await admin.at
        .getByRole('button', { name: /^修改第/ })
        .first()
        .click()
      const facade = form(admin, /^修改第 \d+ 行/)
      await facade.getByLabel('section').fill('平安法治')
      await facade.getByLabel('岗位（post）', { exact: true }).fill('综合执法岗')
      await facade.getByRole('button', { name: '改好' }).click()
      await facade.waitFor({ state: 'hidden' })
      await admin.at.getByRole('button', { name: '检查', exact: true }).click()
      await result.getByText('没有问题，可以保存。').waitFor()
      await result
        .getByText(/综合执法岗/)
        .first()
        .waitFor()
      await admin.shot('street-checked')
      await admin.at.getByRole('link', { name: '‹ 街道数据' }).click()
      await admin.go('试派')
      await admin.at.getByRole('button', { name: '试派' }).click()
      await panel(admin, '试派结果')
        .getByText(/张会去别处/)
        .waitFor()
      await admin.shot('street-trial')
      await admin.go('街道数据')
      await panel(admin, '正在修改').waitFor()
      const before = (await asked(admin, '/api/v1/admin/street')).body.active
      await panel(admin, '正在修改').getByRole('button', { name: '保存为新版本' }).click()
      await keep.getByRole('textbox').fill('外墙改由综合执法岗')
      await keep.getByRole('button', { name: '保存', exact: true }).click()
      await keep.waitFor({ state: 'hidden' })
      const version = (await asked(admin, '/api/v1/admin/street')).body.versions[0].version
      await admin.at.getByRole('button', { name: `启用第 ${version} 版` }).click()
      const use = form(admin, `启用第 ${version} 版`)
      await use.getByRole('textbox').fill('周会定的')
      await use.getByRole('button', { name: '启用', exact: true }).click()
      await admin.at.getByText(`正在使用第 ${version} 版`).waitFor()
      await admin.shot('street-activated')
      const back = before === 0 ? '随程序提供' : `第 ${before} 版`
      await admin.at.getByRole('button', { name: `启用${back}` }).click()
      const undo = form(admin, `启用${back}`)
      await undo.getByRole('textbox').fill('先回到原来的')
      await undo.getByRole('button', { name: '启用', exact: true }).click()
      await admin.at.getByText(`正在使用${back}`).waitFor()
      await admin.shot('street-back')
    }),
  },
  {
    name: '中心：超时的工单在最前，知悉提醒，挂起、恢复、延期',
    limit: SLOW,
    run: alone(async ({ hire, size }, service) => {
      const calm = await report(service.url, `${PLACES[size].other}楼下路灯坏了`)
      const urgent = service.urgent[size]
      const centre = await hire().open(service.url, '/admin', await service.account(['dispatcher']))
      await centre.go('工单看板')
      await lane(centre, '待受理')
      await card(centre, urgent)
        .getByText(/受理超时/)
        .waitFor({ timeout: 70_000 })
      await card(centre, calm).waitFor()
      assert.match(
        await centre.at.getByRole('region', { name: '待受理' }).getByRole('link').first().innerText(),
        new RegExp(Object.values(service.urgent).join('|')),
        'what is overdue stands on top',
      )
      await centre.shot('tickets-board-overdue')
      const more = centre.at.getByRole('button', { name: '筛选', exact: true })
      if (await more.isVisible()) await more.click()
      await centre.at.getByRole('checkbox', { name: '只看超时' }).check()
      await card(centre, calm).waitFor({ state: 'detached' })
      await centre.go('提醒')
      const take = centre.at.getByRole('button', { name: `知悉 ${urgent}` })
      await take.first().waitFor()
      await centre.shot('tickets-alerts')
      const many = await take.count()
      await take.first().click()
      await centre.at.waitForFunction(
        ([name, many]) => document.querySelectorAll(`[aria-label="${name}"]`).length < many,
        [`知悉 ${urgent}`, many],
      )

      await centre.at.goto(`${service.url}/admin/tickets/${calm}`)
      await move(centre, '受理')
      const clocks = panel(centre, '时限')
      await clocks.getByRole('button', { name: '挂起' }).click()
      const pause = form(centre, '挂起计时')
      await pause.getByRole('radio').nth(1).check()
      await centre.shot('tickets-pause')
      await pause.getByRole('button', { name: '挂起', exact: true }).click()
      await centre.at.getByText('计时已暂停').first().waitFor()
      await clocks.getByRole('button', { name: '恢复计时' }).click()
      await clocks.getByRole('button', { name: '延期' }).click()
      const extend = form(centre, '延期')
      await extend.getByRole('radio', { name: /若干小时/ }).check()
      await extend.getByLabel('小时', { exact: true }).fill('4')
      await extend.getByLabel('事由（居民会看到）').fill('等配件到货')
      await extend.getByRole('button', { name: '延期', exact: true }).click()
      await clocks.getByText(/已延期 1 次/).waitFor()
      await clocks
        .getByText(/等配件到货/)
        .first()
        .waitFor()
      await centre.shot('tickets-extended')
    }),
  },
]
