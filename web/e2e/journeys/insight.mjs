// Figures about use and results, and their exports.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

// Each screen reports at places of its own.
const PLACES = { phone: '铂金云鼎小区3栋', desk: '古渡春色小区2栋' }

async function talk(resident, url, size) {
  await resident.open(url)
  await resident.ask('高龄津贴怎么申请')
  await resident.ask('火星移民的签证怎么报名')
  await resident.ask(`${PLACES[size]}的路灯坏了，天黑看不见路`)
  await resident.draft().getByRole('button', { name: '确认提交' }).click()
  return resident.number()
}

/** The rows that a table says it has. */
async function counted(page) {
  const words = await page.locator('.data-table-count').first().innerText()
  return Number(/共 (\d+) 条/.exec(words)?.[1])
}

async function saved(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button, exact: true }).first().click()])
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

export const journeys = [
  {
    name: '总览、统计、清单、导出',
    async run({ resident, hire, services, size }) {
      const { url } = services.plain
      const number = await talk(resident, url, size)
      const centre = await hire().open(url, '/admin', await services.plain.account(['dispatcher']))
      const page = centre.at
      await page.getByRole('heading', { level: 1, name: '总览' }).waitFor()
      await page.getByText('近30天').first().waitFor()
      await centre.shot('insight-overview')

      await centre.go('运行统计')
      const cards = page.getByRole('list', { name: '主要指标' })
      await cards.waitFor()
      await page
        .getByRole('img', { name: /^每日数量图：提问\d+/ })
        .locator('canvas')
        .waitFor()
      await centre.shot('insight-figures')
      // The number and its list are the same.
      const link = cards.getByRole('link', { name: /^工单：\d+件的清单/ })
      const said = Number(/：(\d+)件/.exec(await link.getAttribute('aria-label'))[1])
      assert.ok(said >= 1)
      await link.click()
      await page.getByRole('heading', { level: 1, name: '工单' }).waitFor()
      await page.locator('.data-table-count', { hasText: '共' }).waitFor()
      assert.equal(await counted(page), said, 'the list has as many rows as the number said')
      await page.getByRole('searchbox').fill(number)
      await page.getByRole('cell', { name: number }).waitFor()
      assert.equal(await page.getByRole('cell', { name: number }).count(), 1)
      await centre.shot('insight-rows')
      await page.goBack()
      await cards.waitFor()

      // Questions without an answer: their words are for curators, and only when enough people asked.
      const unanswered = cards.getByRole('link', { name: /^未答率：\d+件的清单/ })
      await unanswered.click()
      await page.getByRole('heading', { level: 1, name: '未答率' }).waitFor()
      await page.getByText('需要“查看提问记录”的权限').waitFor()
      await page.getByRole('link', { name: '回到运行统计' }).click()

      const workbook = await saved(page, '导出 Excel')
      assert.match(workbook.name, /^figures-\d{4}-\d{2}-\d{2}-\d{4}-\d{2}-\d{2}\.xlsx$/)
      assert.equal(workbook.bytes.subarray(0, 2).toString(), 'PK')
      const csv = await saved(page, '导出 CSV')
      assert.ok(csv.bytes.toString('utf8').startsWith('\uFEFF分组,指标,本期'))

      // Divided, each part with its list.
      await page.getByLabel('怎么分').selectOption({ label: '工单 · 按类别' })
      const cut = page.getByRole('region', { name: '工单 · 按类别', exact: true })
      await cut.getByRole('cell', { name: /路灯/ }).first().waitFor()
      await cut.scrollIntoViewIfNeeded()
      await page.locator('.t-message').first().waitFor({ state: 'detached' })
      await centre.shot('insight-parts')

      // A day in which nothing happened.
      await page.getByLabel('从', { exact: true }).fill('2026-01-05')
      await page.getByLabel('到', { exact: true }).fill('2026-01-05')
      await page.getByText('还没有提问，也没有工单').waitFor()
      assert.match(page.url(), /from=2026-01-05.*until=2026-01-05|until=2026-01-05.*from=2026-01-05/, 'the days stand in the address')
      await centre.shot('insight-empty')

      // On paper there is the page, and not the desk around it.
      await page.getByRole('button', { name: '近7天' }).click()
      await page.getByRole('heading', { name: '每日数量' }).waitFor()
      await page.emulateMedia({ media: 'print' })
      assert.ok(await page.getByRole('navigation', { name: '菜单' }).isHidden())
      assert.ok(await page.getByRole('button', { name: '打印' }).isHidden())
      await page.getByText('按时受理的比例').first().waitFor()
      await centre.shot('insight-paper')
      await page.emulateMedia({ media: null })
    },
  },
  {
    name: '三级五星',
    async run({ hire, services }) {
      const auditor = await hire().open(services.plain.url, '/admin', await services.plain.account(['auditor']))
      const page = auditor.at
      await auditor.go('三级五星')
      await page.getByText('没有数据就没有星').waitFor()
      const table = page.getByRole('region', { name: '三级五星', exact: true })
      await table.getByRole('cell', { name: '街道' }).first().waitFor()
      await table.getByText('没有数据').first().waitFor()
      await auditor.shot('insight-stars')
      const file = await saved(page, '带依据导出 Excel')
      assert.match(file.name, /^stars-.*\.xlsx$/)
      await page
        .getByRole('textbox', { name: '搜索三级五星' })
        .or(page.getByRole('searchbox', { name: '搜索三级五星' }))
        .first()
        .fill('网格')
      await table.getByRole('cell', { name: '网格', exact: true }).first().waitFor()
    },
  },
  {
    name: '各人的总览',
    async run({ hire, services }) {
      const curator = await hire().open(services.plain.url, '/admin', await services.plain.account(['curator', 'reviewer']))
      await curator.at.getByRole('heading', { level: 1, name: '总览' }).waitFor()
      await curator.at.getByText(/等我处理/).waitFor()
      await curator.at.getByRole('main').getByText('知识缺口').first().waitFor()
      assert.equal(await curator.at.getByText('超时工单').count(), 0, "what is nobody's business here is not shown")
      await curator.shot('insight-overview-curator')
      const worker = await hire().open(services.plain.url, '/admin', await services.plain.account(['gridworker']))
      await worker.at.getByRole('heading', { level: 1, name: '总览' }).waitFor()
      await worker.at
        .getByText(/超时工单/)
        .first()
        .waitFor()
      assert.equal(await worker.at.getByRole('link', { name: '运行统计' }).count(), 0)
      await worker.shot('insight-overview-gridworker')
    },
  },
  {
    name: '管理台第一页的重量',
    async run({ services, size, hire }) {
      if (size !== 'desk') return
      const account = await services.plain.account(['administrator'])
      const somebody = hire()
      const loaded = new Map()
      const page = await somebody.page('about:blank')
      page.on('response', (response) => {
        if (/\.(js|css)$/.test(new URL(response.url()).pathname))
          loaded.set(
            response.url(),
            response.body().catch(() => Buffer.alloc(0)),
          )
      })
      somebody.at = page
      await page.goto(`${services.plain.url}/admin`)
      await somebody.signIn(account)
      await page.getByRole('heading', { level: 1, name: '总览' }).waitFor()
      await page.getByText('近30天').first().waitFor()
      const sizes = await Promise.all([...loaded.values()].map(async (body) => gzipSync(await body, { level: 9 }).length))
      const sum = sizes.reduce((a, b) => a + b, 0)
      const words = [...loaded.keys()].map((url, at) => `${sizes[at]} ${new URL(url).pathname}`).join('\n')
      console.log(`     the desk's first page: ${sum} bytes (gzip) in ${loaded.size} files`)
      assert.ok(sum <= 350 * 1024, `the desk's first page loads more than 350 KB:\n${words}`)
      assert.ok(![...loaded.keys()].some((url) => /Chart/.test(url)), 'charts are loaded on their own pages only')
    },
  },
]
