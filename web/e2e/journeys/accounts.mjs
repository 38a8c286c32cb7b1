// Accounts, posts, keys, the audit log, signing in.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProvider } from '../idp.mjs'
import { startService } from '../service.mjs'

const CHOSEN = '电梯口 的灯 换好了 谢谢'
let people = 0
/** A name that no journey before had. */
const fresh = (word) => `${word}${Date.now().toString(36)}${(people += 1)}`
const send = (url, cookie, method, path, body) =>
  fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
async function cookieOf(url, { name, password }) {
  const answer = await send(url, '', 'POST', '/api/v1/auth/sign-in', { name, password })
  assert.equal(answer.status, 200, 'signs in over the API')
  return answer.headers.get('set-cookie').split(';')[0]
}
/** A resident's ticket in the seventh grid: its number. */
async function reported(url, words) {
  const opened = await (await send(url, '', 'POST', '/api/v1/conversations', {})).json()
  const talk = (method, path, body) =>
    fetch(`${url}/api/v1/conversations/${opened.conversation_id}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${opened.token}` },
      body: JSON.stringify(body),
    })
  await talk('POST', '/messages', { client_message_id: 'm1', text: words })
  const receipt = await (await talk('POST', '/draft/confirm', {})).json()
  assert.equal(receipt.ticket?.place.grid_code, 'CH-JF-07', JSON.stringify(receipt))
  return receipt.ticket.number
}
/** Answers the question that the page asks before something that others feel. */
async function sure(staff, word) {
  const dialog = staff.at.locator('.t-dialog:visible')
  await dialog.waitFor()
  await dialog.getByRole('button', { name: word, exact: true }).click()
}
const secret = (staff) => staff.at.locator('[data-once]').first().innerText()
/** Fills the form of a new account as it is typed. */
async function describe(staff, name, title, role, community) {
  await staff.at.getByLabel('账号名').fill(name)
  await staff.at.getByLabel('岗位或说明').fill(title)
  await staff.at.getByRole('checkbox', { name: new RegExp(`^${role}`) }).check()
  if (community) {
    await staff.at.getByLabel('只管一部分').check()
    await staff.at.locator('summary', { hasText: community }).click()
    await staff.at.getByRole('checkbox', { name: `整个${community}` }).check()
  }
}
async function choosePassword(staff) {
  await staff.at.getByText('这是一次性密码').waitFor()
  await staff.at.getByLabel('新密码').fill(CHOSEN)
  await staff.at.getByLabel('再输一次').fill(CHOSEN)
  await staff.at.getByRole('button', { name: '保存并进入' }).click()
}

/** Each: a name and what is done. */
export const journeys = [
  {
    name: 'signing in, what one sees, signing out',
    async run({ hire, services }) {
      const admin = await hire().open(services.plain.url, '/admin', await services.plain.account(['administrator']))
      await admin.go('账号与角色')
      await admin.at.getByRole('cell', { name: '管理员' }).first().waitFor()
      await admin.shot('accounts')
      await admin.go('角色权限')
      await admin.at.getByRole('rowheader', { name: '查看审计日志' }).waitFor()
      await admin.shot('accounts-roles')
      await admin.go('我的账号')
      await admin.at.getByText('本机').first().waitFor()
      await admin.shot('me')
      await admin.at.getByRole('button', { name: '退出', exact: true }).first().click()
      await admin.at.getByLabel('账号').waitFor()
    },
  },
  {
    name: 'an account is made, handed over, and signs in with a password of its own',
    async run({ hire, services }) {
      const admin = await hire().open(services.plain.url, '/admin', await services.plain.account(['administrator']))
      await admin.go('账号与角色')
      await admin.at.getByRole('button', { name: '新建账号' }).click()
      const name = fresh('jinfeng')
      await describe(admin, name, '锦凤社区第七网格 网格员岗', '知识编辑', '锦凤社区')
      await admin.shot('accounts-new')
      await admin.at.getByRole('button', { name: '建立账号' }).click()
      const first = await secret(admin)
      await admin.shot('accounts-new-password')
      await admin.at.getByRole('button', { name: '我已记下' }).click()
      await admin.at.getByRole('heading', { level: 1, name }).waitFor()
      assert.equal(await admin.at.getByText(first).count(), 0, 'shown once')
      await admin.at.getByText('新建账号', { exact: true }).first().waitFor()
      await admin.shot('account')

      const owner = hire()
      owner.at = await owner.page(`${services.plain.url}/admin/me`)
      await owner.at.getByLabel('账号').fill(name)
      await owner.at.getByLabel('密码').fill(first)
      await owner.at.getByRole('button', { name: '登录', exact: true }).click()
      await owner.at.getByText('这是一次性密码').waitFor()
      await owner.at.getByLabel('新密码').fill('123')
      await owner.at.getByLabel('再输一次').fill('1234')
      await owner.shot('gate-password')
      await choosePassword(owner)
      await owner.at.getByRole('heading', { level: 1, name: '我的账号' }).waitFor()
      await owner.at.getByText('锦凤社区', { exact: true }).waitFor()
      const again = await send(services.plain.url, '', 'POST', '/api/v1/auth/sign-in', { name, password: first })
      assert.equal(again.status, 401, 'the one-time password is used up')
    },
  },
  {
    name: 'a role without the right sees no such page, and the API says 403 too',
    async run({ hire, services }) {
      const account = await services.plain.account(['curator'])
      const curator = await hire().open(services.plain.url, '/admin/accounts', account)
      await curator.at.getByRole('heading', { name: '没有权限' }).waitFor()
      for (const title of ['账号与角色', '审计日志', '岗位与AB岗'])
        assert.equal(await curator.at.getByRole('link', { name: title }).count(), 0, `${title} is not in the menu`)
      await curator.shot('accounts-forbidden')
      const cookie = await cookieOf(services.plain.url, account)
      for (const [method, path, body] of [
        ['GET', '/api/v1/admin/accounts'],
        ['GET', '/api/v1/admin/audit'],
        ['GET', '/api/v1/admin/posts'],
        ['POST', '/api/v1/admin/accounts', { name: 'x1', roles: ['auditor'] }],
      ]) {
        const answer = await send(services.plain.url, cookie, method, path, body)
        assert.deepEqual([answer.status, (await answer.json()).code], [403, 'forbidden'], `${method} ${path}`)
      }
    },
  },
  {
    name: 'an account is changed, disabled at once, and keeps its history',
    async run({ hire, services }) {
      const { url } = services.plain
      const account = await services.plain.account(['auditor'])
      const auditor = await hire().open(url, '/admin/me', account)
      await auditor.go('审计日志')
      const admin = await hire().open(url, '/admin', await services.plain.account(['administrator']))
      await admin.go('账号与角色')
      await admin.at.getByPlaceholder('搜索账号').fill(account.name)
      await admin.at.getByRole('link', { name: account.name, exact: true }).click()
      await admin.at.getByLabel('岗位或说明').fill('纪工委 审计岗')
      await admin.at.getByRole('button', { name: '保存', exact: true }).click()
      await admin.at.getByText('已保存').waitFor()
      await admin.at.getByRole('button', { name: '停用账号' }).click()
      await admin.shot('account-disable')
      await sure(admin, '停用')
      await admin.at.getByText('停用账号', { exact: true }).first().waitFor()
      await admin.at.getByRole('button', { name: '启用账号' }).waitFor()
      // The other one is out with the next thing it does.
      await auditor.at.getByRole('button', { name: '查找' }).click()
      await auditor.at.getByText('刚才填写的内容还在').waitFor()
      await auditor.shot('gate-expired')
      await auditor.at.getByLabel('密码').fill(account.password)
      await auditor.at.getByRole('button', { name: '登录', exact: true }).click()
      await auditor.at.getByText('账号已停用').waitFor()
      await admin.at.getByRole('link', { name: '在审计日志里看全部' }).click()
      await admin.at.getByRole('heading', { level: 1, name: '审计日志' }).waitFor()
      await admin.at
        .getByRole('cell', { name: new RegExp(account.name) })
        .first()
        .waitFor()
      await admin.at.goBack()
      await admin.at.getByRole('button', { name: '启用账号' }).click()
      await admin.at.getByRole('button', { name: '停用账号' }).waitFor()
    },
  },
  {
    name: 'a key is made for a part of the rights, used, and revoked',
    async run({ hire, services }) {
      const { url } = services.plain
      const admin = await hire().open(url, '/admin', await services.plain.account(['administrator']))
      await admin.go('接口密钥')
      await admin.at.getByRole('button', { name: '新建密钥' }).click()
      const use = fresh('审计归档')
      await admin.at.getByLabel('用途').fill(use)
      await admin.at.getByRole('checkbox', { name: '查看审计日志' }).check()
      await admin.shot('key-new')
      await admin.at.getByRole('button', { name: '建立密钥' }).click()
      const key = await secret(admin)
      assert.match(key, /^gwk_/)
      await admin.shot('key-secret')
      const asked = (path) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } }).then((r) => r.status)
      assert.equal(await asked('/api/v1/admin/audit'), 200, 'opens what it was made for')
      assert.equal(await asked('/api/v1/admin/accounts'), 403, 'and nothing else')
      await admin.at.getByRole('button', { name: '我已记下' }).click()
      const row = admin.at.getByRole('row').filter({ hasText: use })
      await row.waitFor()
      await admin.shot('keys')
      await row.getByRole('button', { name: '撤销' }).click()
      await sure(admin, '撤销')
      await row.getByText('已撤销').waitFor()
      assert.equal(await asked('/api/v1/admin/audit'), 401, 'opens nothing any more')
    },
  },
  {
    name: 'the audit log is searched, exported and checked',
    async run({ hire, services }) {
      const account = await services.plain.account(['administrator'])
      const admin = await hire().open(services.plain.url, '/admin', account)
      await admin.go('审计日志')
      await admin.at.getByRole('cell', { name: /登录/ }).first().waitFor()
      await admin.shot('audit')
      await admin.at.getByLabel('账号').fill(account.name)
      await admin.at.getByLabel('操作').selectOption('auth.')
      await admin.at.getByRole('button', { name: '查找' }).click()
      await admin.at.waitForURL(/actor_name=/)
      await admin.at.getByText('到头了').waitFor()
      for (const cell of await admin.at.locator('.audit-rows tbody td:nth-child(2)').allInnerTexts())
        assert.ok(cell.includes(account.name), cell)
      await admin.shot('audit-found')
      const [file] = await Promise.all([admin.at.waitForEvent('download'), admin.at.getByRole('link', { name: '导出 CSV' }).click()])
      const text = await readFile(await file.path(), 'utf8')
      assert.ok(text.startsWith('\uFEFF序号,时间'), 'a file that a Chinese spreadsheet opens')
      const lines = text.trim().split('\n').slice(1)
      assert.ok(lines.length > 0 && lines.every((l) => l.includes(account.name)), 'the same rows as on the page')
      await admin.at.getByRole('button', { name: '检查是否被改动' }).click()
      await admin.at.getByText('没有发现改动').waitFor()
      await admin.shot('audit-check')
      await admin.at.getByLabel('从').fill('2001-01-01T00:00')
      await admin.at.getByLabel('到', { exact: true }).fill('2001-01-02T00:00')
      await admin.at.getByRole('button', { name: '查找' }).click()
      await admin.at.getByText('没有符合条件的记录').waitFor()
    },
  },
  {
    name: 'somebody is away, another one stands in for a time',
    async run({ hire, services, size }) {
      const { url } = services.plain
      const number = await reported(url, size === 'phone' ? '铂金云鼎小区3栋2单元门口路灯坏了' : '铂金云鼎小区5栋1单元门口路灯坏了')
      const away = await services.plain.account(['gridworker'], ['--grid', 'CH-JF-07'])
      const acting = await services.plain.account(['gridworker'], ['--community', '桂语社区'])
      const cookie = await cookieOf(url, acting)
      const sees = async () => (await send(url, cookie, 'GET', `/api/v1/worker/tickets/${number}`)).status
      assert.equal(await sees(), 404, 'not before')
      const admin = await hire().open(url, '/admin', await services.plain.account(['administrator']))
      await admin.go('岗位与AB岗')
      // Each screen has a post of its own on the same service.
      const post = size === 'phone' ? '锦凤社区第七网格 网格员岗' : '锦凤社区第六网格 网格员岗'
      await admin.at.getByPlaceholder('搜索岗位').fill(post)
      await admin.at.getByRole('link', { name: `安排${post}` }).click()
      const choose = async (label, name) => {
        const select = admin.at.getByLabel(label, { exact: true })
        const value = await select.locator('option', { hasText: name }).first().getAttribute('value')
        await select.selectOption(value)
      }
      await choose('A岗', away.name)
      await choose('B岗', acting.name)
      await admin.shot('post-assign')
      await admin.at.getByRole('button', { name: '保存' }).click()
      await admin.at.getByRole('button', { name: '登记离岗' }).click()
      await choose('离岗的人', away.name)
      assert.equal(
        await admin.at
          .getByLabel('代班人')
          .locator('option:checked')
          .innerText()
          .then((t) => t.includes(acting.name)),
        true,
        'the B of the post is proposed',
      )
      const tomorrow = new Date(Date.now() + 86_400_000)
        .toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' })
        .replace(' ', 'T')
        .slice(0, 16)
      await admin.at.getByLabel('结束').fill(tomorrow)
      await admin.at.getByLabel('说明').fill('年休假')
      await admin.shot('leave-new')
      await admin.at.getByRole('button', { name: '登记', exact: true }).click()
      const row = admin.at.getByRole('region', { name: '离岗代班列表' }).getByRole('row').filter({ hasText: away.name })
      await row.getByText('代班中').waitFor()
      await admin.shot('posts')
      assert.equal(await sees(), 200, 'while the other one is away')
      const moved = await send(url, cookie, 'POST', `/api/v1/worker/tickets/${number}/moves`, { to: '处置中', note: '已到现场查看' })
      assert.equal(moved.status, 200, await moved.text())
      // The stand-in knows whose work it is.
      const stand = await hire().open(url, '/admin/me', acting)
      await stand.at.getByText(`您正在代 ${away.name} 的班`).waitFor()
      await stand.shot('me-standing-in')
      await stand.at.goto(`${url}/worker/me`)
      await stand.at.getByText(`您正在代 ${away.name} 的班`).waitFor()
      await stand.at.getByText(new RegExp(`${away.name}.*，到 \\d+年`)).waitFor()
      await stand.shot('worker-standing-in')
      await row.getByRole('button', { name: '结束' }).click()
      await sure(admin, '结束')
      await row.getByText('已结束').waitFor()
      assert.equal(await sees(), 404, 'not after')
      await admin.go('审计日志')
      await admin.at.getByLabel('对象编号').fill(number)
      await admin.at.getByRole('button', { name: '查找' }).click()
      await admin.at.getByText(`代班，原岗：${away.name}`).first().waitFor()
      await admin.shot('audit-stand-in')
    },
  },
  {
    name: 'a post is handed over for good',
    async run({ hire, services }) {
      const { url } = services.plain
      const from = await services.plain.account(['gridworker'], ['--grid', 'CH-JF-07'])
      const to = await services.plain.account(['gridworker'], ['--community', '桂语社区'])
      const admin = await hire().open(url, '/admin', await services.plain.account(['administrator']))
      await admin.go('账号与角色')
      await admin.at.getByPlaceholder('搜索账号').fill(from.name)
      await admin.at.getByRole('link', { name: from.name, exact: true }).click()
      await admin.at.getByRole('button', { name: '移交给别人' }).click()
      await admin.at.getByText('没有知悉').waitFor()
      const select = admin.at.getByLabel('接手人')
      await select.selectOption(await select.locator('option', { hasText: to.name }).first().getAttribute('value'))
      await admin.shot('hand-over')
      await admin.at.getByRole('button', { name: '移交', exact: true }).click()
      await sure(admin, '移交')
      await admin.at.getByRole('heading', { name: '移交完成' }).waitFor()
      await admin.at.getByText('桂语社区、CH-JF-07').waitFor()
      await admin.shot('hand-over-done')
      const refused = await send(url, '', 'POST', '/api/v1/auth/sign-in', from)
      assert.equal(refused.status, 401, 'the predecessor is out')
    },
  },
  {
    name: 'a session that ends in the middle of work keeps what was typed',
    async run({ hire, services }) {
      const { url } = services.plain
      const account = await services.plain.account(['administrator'])
      const admin = await hire().open(url, '/admin/me', account)
      await admin.at.goto(`${url}/admin/accounts/new`)
      const name = fresh('guiyu')
      await describe(admin, name, '桂语社区 网格员岗', '网格员', '桂语社区')
      // At another device: sign out everywhere else.
      const cookie = await cookieOf(url, account)
      assert.equal((await send(url, cookie, 'DELETE', '/api/v1/auth/sessions')).status, 200)
      await admin.at.getByRole('button', { name: '建立账号' }).click()
      await admin.at.getByText('刚才填写的内容还在').waitFor()
      await admin.at.getByLabel('密码').fill(account.password)
      await admin.at.getByRole('button', { name: '登录', exact: true }).click()
      await admin.at.getByLabel('账号名').waitFor()
      assert.equal(await admin.at.getByLabel('账号名').inputValue(), name)
      assert.equal(await admin.at.getByRole('checkbox', { name: '整个桂语社区' }).isChecked(), true)
      await admin.at.getByRole('button', { name: '建立账号' }).click()
      assert.match(await secret(admin), /^\S{23}$/)
    },
  },
  {
    name: 'signing in by the identity provider',
    async run({ hire, binary, pictures, size }) {
      const provider = await startProvider()
      let service
      try {
        service = await startService(binary, join(pictures, `service-with-provider-${size}.log`), provider.settings)
        const auditor = await service.account(['auditor'])
        const person = hire()
        person.at = await person.page(`${service.url}/admin/audit?action=auth.`)
        await person.at.getByRole('link', { name: '用区统一身份认证登录' }).waitFor()
        await person.shot('gate-provider')
        const walk = async (name, button = '登录') => {
          await person.at.getByRole('link', { name: '用区统一身份认证登录' }).click()
          await person.at.getByRole('heading', { name: '统一身份认证' }).waitFor()
          await person.at.getByLabel('工号').fill(name)
          await person.at.getByRole('button', { name: button }).click()
        }
        await walk('nobody-here')
        await person.at.getByText('还没有您的账号').waitFor()
        await person.shot('gate-provider-unknown')
        await walk(auditor.name, '取消')
        await person.at.getByText('没有在统一身份认证那边完成登录').waitFor()
        for (const wrong of [{ nonce: 'another' }, { aud: 'another' }, { exp: 1 }]) {
          provider.lie(wrong)
          await walk(auditor.name)
          await person.at.getByText('没有通过核对').waitFor()
        }
        provider.lie()
        await walk(auditor.name)
        await person.at.getByRole('heading', { level: 1, name: '审计日志' }).waitFor()
        assert.ok(person.at.url().endsWith('/admin/audit?action=auth.'), `back to where one was: ${person.at.url()}`)
        await person.at.getByText('统一身份登录未成功').first().waitFor()
        await person.shot('audit-provider')
      } finally {
        await service?.stop()
        await provider.stop()
      }
    },
  },
]
