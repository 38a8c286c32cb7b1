// Documents from import to publication, and what measures them.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const day = (days) => new Date(Date.now() + days * 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })

/** A guide as a file; both screens play on one service, so each has matters of its own. */
function guide({ id, title, body, questions = [title], from = '2026-01-01', expires, review = day(200) }) {
  const list = (all) => `[${all.map((t) => JSON.stringify(t)).join(', ')}]`
  return `+++
id = "${id}"
title = "${title}"
audience = "resident"
area = "全国"
category = "演练"
issuer = "街道知识库（示例）"
effective_from = ${from}
${expires ? `expires_on = ${expires}\n` : ''}review_by = ${review}
owner = "民生服务板块 民政岗"
keywords = []
questions = ${list(questions)}
sources = []
status = "published"
+++

${body}
`
}
/** Published by the operator at once. */
async function publish(service, ...guides) {
  const folder = await mkdtemp(join(tmpdir(), 'gridworker-guides-'))
  try {
    for (const g of guides) await writeFile(join(folder, `${g.id}.md`), guide(g))
    await service.console('ingest', folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
/** A curator by program, for what a journey only needs to be there. */
async function curatorOf(service) {
  const account = await service.account(['curator'])
  const send = (method, path, body, headers = {}) =>
    fetch(`${service.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  const cookie = (await send('POST', '/api/v1/auth/sign-in', account)).headers.get('set-cookie').split(';')[0]
  return async (method, path, body, headers = {}) => {
    const answer = await send(method, `/api/v1/admin${path}`, body, { cookie, ...headers })
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
    return answer.json()
  }
}
/** Two questions before each publication instead of hundreds: what matters here is the way, not the wait. The last journey undoes it. */
async function askFewQuestions(call) {
  if ((await call('GET', '/question-sets')).sets.some((set) => set.id === 'few' && set.canonical)) return
  const questions = [
    { id: 1, question: '高龄津贴怎么领', expect: ['gaoling-jintie'] },
    { id: 2, question: '怎么修理航天飞机的发动机', expect: [] },
  ]
  await call('PUT', '/question-sets/few', { title: '两道题', canonical: true, questions })
}
async function askAllQuestions(call) {
  const { title, questions } = await call('GET', '/question-sets/resident')
  await call('PUT', '/question-sets/resident', { title, canonical: true, questions })
}
const at = (staff, service, rest) => staff.at.goto(`${service.url}/admin/documents/at/${rest}`)
const toast = (staff, words) => staff.at.locator('.t-message').filter({ hasText: words }).first().waitFor()
/** A message that is fading is no picture to judge. */
const still = async (staff, name) => (await staff.at.locator('.t-message').first().waitFor({ state: 'detached' }), staff.shot(name))
const press = (staff, name) => staff.at.getByRole('button', { name, exact: true }).first().click()

/** Matters that nothing else in the sample speaks of. */
const MATTERS = {
  phone: {
    thing: '河畔垂钓证',
    fee: '12元',
    body: '**结论**：河畔垂钓证到社区窗口登记领取，工本费12元。\n\n## 带什么\n办河畔垂钓证带身份证原件和一张一寸照片。\n\n## 几天能拿到\n窗口当场受理，三个工作日内领取河畔垂钓证。',
  },
  tablet: {
    thing: '社区暖房花圃',
    fee: '18元',
    body: '**结论**：社区暖房花圃认领一格每季交18元水费，到花圃值班室登记。\n\n## 怎么认领\n认领社区暖房花圃先看空格公示，写下想种的花草。',
  },
  wide: {
    thing: '天台观星台',
    fee: '26元',
    body: '**结论**：天台观星台预约一晚收设备押金26元，归还时退回。\n\n## 怎么预约\n预约天台观星台提前两天在科普站登记，阴雨天顺延。',
  },
  desk: {
    thing: '风筝节摊位',
    fee: '35元',
    body: '**结论**：风筝节摊位到文体中心报名抽签，每天收清洁费35元。\n\n## 怎么报名\n报名风筝节摊位要填申请表，写清楚卖什么。\n\n## 什么时候公布\n抽签结果在活动前一周贴在文体中心门口，风筝节摊位不得转让。',
  },
}

export const journeys = [
  {
    name: '资料：另一人审核、发布，居民就问得到',
    async run({ resident, hire, services, size }) {
      const service = services.plain
      const { thing, fee, body } = MATTERS[size === 'phone' ? 'tablet' : 'wide']
      const id = `shenhe-${size}-${Date.now() % 100_000}`
      const call = await curatorOf(service)
      await askFewQuestions(call)
      const content = {
        title: `${thing}怎么办`,
        audience: 'resident',
        area: '全国',
        category: '演练',
        issuer: '街道知识库（示例）',
        effective_from: '2026-01-01',
        review_by: day(300),
        owner: '民生服务板块 民政岗',
        keywords: [],
        questions: [`${thing}怎么办`, `${thing}要多少钱`],
        body,
      }
      await call('POST', '/documents', { id, content })
      await call('POST', `/documents/${id}/submit`, { note: '新增' }, { 'if-match': '"1"' })
      const reviewer = await hire().open(service.url, '/admin', await service.account(['reviewer']))
      await reviewer.go('待审核')
      await reviewer.at.getByRole('link', { name: `${thing}怎么办` }).click()
      await reviewer.at.getByRole('heading', { level: 1, name: /^审核/ }).waitFor()
      await reviewer.shot('know-06-review-open')
      await press(reviewer, '通过并发布')
      await reviewer.at.getByRole('dialog').getByRole('button', { name: '通过并发布' }).click()
      await reviewer.at.getByText('第1版正在答复').waitFor({ timeout: 70_000 })
      await still(reviewer, 'know-07-document-open')

      await resident.open(service.url)
      const answer = await resident.ask(`${thing}要多少钱`)
      assert.ok((await answer.innerText()).includes(fee), 'what was published is answered at once')
      await resident.shot('know-08-answered')
    },
  },
  {
    name: '资料：导入、看分段、补齐、送审，自己的不能自己审',
    async run({ hire, services, size }) {
      const service = services.plain
      const { thing, fee, body } = MATTERS[size]
      const author = await hire().open(service.url, '/admin', await service.account(['curator', 'reviewer']))
      await author.go('导入文件')
      await author.at.getByLabel('选择文件').setInputFiles([
        { name: `${thing}怎么办.md`, mimeType: 'text/markdown', buffer: Buffer.from(`# ${thing}怎么办\n\n${body}\n`) },
        { name: `扫描件-${size}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 不是真的') },
        { name: '旧通知.doc', mimeType: 'application/msword', buffer: Buffer.from('x') },
      ])
      await author.at.getByText('另存为 docx').waitFor()
      await author.at
        .getByRole('listitem')
        .filter({ hasText: `${thing}怎么办.md` })
        .getByRole('button', { name: '看看怎么切分' })
        .click()
      const pieces = author.at.getByRole('dialog')
      await pieces.getByText('共 3 段').waitFor()
      await author.shot('know-01-import-preview')
      await author.at.keyboard.press('Escape')
      await author.shot('know-02-import-open')
      await press(author, '开始导入 2 个文件')
      await author.at.getByRole('heading', { level: 1, name: '导入结果' }).waitFor()
      const row = (name) => author.at.getByRole('row').filter({ hasText: name })
      await row(`扫描件-${size}.pdf`).getByText('未导入').waitFor()
      assert.ok((await row(`扫描件-${size}.pdf`).getByRole('cell').nth(2).innerText()).length > 5, 'a file that was not taken says why')
      await row(`${thing}怎么办.md`).getByText('已成草稿').waitFor()
      await row(`${thing}怎么办.md`)
        .getByRole('button', { name: /看分段|的分段/ })
        .click()
      await author.at.getByRole('dialog').getByText(fee).waitFor()
      await author.at.keyboard.press('Escape')
      await still(author, 'know-03-import-board')
      await press(author, '重试没有导入的')
      await row(`扫描件-${size}.pdf`).getByText('未导入').waitFor()

      await row(`${thing}怎么办.md`).getByRole('link').click()
      await author.at.getByRole('heading', { level: 1, name: `${thing}怎么办` }).waitFor()
      await press(author, '继续编辑')
      await author.at.getByRole('list', { name: '提交前要补的' }).waitFor()
      await author.at.getByLabel('责任单位').fill('民生服务板块 民政岗')
      await author.at.getByLabel('发布单位').fill('街道知识库（示例）')
      await author.at.getByLabel('复核日期').fill(day(300))
      await author.at.getByLabel('类别').fill('演练')
      await author.at.getByLabel('常见问法').fill(`${thing}怎么办\n${thing}要多少钱`)
      await author.at.getByText('共 3 段').first().waitFor()
      await author.at.getByRole('list', { name: '提交前要补的' }).waitFor({ state: 'detached' })
      await still(author, 'know-04-editor-open')
      await press(author, '提交审核')
      await author.at.getByRole('dialog').getByLabel('这次改了什么').fill('新增')
      await author.at.getByRole('dialog').getByRole('button', { name: '提交' }).click()
      await author.at.getByText('您参与了起草，不能自己审核').waitFor()
      await still(author, 'know-05-waiting')
      await press(author, '看审核内容')
      await author.at.getByText('不能自己审核，请由另一位同事来看').waitFor()
      assert.equal(await author.at.getByRole('button', { name: '通过并发布' }).count(), 0, 'own work cannot be approved')
    },
  },
  {
    name: '资料：同时修改同一份草稿',
    async run({ hire, services, size }) {
      const service = services.plain
      const id = `chongtu-${size}`
      await publish(service, {
        id,
        title: `${size === 'phone' ? '雨棚' : '花架'}加装申请`,
        body: `**结论**：${size === 'phone' ? '雨棚加装先向物业提出申请' : '花架加装先找楼栋长登记'}。\n\n## 步骤\n${size === 'phone' ? '物业三日内上门量尺寸' : '楼栋长每周一统一报送'}。`,
      })
      const [me, other] = [
        await hire().open(service.url, '/admin', await service.account(['curator'])),
        await hire().open(service.url, '/admin', await service.account(['curator'])),
      ]
      const account = me.at
      await at(me, service, `${id}/edit`)
      const body = (staff) => staff.at.getByLabel('正文')
      await body(me).fill('**结论**：我先起草的说法。\n\n## 步骤\n第一步登记。')
      await me.at.keyboard.press('Control+s')
      await toast(me, '已保存')
      await at(other, service, `${id}/edit`)
      await body(other).waitFor()
      await body(other).fill('**结论**：我先起草的说法，另一位补充了电话。\n\n## 步骤\n第一步登记。')
      await press(other, '保存草稿')
      await toast(other, '已保存')
      await body(me).fill('**结论**：我先起草的说法，我补充了时间。\n\n## 步骤\n第一步登记。')
      await press(me, '保存草稿')
      await me.at.getByRole('heading', { name: '有人先改了这份草稿' }).waitFor()
      await me.at.locator('.diff').getByText('补充了电话').or(me.at.locator('.diff').getByText('另一位')).first().waitFor()
      await me.shot('know-10-conflict-open')
      // Nothing that was typed is lost: not by a reload, not by a session that ended.
      await account.reload()
      await me.at.getByText(/已找回您.*没有保存的修改/).waitFor()
      assert.match(await body(me).inputValue(), /我补充了时间/)
      await me.at.context().clearCookies()
      await press(me, '保存草稿')
      await me.at.getByText('登录已过期').waitFor()
      await me.shot('know-11-expired')
      assert.match(await me.at.locator('#field-body').inputValue(), /我补充了时间/, 'what was typed waits behind the gate')
    },
  },
  {
    name: '资料：退回、撤回、取回旧版',
    async run({ hire, services, size }) {
      const service = services.plain
      const id = `tuihui-${size}`
      const word = size === 'phone' ? '共享梯子' : '共享推车'
      await publish(service, {
        id,
        title: `${word}怎么借`,
        body: `**结论**：${word}到值班室登记借用，押金20元。\n\n## 归还\n${word}当天归还，登记本签字。`,
      })
      await publish(service, {
        id,
        title: `${word}怎么借`,
        from: day(-10),
        body: `**结论**：${word}到值班室登记借用，不收押金。\n\n## 归还\n${word}当天归还，登记本签字。`,
      })
      const curator = await hire().open(service.url, '/admin', await service.account(['curator']))
      const reviewer = await hire().open(service.url, '/admin', await service.account(['reviewer']))
      await at(curator, service, id)
      await curator.at.getByText('第2版正在答复').waitFor()
      await press(curator, '取回这一版')
      await curator.at.locator('.t-dialog').getByRole('button', { name: '取回' }).click()
      await curator.at.getByText('取自第1版').waitFor()
      await press(curator, '和第2版对照')
      await curator.at.getByText('押金20元', { exact: false }).or(curator.at.locator('.diff .new')).first().waitFor()
      await still(curator, 'know-12-compare-open')
      await curator.at.goBack()
      await press(curator, '提交审核')
      await curator.at.getByRole('dialog').getByRole('button', { name: '提交' }).click()
      await press(curator, '撤回修改')
      await curator.at.getByRole('dialog').getByRole('button', { name: '撤回' }).click()
      await press(curator, '提交审核')
      await curator.at.getByRole('dialog').getByRole('button', { name: '提交' }).click()
      await curator.at.getByText('等待审核').first().waitFor()
      await at(reviewer, service, `${id}/review`)
      await press(reviewer, '退回')
      const dialog = reviewer.at.getByRole('dialog')
      await dialog.getByLabel('退回理由').fill('押金已经取消，请核对通知')
      await reviewer.shot('know-13-return')
      await dialog.getByRole('button', { name: '退回' }).click()
      await reviewer.at.getByText('退回了第').waitFor()
      await curator.at.reload()
      await curator.at.getByText('押金已经取消，请核对通知').first().waitFor()
      await still(curator, 'know-14-returned-open')
      await press(curator, '放弃草稿')
      await curator.at.locator('.t-dialog').getByRole('button', { name: '放弃草稿' }).click()
      await curator.at.getByRole('button', { name: '修改', exact: true }).waitFor()
    },
  },
  {
    name: '资料：失效的列进到期，下架并写明接替',
    async run({ hire, services, size }) {
      const service = services.plain
      const id = `shixiao-${size}`
      const title = `${size === 'phone' ? '旧版消夏券' : '旧版暖冬券'}使用办法`
      const next = `${size === 'phone' ? '新版消夏券' : '新版暖冬券'}使用办法`
      await publish(
        service,
        { id, title, expires: day(-3), body: `**结论**：${title.slice(0, 5)}在指定商户抵用。\n\n## 期限\n用完为止。` },
        {
          id: `${id}-new`,
          title: next,
          body: `**结论**：${next.slice(0, 5)}改为手机领取，每户一张。\n\n## 领取\n在社区窗口扫码登记后领取。`,
        },
      )
      const reviewer = await hire().open(service.url, '/admin', await service.account(['reviewer']))
      await reviewer.go('到期与复核')
      await reviewer.at.getByPlaceholder('搜索到期的资料').fill(title)
      await reviewer.at.getByRole('link', { name: title }).waitFor()
      await reviewer.shot('know-15-due-open')
      await reviewer.at.getByRole('link', { name: title }).click()
      await reviewer.at.getByText('失效，现在不作答').waitFor()
      await press(reviewer, '下架')
      const dialog = reviewer.at.getByRole('dialog')
      await dialog.getByRole('button', { name: '下架' }).click()
      await dialog.getByLabel('下架原因').fill('新办法已经公布')
      await dialog.getByLabel('由哪份资料接替').fill(next)
      await reviewer.at.waitForTimeout(400)
      await reviewer.shot('know-16-retire')
      await dialog.getByRole('button', { name: '下架' }).click()
      await reviewer.at.getByText('已下架，从').waitFor()
      await reviewer.at.getByRole('link', { name: `${id}-new` }).waitFor()
      await reviewer.go('到期与复核')
      await reviewer.at.getByPlaceholder('搜索到期的资料').fill(title)
      await reviewer.at.getByText('没有符合条件的').waitFor()
      await reviewer.go('全部资料')
      await reviewer.at.getByPlaceholder('搜索资料').fill(title.slice(0, 4))
      await reviewer.at.getByRole('row').filter({ hasText: title }).getByText('已下架').waitFor()
      await reviewer.shot('know-17-documents-open')
    },
  },
  {
    name: '资料：只用键盘写一份并送审',
    async run({ hire, services, size }) {
      const service = services.plain
      const curator = await hire().open(service.url, '/admin', await service.account(['curator']))
      const page = curator.at
      await curator.go('全部资料')
      /** Tabs until what has the focus is called so. */
      async function tabTo(name, most = 60) {
        for (let n = 0; n < most; n += 1) {
          const here = await page.evaluate(() => {
            const e = document.activeElement
            return (e?.labels?.[0]?.textContent ?? e?.getAttribute('aria-label') ?? e?.textContent ?? '').trim()
          })
          if (here.startsWith(name)) return
          await page.keyboard.press('Tab')
        }
        throw new Error(`the keyboard does not reach ${name}`)
      }
      await page.locator('#page').focus()
      await tabTo('新建资料')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: '新建资料' }).waitFor()
      await page.locator('#page').focus()
      await tabTo('标题')
      const title = `楼道${size === 'phone' ? '鞋柜' : '雨伞架'}能不能放`
      await page.keyboard.type(title)
      await tabTo('责任单位')
      await page.keyboard.type('平安法治板块 应急岗')
      await tabTo('发布单位')
      await page.keyboard.type('街道知识库（示例）')
      await page.getByLabel('复核日期').fill(day(100))
      await tabTo('常见问法')
      await page.keyboard.type(title)
      await tabTo('正文')
      await page.keyboard.type(`**结论**：${title.slice(2, -4)}不要摆在公共楼道，请收进家里。`)
      await page.keyboard.press('Control+s')
      await page.waitForURL(/\/edit$/)
      await page.getByText('切成').or(page.getByText('共 1 段')).first().waitFor()
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'field-body', 'after the first saving one goes on writing')
      await tabTo('提交审核')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), '提交审核', 'the focus returns')
      await page.keyboard.press('Enter')
      await page.keyboard.type('第一次写')
      await page.keyboard.press('Control+Enter')
      await page.getByText('等待审核').first().waitFor()
      await still(curator, 'know-18-keyboard')
    },
  },
  {
    name: '资料：试题集、评测、对比两次',
    async run({ hire, services, size }) {
      const service = services.plain
      const set = `yanlian-${size}-${Date.now() % 100_000}`
      const curator = await hire().open(service.url, '/admin', await service.account(['curator']))
      await curator.go('试题集')
      await curator.shot('know-20-sets-open')
      await press(curator, '新建试题集')
      await curator.at.getByRole('dialog').getByLabel('编号').fill('住房')
      await curator.at.getByRole('dialog').getByRole('button', { name: '开始写题' }).click()
      await curator.at.getByText('编号用小写字母').waitFor()
      await curator.at.getByRole('dialog').getByLabel('编号').fill(set)
      await curator.at.getByRole('dialog').getByRole('button', { name: '开始写题' }).click()
      const csv = '\uFEFFid,question,expect,use\r\n1,高龄津贴怎么领,gaoling-jintie,test\r\n2,怎么修理航天飞机的发动机,,test\r\n'
      await curator.at.getByLabel('选择试题文件').setInputFiles({ name: '试题.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
      await toast(curator, '已保存为第1版')
      await curator.go('评测')
      await curator.at.getByLabel('用哪套试题').selectOption(set)
      await curator.at.getByLabel('备注').fill('之前')
      await press(curator, '开始评测')
      await toast(curator, '评测完成')
      await curator.at.goto(`${service.url}/admin/question-sets/${set}`)
      await press(curator, '添加一题')
      await curator.at.getByLabel('第3题的问题').fill('低保怎么申请')
      await press(curator, '保存为新版本')
      await toast(curator, '已保存为第2版')
      // Somebody is of another mind about the first question: it is lost.
      await curator.at.getByLabel('第1题该怎样答').selectOption('decline')
      await press(curator, '保存为新版本')
      await toast(curator, '已保存为第3版')
      await still(curator, 'know-21-set-open')
      const [file] = await Promise.all([curator.at.waitForEvent('download'), curator.at.getByRole('link', { name: '导出 CSV' }).click()])
      assert.equal(file.suggestedFilename(), `${set}-v3.csv`)
      await curator.go('评测')
      await curator.at.getByLabel('用哪套试题').selectOption(set)
      await curator.at.getByLabel('备注').fill('之后')
      await press(curator, '开始评测')
      await curator.at.getByRole('row').filter({ hasText: '之后' }).filter({ hasText: set }).waitFor()
      for (const note of ['之前', '之后'])
        await curator.at.getByRole('row').filter({ hasText: set }).filter({ hasText: note }).getByRole('checkbox').check()
      await still(curator, 'know-22-runs-open')
      await press(curator, '对比选中的两次')
      await curator.at.getByRole('heading', { name: '丢掉的（1 题）' }).waitFor()
      await curator.at.getByText('试题从第1版到第3版').waitFor()
      await curator.shot('know-23-compare-runs-open')
      await curator.at.getByRole('link', { name: '后一次' }).click()
      await curator.at.getByRole('heading', { level: 1, name: '评测结果' }).waitFor()
      await curator.shot('know-24-run-open')
    },
  },
  {
    name: '资料：建一代索引、切换、退回',
    async run({ hire, services, size }) {
      const service = services.plain
      const admin = await hire().open(service.url, '/admin', await service.account(['administrator']))
      await admin.go('索引')
      await admin.at.getByText(/现在由第 \d+ 代答复/).waitFor()
      // One index for both screens: the wide one builds, the narrow one looks.
      if (size === 'desk') {
        await admin.at.getByLabel('每段最多').fill('12')
        await admin.at.getByText('请填40到4000').waitFor()
        await admin.at.getByLabel('每段最多').fill('')
        await press(admin, '建立新一代')
        await admin.at.getByRole('row').filter({ hasText: '待切换' }).waitFor({ timeout: 60_000 })
        await still(admin, 'know-30-generations-open')
        await press(admin, '切换')
        await admin.at.locator('.t-dialog').getByRole('button', { name: '切换' }).click()
        await admin.at.getByRole('row').filter({ hasText: '上一代' }).getByRole('button', { name: '退回' }).waitFor()
        await press(admin, '退回')
        await admin.at.locator('.t-dialog').getByRole('button', { name: '退回' }).click()
        await admin.at.getByRole('row').filter({ hasText: '答复中' }).first().waitFor()
      }
      await still(admin, 'know-31-generations')
    },
  },
  {
    name: '资料：发布前的检查说出会丢哪一题',
    async run({ hire, services, size }) {
      // The trial takes turns and a core: one screen is enough, at both of its sizes.
      if (size === 'phone') return
      const service = services.plain
      const id = `jiancha-${Date.now() % 100_000}`
      await publish(service, {
        id,
        title: '屋顶菜园怎么登记',
        body: '**结论**：屋顶菜园到社区登记，写明种什么。\n\n## 要求\n屋顶菜园的土层不超过十厘米。',
      })
      const call = await curatorOf(service)
      const { content } = await call('GET', `/documents/${id}/versions/1`)
      await call(
        'PUT',
        `/documents/${id}/draft`,
        { content: { ...content, title: '天台晾晒架', questions: ['天台晾晒架怎么装'], body: '**结论**：天台晾晒架请物业统一安装。' } },
        { 'if-match': '"0"' },
      )
      await call('POST', `/documents/${id}/submit`, { note: '换了内容' }, { 'if-match': '"1"' })
      await call('PUT', '/question-sets/roof', {
        title: '屋顶',
        canonical: true,
        questions: [{ id: 'a', question: '屋顶菜园怎么登记', expect: [id] }],
      })
      try {
        const curator = await hire().open(service.url, '/admin', await service.account(['curator']))
        await at(curator, service, `${id}/review`)
        await press(curator, '试问基准题')
        await curator.at.getByRole('region', { name: '会丢失的答案' }).getByText('屋顶菜园怎么登记').waitFor({ timeout: 60_000 })
        await curator.shot('know-40-gate-open')
        await curator.at.setViewportSize({ width: 390, height: 844 })
        await curator.shot('know-41-gate-phone-open')
        await press(curator, '内容无误，说明理由后放行')
        await curator.at.getByRole('dialog').getByLabel('理由').fill('屋顶菜园已经取消')
        await curator.at.getByRole('dialog').getByRole('button', { name: '放行' }).click()
        await curator.at.getByText('已说明理由放行：屋顶菜园已经取消').waitFor({ timeout: 60_000 })
      } finally {
        await askAllQuestions(call)
      }
    },
  },
]
