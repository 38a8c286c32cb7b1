// A slow model for the journeys: an OpenAI-compatible endpoint that streams a few characters at a time and can be held
// in the middle of a sentence, so that a test decides when the rest comes.
import { createServer } from 'node:http'

/** What the model says; the figure in the last sentence stands in no passage and must not be shown. */
export const WORDS =
  '可以申请高龄津贴，先到户口所在地的街道便民服务中心民政窗口或者社区登记。\n\n带上老人的身份证、户口簿和本人的银行卡。走不动的老人，家人可以代办，也可以请社区和网格员上门帮忙。\n\n具体发多少由市里和区里确定，请向民政窗口问清楚。'
export const INVENTED = '高龄津贴每月发3456元，请到街道便民服务中心民政窗口申请。'

export async function startModel() {
  const state = { words: WORDS, hold: Infinity, pace: 25, waiting: [], requests: 0 }
  const sleep = (ms) => new Promise((go) => setTimeout(go, ms))

  async function stream(res, words) {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const chunk = (delta, finish = null) =>
      res.write(
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'slow', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
      )
    const pieces = words.match(/[^]{1,3}/gu) ?? []
    let said = 0
    for (const piece of pieces) {
      if (said >= state.hold) await new Promise((go) => state.waiting.push(go))
      if (res.destroyed) return
      chunk({ content: piece })
      said += [...piece].length
      await sleep(state.pace)
    }
    chunk({}, 'stop')
    res.end('data: [DONE]\n\n')
  }

  const server = createServer((req, res) => {
    let raw = ''
    req.on('data', (d) => (raw += d))
    req.on('end', () => {
      const body = JSON.parse(raw || '{}')
      if (!req.url.endsWith('/chat/completions')) return void res.writeHead(404).end()
      state.requests += 1
      if (body.stream) return void stream(res, state.words)
      // Forms are left to the rules; a question to be rewritten stays as it is.
      const last = body.messages?.at(-1)?.content ?? ''
      const content = body.response_format ? '{}' : typeof last === 'string' ? last : ''
      res.writeHead(200, { 'content-type': 'application/json' })
      res.end(
        JSON.stringify({
          id: 'c',
          object: 'chat.completion',
          created: 0,
          model: 'slow',
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        }),
      )
    })
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    /** What the next answers are. */
    say: (words) => (state.words = words),
    /** Milliseconds between pieces. */
    pace: (ms) => (state.pace = ms),
    /** Stops every answer after so many characters, until `release`. */
    holdAfter: (characters) => (state.hold = characters),
    release() {
      state.hold = Infinity
      for (const go of state.waiting.splice(0)) go()
    },
    requests: () => state.requests,
    stop: () => (server.closeAllConnections(), new Promise((go) => server.close(go))),
  }
}
