// Where the window stands: channels on the desk, other sites under their own policies, tokens of a host, the state of the service,
// and what proxies do to a stream.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { haveNginx, startCutter, startNginx } from '../hops.mjs'
import { sign, startHost } from '../host.mjs'
import { WORDS, startModel } from '../model.mjs'
import { startService } from '../service.mjs'

const flat = (words) => words.replace(/〔\d+〕|\s/g, '')
const shown = async (answer) => flat(await answer.locator('.rich').innerText())

/** The desk's calls without the desk, for what a journey only needs to be there. */
async function admin(service) {
  const account = await service.account(['administrator'])
  const send = async (method, path, body, cookie) =>
    fetch(`${service.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const signedIn = await send('POST', '/auth/sign-in', account)
  const cookie = signedIn.headers.get('set-cookie').split(';')[0]
  return async (method, path, body) => {
    const answer = await send(method, `/admin${path}`, body, cookie)
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer.status === 204 ? undefined : answer.json()
  }
}

/** A channel in secure mode and what its host signs with. */
async function secureChannel(service, id, origins) {
  const call = await admin(service)
  const { revision, settings } = await call('POST', '/channels', { id, settings: { origins } })
  const { secret } = await call('POST', `/channels/${id}/secrets`, {})
  await call('PUT', `/channels/${id}`, { revision, settings: { ...settings, secure: true } })
  return secret
}

/** Opens the window on a host's page. */
async function openOn(visitor, host) {
  const page = await visitor.page(host.url)
  visitor.window = page
  visitor.at = page.frameLocator('iframe')
  await page.getByRole('button', { name: '问问网格员' }).click()
  await visitor.at.getByLabel('输入消息').waitFor()
  return page
}

/** Takes out of the problems what a browser is meant to say; there must be some. */
function expected(visitor, pattern) {
  const found = visitor.problems.filter((p) => pattern.test(p))
  assert.ok(found.length > 0, `the browser says ${pattern}: ${visitor.problems.join('; ')}`)
  visitor.problems = visitor.problems.filter((p) => !pattern.test(p))
}

export const journeys = [
  {
    name: '渠道：建一个改开场白窗口照办',
    limit: 300_000,
    async run({ resident, hire, services, size }) {
      const id = `hall-${size}`
      const staff = await hire().open(services.plain.url, '/admin', await services.plain.account(['administrator']))
      const page = staff.at
      await staff.go('渠道')
      await page.getByRole('link', { name: 'default' }).waitFor()
      await staff.shot('c00-channels')
      await page.getByRole('button', { name: '新建渠道' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel(/^代号/).fill('Hall')
      await dialog.getByRole('button', { name: '建立' }).click()
      await dialog
        .getByRole('alert')
        .getByText(/小写字母/)
        .waitFor()
      await staff.shot('c01-new-channel-refused')
      await dialog.getByLabel(/^代号/).fill(id)
      await dialog.getByLabel(/^窗口标题/).fill('办事大厅自助机')
      await dialog.getByRole('button', { name: '建立' }).click()
      await page.getByRole('heading', { name: '渠道设置' }).waitFor()
      await page.getByLabel('开场白').fill('这里是办事大厅的自助机，请说您要办的事。')
      await page.getByLabel(/^可以这样问/).fill('社保卡丢了怎么办\n低保怎么申请')
      await page.getByLabel(/^可以显示窗口的网站/).fill('street.example/path')
      await page.getByRole('button', { name: '保存' }).click()
      await page
        .getByText(/不是网站地址/)
        .first()
        .waitFor()
      await staff.shot('c02-origin-refused')
      await page.getByLabel(/^可以显示窗口的网站/).fill('')
      await page.getByLabel(/^没人动多少秒/).fill('120')
      await page.getByRole('button', { name: '保存' }).click()
      await page.getByText('已保存，新打开的窗口按新设置').waitFor()
      await page.getByText('有改动没有保存').waitFor({ state: 'detached' })
      await staff.shot('c03-channel')

      const window = await fetch(`${services.plain.url}/chat?channel=${id}`, { redirect: 'manual' })
      assert.equal(window.headers.get('location'), `/chat?channel=${id}&kiosk=120`, 'the window is told that the machine is shared')
      await resident.open(services.plain.url, `/chat?channel=${id}`)
      await resident.at.getByRole('heading', { name: '办事大厅自助机' }).waitFor()
      await resident.at.getByText('这里是办事大厅的自助机').waitFor()
      await resident.at.getByRole('button', { name: '社保卡丢了怎么办' }).waitFor()
      await resident.shot('c04-hall-window')

      // Somebody else was faster: nothing is overwritten unseen.
      const call = await admin(services.plain)
      const now = await call('GET', `/channels/${id}`)
      await call('PUT', `/channels/${id}`, { revision: now.revision, settings: { ...now.settings, title: '自助机' } })
      await page.getByLabel('开场白').fill('我也在改')
      await page.getByRole('button', { name: '保存' }).click()
      await page.getByText(/已被别人改过/).waitFor()
      await page.getByRole('button', { name: '看现在的内容' }).click()
      await page.getByText(/已被别人改过/).waitFor({ state: 'detached' })
      assert.equal(await page.getByLabel('标题', { exact: true }).inputValue(), '自助机')

      // An auditor reads and changes nothing.
      const reader = await hire().open(services.plain.url, `/admin/channels/${id}`, await services.plain.account(['auditor']))
      await reader.at.getByLabel('开场白').waitFor()
      assert.equal(await reader.at.getByRole('button', { name: '保存' }).count(), 0)
      assert.ok(await reader.at.getByLabel('开场白').isDisabled())
    },
  },
  {
    name: '渠道：只有名单上的网站显示窗口',
    limit: 300_000,
    async run({ resident, services, size }) {
      const service = services.plain
      const id = `portal-${size}`
      const attributes = { 'data-channel': id, 'data-side': 'left' }
      const good = await startHost({ service: service.url, attributes })
      const bad = await startHost({ service: service.url, attributes })
      try {
        const call = await admin(service)
        await call('POST', '/channels', { id, settings: { title: '区门户的窗口', origins: [good.origin] } })
        const page = await openOn(resident, good)
        await resident.at.getByRole('heading', { name: '区门户的窗口' }).waitFor()
        const box = await page.locator('iframe').boundingBox()
        if (size === 'phone') assert.deepEqual([box.x, box.y, box.width, box.height], [0, 0, 390, 844])
        else assert.ok(box.x < 100, 'data-side puts it to the left')
        const answer = await resident.ask('低保怎么申请')
        assert.match(await answer.innerText(), /低保/)
        await resident.picture(page, 'c10-widget-allowed')
        await page.keyboard.press('Escape')
        const bubble = page.getByRole('button', { name: '问问网格员' })
        await bubble.waitFor()
        assert.ok(await bubble.evaluate((b) => b.getRootNode().activeElement === b), 'the focus comes back')

        // The browser refuses the other site's frame; that page goes on and can be used.
        const other = await resident.page(bad.url)
        const before = await other.evaluate(() => document.body.getBoundingClientRect().height)
        await other.getByRole('button', { name: '问问网格员' }).click()
        await other.getByText('对话窗口没有打开').waitFor()
        await resident.picture(other, 'c11-widget-refused')
        expected(resident, /frame|ancestor/i)
        await other.getByRole('button', { name: '关闭' }).click()
        await other.getByRole('button', { name: '问问网格员' }).waitFor()
        await other.getByRole('link', { name: '更多公告' }).click()
        assert.equal(await other.evaluate(() => document.body.getBoundingClientRect().height), before, 'the page did not move')

        // And nobody begins a conversation in the name of another site.
        const begin = (origin) =>
          fetch(`${service.url}/api/v1/conversations`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin },
            body: JSON.stringify({ channel: id }),
          })
        assert.equal((await begin(good.origin)).status, 201)
        const refused = await begin(bad.origin)
        assert.deepEqual([refused.status, (await refused.json()).code], [403, 'origin_refused'])
      } finally {
        await Promise.all([good.stop(), bad.stop()])
      }
    },
  },
  {
    name: '渠道：安全模式凭网站签名',
    limit: 300_000,
    async run({ resident, hire, services, size }) {
      const service = services.plain
      const id = `signed-${size}`
      let secret
      let token = () => undefined
      const host = await startHost({
        service: service.url,
        attributes: { 'data-channel': id, 'data-token-url': '/sign' },
        token: () => token(),
        name: '127.0.0.1',
      })
      // Another host of the same channel hands its token over by a message; its policy has no room for a call.
      const script = `addEventListener('gridworker:token-wanted', () => postMessage({ type: 'gridworker:token', token: window.name }, location.origin))`
      const byMessage = await startHost({ service: service.url, attributes: { 'data-channel': id }, script })
      try {
        // The secret is made on the desk and seen once.
        const call = await admin(service)
        await call('POST', '/channels', { id, settings: { title: '签名的窗口', origins: [host.origin, byMessage.origin] } })
        const staff = await hire().open(service.url, `/admin/channels/${id}`, await service.account(['administrator']))
        const page = staff.at
        await page.getByLabel(/安全模式：只有/).check()
        await page.getByRole('button', { name: '保存' }).click()
        await page.getByRole('button', { name: '打开', exact: true }).click()
        await page.getByText('安全模式要先生成签名密钥').first().waitFor()
        await page.getByRole('button', { name: '生成密钥' }).click()
        const told = page.getByLabel('签名密钥', { exact: true })
        await told.waitFor()
        secret = (await told.innerText()).trim()
        assert.match(secret, /^gwc_[\w-]{43}$/)
        await staff.shot('c20-secret-once')
        await page.getByRole('button', { name: '我已保存好' }).click()
        await told.waitFor({ state: 'detached' })
        await page.getByText('正在使用').waitFor()
        await page.getByRole('button', { name: '保存' }).click()
        await page.getByRole('button', { name: '打开', exact: true }).click()
        await page.getByText('已保存，新打开的窗口按新设置').waitFor()
        await staff.shot('c21-secure-channel')

        // Good: one token opens one conversation.
        token = () => sign(secret, id, { visitor: 'u-1' })
        await openOn(resident, host)
        assert.equal(host.asked.length, 0, 'nothing is asked for before the first message')
        assert.match(await (await resident.ask('低保怎么申请')).innerText(), /低保/)
        assert.deepEqual(host.asked, ['POST'])
        await resident.picture(resident.window, 'c22-signed')

        // Somebody else signs in on the same machine and sees nothing of it.
        token = () => sign(secret, id, { visitor: 'u-2' })
        const hostPage = await openOn(resident, host)
        assert.equal(await resident.own().count(), 0)
        assert.match(await (await resident.ask('身份证丢了怎么补')).innerText(), /身份证/)
        await hostPage.reload()
        await hostPage.getByRole('button', { name: '问问网格员' }).click()
        await resident.own().filter({ hasText: '身份证丢了怎么补' }).waitFor()

        // Run out, used before, nobody signed: each is told, and nothing is opened.
        const used = sign(secret, id)
        const first = await fetch(`${service.url}/api/v1/conversations`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ channel: id, channel_token: used }),
        })
        assert.equal(first.status, 201)
        for (const [name, make, words] of [
          ['expired', () => sign(secret, id, { now: Date.now() - 3_600_000 }), /已过期/],
          ['used', () => used, /已用过/],
          ['foreign', () => sign(secret, 'default'), /不是这个入口的/],
          ['unsigned', () => undefined, /请从原来的网站打开/],
        ]) {
          token = make
          const visitor = hire()
          const at = await visitor.page(host.url)
          await at.getByRole('button', { name: '问问网格员' }).click()
          const frame = at.frameLocator('iframe')
          await frame.getByLabel('输入消息').fill('你好')
          await frame.getByRole('button', { name: '发送', exact: true }).click()
          await frame.getByText(words).first().waitFor()
          await visitor.picture(at, `c23-token-${name}`)
          await visitor.end()
        }

        // Handed over by the page itself.
        const visitor = hire()
        const at = await visitor.page(byMessage.url)
        await at.evaluate((t) => (window.name = t), sign(secret, id))
        await at.getByRole('button', { name: '问问网格员' }).click()
        const frame = at.frameLocator('iframe')
        await frame.getByLabel('输入消息').fill('你好')
        await frame.getByRole('button', { name: '发送', exact: true }).click()
        await frame.getByRole('article', { name: '网格员', exact: true }).nth(1).waitFor()

        // A web view of an app has no page around it: the token comes in the address and does not stay there.
        const app = hire()
        const view = await app.page(`${service.url}/chat?channel=${id}#token=${sign(secret, id)}`)
        await view.getByLabel('输入消息').fill('你好')
        await view.getByRole('button', { name: '发送', exact: true }).click()
        await view.getByRole('article', { name: '网格员', exact: true }).nth(1).waitFor()
        await view.waitForFunction(() => location.hash === '')
      } finally {
        await Promise.all([host.stop(), byMessage.stop()])
      }
    },
  },
  {
    name: '系统与渠道：看模型接口提示词和运行状态',
    limit: 300_000,
    async run({ hire, services, model, size, binary, pictures }) {
      // A service of its own: a model that answers, and a re-ranker that does not take the key.
      const chat = await startModel()
      chat.say('好')
      const refuses = createServer(
        (_req, res) => (res.writeHead(401, { 'content-type': 'application/json' }), res.end('{"error":{"message":"no"}}')),
      )
      await new Promise((go) => refuses.listen(0, '127.0.0.1', go))
      const service = await startService(binary, join(pictures, `service-system-${size}.log`), {
        GRIDWORKER__LLM__BASE_URL: chat.url,
        GRIDWORKER__LLM__MODEL: 'slow',
        GRIDWORKER__LLM__API_KEY: 'sk-never-shown',
        GRIDWORKER__RERANKER__BASE_URL: `http://127.0.0.1:${refuses.address().port}`,
        GRIDWORKER__RERANKER__MODEL: 'order',
      })
      try {
        const staff = await hire().open(service.url, '/admin', await service.account(['administrator']))
        const page = staff.at
        await staff.go('模型接口')
        const of = (title) => page.getByRole('region', { name: title })
        await of('对话模型').getByText('正常使用').waitFor()
        await of('向量模型').getByText('没有配置').waitFor()
        await of('对话模型').getByRole('button', { name: '测试' }).click()
        await of('对话模型')
          .getByText(/^成功，用时/)
          .waitFor()
        await of('重排模型').getByRole('button', { name: '测试' }).click()
        await of('重排模型')
          .getByText(/密钥不对/)
          .waitFor()
        assert.ok(!(await page.content()).includes('sk-never-shown'), 'a key is shown to nobody')
        await staff.shot('c30-endpoints-open')

        await staff.go('提示词')
        const answer = page.getByRole('region', { name: '组织答复' })
        await answer.getByText('随程序提供').waitFor()
        await answer.getByRole('button', { name: '预览' }).click()
        await answer
          .getByText(/示例资料/)
          .first()
          .waitFor()
        await staff.shot('c31-prompts-open')

        await staff.go('运行状态')
        await page.getByText('知识索引').waitFor()
        await page
          .getByText(/一切正常|有地方要留意/)
          .first()
          .waitFor()
        await staff.shot('c32-health-open')
        // It looks again by itself.
        const again = page.waitForResponse((r) => r.url().endsWith('/system/health'), { timeout: 15_000 })
        await again

        const reader = await hire().open(service.url, '/admin/endpoints', await service.account(['auditor']))
        await reader.at.getByRole('heading', { name: '模型接口' }).waitFor()
        await reader.at.getByText('正常使用').first().waitFor()
        assert.equal(await reader.at.getByRole('button', { name: '测试' }).count(), 0)
        const curator = await hire().open(service.url, '/admin/health', await service.account(['curator']))
        await curator.at.getByRole('heading', { name: '没有权限' }).waitFor()
      } finally {
        await Promise.all([service.stop(), chat.stop()])
        refuses.closeAllConnections()
        await new Promise((go) => refuses.close(go))
      }
    },
  },
  {
    name: '渠道：代理之后逐字出现吃掉流也答得出',
    limit: 300_000,
    async run({ resident, hire, size, binary, pictures }) {
      const model = await startModel()
      model.say(WORDS)
      const service = await startService(binary, join(pictures, `service-hops-${size}.log`), {
        GRIDWORKER__LLM__BASE_URL: model.url,
        GRIDWORKER__LLM__MODEL: 'slow',
      })
      const upstream = new URL(service.url).host
      const hops = []
      const hop = async (making) => (hops.push(await making), hops.at(-1))
      try {
        if (haveNginx()) {
          const inner = await hop(startNginx('shipped', upstream))
          const outer = await hop(startNginx('debian', inner.address))
          await wordByWord(outer.url)
          // In the window: half an answer stands there while the model still thinks.
          model.holdAfter(50)
          await resident.open(outer.url)
          await resident.say('老人高龄津贴怎么领')
          await resident
            .last()
            .getByText(/户口所在地的街道便民服务中心/)
            .waitFor()
          assert.equal(await resident.last().getAttribute('aria-busy'), 'true')
          await resident.shot('c40-behind-two-hops')
          model.release()
          await resident.quiet()
          assert.equal(await shown(resident.last()), flat(WORDS))

          const eater = await hop(startNginx('eater', upstream))
          await byFallback(eater.url, model, 350)
        } else {
          console.log(`     skipped (${size}): nginx is not installed, no hop of nginx was tried`)
        }
        // A hop that cuts every stream at its first byte, and one that cuts it in mid-answer.
        const cutter = await hop(startCutter(upstream, 0))
        await byFallback(cutter.url, model, 5)
        const middle = await hop(startCutter(upstream, 700))
        const cut = hire()
        const page = await cut.page(`${middle.url}/chat`)
        const at = await ask(page)
        assert.equal(await shown(at), flat(WORDS), 'taken up again as often as it is cut: every word once')
        assert.ok(middle.cuts.length > 0)
      } finally {
        model.release()
        for (const one of hops) await one.stop()
        await Promise.all([service.stop(), model.stop()])
      }

      async function ask(page) {
        await page.getByLabel('输入消息').fill('老人高龄津贴怎么领')
        await page.getByRole('button', { name: '发送', exact: true }).click()
        const answers = page.getByRole('article', { name: '网格员', exact: true })
        await answers.nth(1).waitFor()
        await page.locator('[aria-busy="true"], .streaming').first().waitFor({ state: 'detached', timeout: 40_000 })
        return answers.nth(1)
      }

      /** The stream is kept back; the window asks for the whole and shows it, once. */
      async function byFallback(url, model, pace) {
        const visitor = hire()
        const page = await visitor.page(`${url}/chat`)
        const posts = []
        page.on(
          'request',
          (r) =>
            r.method() === 'POST' &&
            r.url().endsWith('/messages') &&
            posts.push([r.headers()['accept'], r.postDataJSON().client_message_id]),
        )
        const asked = model.requests()
        model.pace(pace)
        const answer = await ask(page)
        model.pace(25)
        assert.equal(await shown(answer), flat(WORDS))
        assert.deepEqual(
          posts.map(([accept]) => accept),
          ['text/event-stream', 'application/json'],
          'first as a stream, then whole',
        )
        assert.equal(new Set(posts.map(([, id]) => id)).size, 1, 'the same message, which the service knows')
        assert.equal(model.requests(), asked + 1, 'answered once')
        assert.equal(await page.getByRole('article', { name: '我', exact: true }).count(), 1)
        await page.getByText('内容由AI生成，仅供参考').first().waitFor()
        // From now on no time is lost with streams on this line.
        await page.getByLabel('输入消息').fill('你好')
        await page.getByRole('button', { name: '发送', exact: true }).click()
        await page.getByRole('article', { name: '网格员', exact: true }).nth(2).waitFor()
        assert.equal(posts.at(-1)[0], 'application/json')
        await visitor.picture(page, `c41-stream-eaten-${pace > 100 ? 'nginx' : 'cut'}`)
        await visitor.end()
      }

      /** Time stamps of the pieces as they arrive behind two hops. */
      async function wordByWord(url) {
        const made = await (
          await fetch(`${url}/api/v1/conversations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
        ).json()
        const began = performance.now()
        const answer = await fetch(`${url}/api/v1/conversations/${made.conversation_id}/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${made.token}` },
          body: JSON.stringify({ client_message_id: 'm1', text: '老人高龄津贴怎么领' }),
        })
        const deltas = []
        let text = ''
        for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
          const count = piece.split('event: delta').length + piece.split('event:delta').length - 2
          if (count > 0) deltas.push([Math.round(performance.now() - began), count])
          text += piece
        }
        assert.match(text, /event: ?done/)
        const whole = performance.now() - began
        const spread = deltas.at(-1)[0] - deltas[0][0]
        console.log(
          `     ${size}: ${deltas.length} pieces with words behind two hops of nginx, at ${deltas
            .slice(0, 6)
            .map(([at]) => `${at} ms`)
            .join(', ')} … ${deltas.at(-1)[0]} ms`,
        )
        assert.ok(deltas.length >= 10, `pieces come one by one: ${JSON.stringify(deltas)}`)
        assert.ok(spread > whole / 3, `and spread over the answer: ${spread} of ${whole} ms`)
      }
    },
  },
]
