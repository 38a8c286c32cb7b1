// Fixed answers, gaps, the hit test, the log of questions.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

/** The canonical questions are asked before something goes live: the first time that takes a while. */
const TRIAL = 90_000

/** Says yes to what the desk asks before something that others feel. */
async function yes(staff, button) {
  await staff.at.locator('.t-dialog').getByRole('button', { name: button, exact: true }).click()
}

async function thumbDown(resident) {
  await resident.last().getByRole('button', { name: '没用' }).click()
  await resident.sheet().getByRole('button', { name: '没说清找谁' }).click()
  await resident.sheet().getByRole('button', { name: '提交' }).click()
  await resident.at.getByText('已记下，我们会改进').waitFor()
}

/** Each: a name and what is done. */
export const journeys = [
  {
    name: '没答上来的问题：分派、写好、另一人发布、告诉问过的人',
    limit: 300_000,
    async run({ resident, hire, services, size }) {
      const service = services.plain
      // Each screen has a gap of its own.
      const { question, similar, again, negative, answer } = {
        phone: {
          question: '社区的陶艺课怎么报名',
          similar: '陶艺班怎么报名',
          again: '请问社区的陶艺课怎样报名？',
          negative: '社区的陶艺课多少钱一节',
          answer: '每月1号起在社区一楼服务台登记，先到先得。',
        },
        desk: {
          question: '图书漂流角能借几本书',
          similar: '图书漂流角一次可以借几本',
          again: '请问图书漂流角能借几本书？',
          negative: '图书漂流角借书要交押金吗',
          answer: '一次最多借三本，看完放回原处。',
        },
      }[size]
      await resident.open(service.url)
      assert.match(await (await resident.ask(question)).innerText(), /没有找到/)

      const curator = await hire().open(service.url, '/admin', await service.account(['curator']))
      await curator.go('提问记录')
      await curator.at.getByRole('link', { name: question, exact: true }).waitFor()
      await curator.at.getByRole('row', { name: new RegExp(`${question}.*没有答案`) }).waitFor()
      await curator.shot('curating-log')
      await curator.go('知识缺口')
      await curator.shot('curating-gaps')
      await curator.at.getByRole('link', { name: question }).click()
      await curator.at.getByRole('heading', { level: 1, name: question }).waitFor()
      await curator.at.getByRole('button', { name: '我来写' }).click()
      await curator.at.getByLabel('哪天前写好').fill('2030-01-31')
      await curator.at.getByRole('button', { name: '交办' }).click()
      await curator.at.getByText('处理中').first().waitFor()
      await curator.shot('curating-gap')

      await curator.at.getByRole('button', { name: '写固定答复' }).click()
      await curator.at.getByRole('heading', { level: 1, name: '固定答复' }).waitFor()
      assert.equal(await curator.at.getByRole('textbox', { name: /^问题/ }).inputValue(), question, 'what was asked is filled in')
      await curator.at.getByRole('textbox', { name: /^答案/ }).fill(answer)
      await curator.at.getByRole('textbox', { name: /^相似问法/ }).fill(similar)
      await curator.at.getByRole('textbox', { name: /^反例/ }).fill(negative)
      await curator.at.getByRole('button', { name: '保存草稿' }).click()
      await curator.at.getByText('要由另一个人发布').waitFor()
      assert.equal(await curator.at.getByRole('button', { name: '发布', exact: true }).count(), 0, 'nobody publishes what they wrote')
      await curator.at.getByRole('button', { name: '检查影响' }).click()
      await curator.at.getByText('会给这条').first().waitFor({ timeout: TRIAL })
      await curator.shot('curating-answer-draft')

      const reviewer = await hire().open(service.url, '/admin', await service.account(['reviewer']))
      await reviewer.go('固定答复')
      await reviewer.shot('curating-answers')
      await reviewer.at.getByRole('link', { name: question }).click()
      await reviewer.at.getByRole('button', { name: '发布', exact: true }).click()
      await yes(reviewer, '发布')
      const why = reviewer.at.getByRole('dialog', { name: '这些问题确认没事，仍要发布？' })
      await why.getByText('没有引用依据').waitFor({ timeout: TRIAL })
      await reviewer.shot('curating-publish-anyway')
      await why.getByLabel('原因').fill('以活动室公告为准，已电话核实')
      await why.getByRole('button', { name: '仍要发布' }).click()
      await reviewer.at.getByText('正在用').first().waitFor({ timeout: TRIAL })
      await reviewer.shot('curating-answer-live')

      assert.match(await (await resident.ask(again)).innerText(), new RegExp(answer), 'the question is answered now')
      assert.doesNotMatch(await (await resident.ask(negative)).innerText(), new RegExp(answer), 'a negative question refuses it')

      await curator.go('知识缺口')
      await curator.at.getByRole('link', { name: question }).click()
      await curator.at.getByText('他们会看到').waitFor()
      await curator.shot('curating-tell')
      await curator.at.getByRole('button', { name: /^通知 \d+ 个会话/ }).click()
      await yes(curator, '通知')
      await curator.at
        .getByText(/已通知 1 个会话/)
        .first()
        .waitFor()
      await resident.at.getByText('现在有了答复').first().waitFor()
      await resident.shot('curating-told')
      assert.deepEqual(await curator.at.getByRole('button', { name: /^通知 \d+ 个会话/ }).count(), 0, 'nobody is told twice')
    },
  },
  {
    name: '答错了：从提问记录里改正',
    limit: 240_000,
    async run({ resident, hire, services, size }) {
      const service = services.plain
      const question = { phone: '公租房可以转租吗', desk: '犬只多久打一次疫苗' }[size]
      await resident.open(service.url)
      await resident.ask(question)
      await thumbDown(resident)

      const curator = await hire().open(service.url, '/admin', await service.account(['curator']))
      let clicks = 0
      const click = async (target) => {
        clicks += 1
        await target.click()
      }
      if (size === 'phone') await click(curator.at.getByRole('button', { name: '菜单', exact: true }))
      await click(curator.at.getByRole('navigation', { name: '菜单' }).getByRole('link', { name: '提问记录' }))
      await click(curator.at.getByRole('link', { name: `改正：${question}` }).first())
      const answer = curator.at.getByRole('textbox', { name: /^答案/ })
      await answer.waitFor()
      assert.equal(await curator.at.getByRole('textbox', { name: /^问题/ }).inputValue(), question)
      assert.ok((await answer.inputValue()).length > 10, 'the answer that was given is there to be mended')
      assert.ok(await curator.at.getByRole('button', { name: /^去掉引用/ }).count(), 'and so is what it rests on')
      await curator.shot('curating-correct')
      await answer.fill('这件事请直接问街道便民服务中心的窗口。〔1〕')
      await click(curator.at.getByRole('button', { name: '保存草稿' }))
      await curator.at.getByText('要由另一个人发布').waitFor()
      assert.ok(clicks <= 4, `corrected in ${clicks} clicks`)
      await curator.shot('curating-corrected')

      const reviewer = await hire().open(service.url, '/admin', await service.account(['reviewer']))
      await reviewer.go('固定答复')
      await reviewer.at.getByRole('link', { name: question }).click()
      await reviewer.at.getByRole('button', { name: '发布', exact: true }).click()
      await yes(reviewer, '发布')
      const why = reviewer.at.getByRole('dialog', { name: '这些问题确认没事，仍要发布？' })
      await Promise.race([why.waitFor(), reviewer.at.getByText('正在用').first().waitFor()])
      if (await why.isVisible()) {
        await why.getByLabel('原因').fill('只引需要的一条')
        await why.getByRole('button', { name: '仍要发布' }).click()
      }
      await reviewer.at.getByText('正在用').first().waitFor({ timeout: TRIAL })
      assert.match(await (await resident.ask(question)).innerText(), /街道便民服务中心的窗口/, 'asked again, the correction is said')
      await curator.go('知识缺口')
      await curator.at.getByRole('row', { name: new RegExp(`${question}.*已答复`) }).waitFor()
      await curator.go('提问记录')
      await curator.at.getByRole('combobox', { name: '怎么答的' }).selectOption({ label: '固定答复' })
      await curator.at.getByRole('link', { name: question, exact: true }).first().waitFor()
      await curator.shot('curating-log-fixed')
    },
  },
  {
    name: '一次提问的依据和分数，再测一次',
    async run({ resident, hire, services, size }) {
      const question = { phone: '居住证在哪里办理', desk: '居住证要带什么材料去办' }[size]
      await resident.open(services.plain.url)
      await resident.ask(`我叫张三，电话13812345678。${question}？`)
      const curator = await hire().open(services.plain.url, '/admin', await services.plain.account(['curator']))
      await curator.go('提问记录')
      await curator.at.getByRole('searchbox', { name: '搜索提问记录' }).fill(question)
      const row = curator.at.getByRole('link', { name: new RegExp(question) }).first()
      await row.waitFor()
      assert.equal(
        (await curator.at.getByText('13812345678').count()) + (await curator.at.getByText('张三').count()),
        0,
        'who asked is not shown',
      )
      const download = curator.at.waitForEvent('download')
      await curator.at.getByRole('button', { name: '导出 CSV' }).click()
      const file = await readFile(await (await download).path(), 'utf8')
      assert.match(file.split('\n')[0], /问题,答复,.*AI标识/)
      assert.ok(file.includes(question) && !file.includes('13812345678'), 'the file says no more than the page')

      await row.click()
      await curator.at.getByRole('heading', { level: 1, name: '一次提问' }).waitFor()
      await curator.at.getByText('每条引文都和所引版本一字不差').waitFor()
      await curator.shot('curating-turn')
      await curator.at
        .getByRole('button', { name: /^这段是对的/ })
        .first()
        .click()
      await curator.at.getByText('已记下').waitFor()
      await curator.at.getByRole('button', { name: '现在再测一次' }).click()
      await curator.at.getByRole('heading', { name: '那次提问当时' }).waitFor()
      await curator.at.getByRole('heading', { name: '现在', exact: true }).waitFor()
      await curator.shot('curating-hit-test')
      await curator.at.getByRole('combobox', { name: '谁问' }).selectOption('gridworker')
      await curator.at.getByRole('textbox', { name: /^问题/ }).fill('火星移民的签证怎么报名')
      await curator.at.getByRole('button', { name: '测试', exact: true }).click()
      await curator.at.getByText('如实说没有找到').waitFor()
      // The whole of the list is back with the browser's own button.
      await curator.at.goBack()
      await curator.at.getByRole('heading', { level: 1, name: '一次提问' }).waitFor()
    },
  },
  {
    name: '恶意文字只是文字',
    async run({ resident, hire, services, size }) {
      const bad = `<script>document.title='破坏'</script><img src=x onerror=alert(1)> [点我](javascript:alert(2)) \u202E高龄津贴${size}`
      await resident.open(services.plain.url)
      await resident.ask(bad)
      const curator = await hire().open(services.plain.url, '/admin', await services.plain.account(['curator']))
      const dialogs = []
      curator.at.on('dialog', (d) => (dialogs.push(d.message()), d.dismiss()))
      const harmless = async (where) => {
        assert.equal(
          await curator.at.locator('a[href^="javascript" i], img[onerror]').count(),
          0,
          `${where}: nothing became a link or a picture`,
        )
        assert.doesNotMatch(await curator.at.title(), /破坏/, `${where}: nothing ran`)
        assert.doesNotMatch(await curator.at.locator('main').innerText(), /\u202E/, `${where}: nothing turns the direction`)
      }
      await curator.go('提问记录')
      const row = curator.at.getByRole('link', { name: new RegExp(`U\\+202E.*高龄津贴${size}`) }).first()
      await row.waitFor()
      await harmless('the log')
      await curator.shot('curating-hostile-log')
      await row.click()
      await curator.at.getByText(`<script>document.title='破坏'</script>`).first().waitFor()
      await harmless('the turn')
      await curator.go('固定答复')
      await curator.at.getByRole('button', { name: '写一条' }).click()
      await curator.at.getByRole('textbox', { name: /^问题/ }).fill(bad)
      await curator.at.getByRole('textbox', { name: /^答案/ }).fill(`${bad}<a href="javascript:alert(3)">看这里</a>`)
      await curator.at.getByRole('button', { name: '保存草稿' }).click()
      await curator.at.getByText('要由另一个人发布').waitFor()
      await harmless('the answer')
      await curator.go('固定答复')
      await curator.at
        .getByRole('link', { name: new RegExp(`U\\+202E.*高龄津贴${size}`) })
        .first()
        .waitFor()
      await harmless('the list')
      assert.deepEqual(dialogs, [], 'no script spoke')
    },
  },
]
