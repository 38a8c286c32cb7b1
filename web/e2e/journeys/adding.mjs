// What comes to a matter beside words: answers by tapping, a voice, a photo that comes later; and a report that is taken back.
import assert from 'node:assert/strict'

const PLACES = { phone: { tap: '凤鸣花园5栋', more: '凤栖雅居3栋' }, desk: { tap: '银杏苑3栋', more: '银杏苑5栋' } }

/** One second of silence as WAV: 8 kHz, 16 bits. */
function silence() {
  const out = Buffer.alloc(44 + 16_000)
  out.write('RIFF')
  out.write('WAVEfmt ', 8)
  out.write('data', 36)
  for (const [at, value] of [
    [4, out.length - 8],
    [16, 16],
    [24, 8000],
    [28, 16_000],
    [40, 16_000],
  ])
    out.writeUInt32LE(value, at)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ])
    out.writeUInt16LE(value, at)
  return out
}

const photo = async (page) => ({ name: 'IMG_2.png', mimeType: 'image/png', buffer: await page.screenshot() })

export const journeys = [
  {
    name: '点选项回答',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      await resident.ask(`${PLACES[size].tap}门口的大树倒了，我要上报`)
      const options = resident.draft().getByRole('group', { name: '有没有压到人、车、电线？' })
      await options.waitFor()
      await options.getByRole('button', { name: '压到车' }).click()
      await options.getByRole('button', { name: '挡了路' }).click()
      await resident.shot('85-several-answers')
      await options.getByRole('button', { name: '选好了（2个）' }).click()
      await resident
        .draft()
        .getByRole('button', { name: /^修改有没有压到人、车、电线？：压到车、挡了路/ })
        .waitFor()
      await resident.shot('86-answered')
    },
  },
  {
    name: '发录音、补照片、撤回',
    async run({ resident, services, size }) {
      await resident.open(services.plain.url)
      const page = resident.window
      // A service that does not let its page play what it fetched: the console says so, the page offers to save it.
      const playable = /media-src[^;]*blob:/.test((await fetch(`${services.plain.url}/chat`)).headers.get('content-security-policy') ?? '')
      await page.getByLabel('声音文件').setInputFiles({ name: '录音.wav', mimeType: 'audio/wav', buffer: silence() })
      await page
        .getByRole('list', { name: /^待发送/ })
        .getByText('语音1')
        .waitFor()
      await page.getByRole('img', { name: '上传中' }).waitFor({ state: 'detached' })
      await resident.shot('90-voice-waiting')
      await resident.ask(`${PLACES[size].more}的路灯坏了，天黑看不见路`)
      await resident
        .own()
        .last()
        .getByText(/语音 · 1秒/)
        .waitFor()
      if (playable) await page.waitForFunction(() => [...document.querySelectorAll('audio')].some((a) => a.readyState > 0))
      else await resident.own().last().getByRole('link', { name: '保存后再打开' }).waitFor()
      await resident.shot('91-voice-sent')

      await resident.draft().getByRole('button', { name: '确认提交' }).click()
      await resident.number()
      const receipt = resident.receipts().last()
      await receipt.getByRole('button', { name: '补充照片' }).click()
      await resident
        .sheet()
        .getByLabel('相册文件')
        .setInputFiles(await photo(page))
      await resident.sheet().getByLabel('补充说明').fill('晚上拍的')
      await resident.sheet().getByRole('img', { name: '上传中' }).waitFor({ state: 'detached' })
      await resident.shot('92-supplement')
      await resident.sheet().getByRole('button', { name: '补充', exact: true }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      await receipt.getByText('您补充了 1 件材料').waitFor()
      await receipt.getByRole('button', { name: '查看照片' }).waitFor()
      await resident.shot('93-supplemented')
      await page.reload()
      await receipt.getByText('晚上拍的').waitFor()
      await receipt.getByRole('button', { name: '查看照片' }).waitFor()

      await receipt.getByRole('button', { name: '撤回' }).click()
      await resident.sheet().getByRole('button', { name: '不撤回' }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      await receipt.getByRole('button', { name: '撤回' }).click()
      await resident.sheet().waitFor()
      await resident.shot('94-withdraw')
      await resident.sheet().getByRole('button', { name: '撤回', exact: true }).click()
      await resident.sheet().waitFor({ state: 'detached' })
      await receipt.getByText('已经撤回，不再办理').waitFor()
      assert.equal(await receipt.getByRole('button', { name: '补充照片' }).count(), 0, 'nothing is added to what was taken back')
      await resident.shot('95-withdrawn')
      if (!playable) resident.problems = resident.problems.filter((p) => !/Content Security Policy/.test(p))
    },
  },
]
