// A stand-in transcriber: an endpoint of the OpenAI shape that hears what the journey says that it hears.
import { createServer } from 'node:http'

export async function startEars() {
  const state = { words: '', fails: 0, hold: undefined, heard: [] }
  const server = createServer((req, res) => {
    const pieces = []
    req.on('data', (piece) => pieces.push(piece))
    req.on('end', async () => {
      const body = Buffer.concat(pieces)
      if (!req.url.endsWith('/audio/transcriptions')) return void res.writeHead(404).end()
      state.heard.push({ bytes: body.length, head: body.toString('latin1').slice(0, 900) })
      await state.hold
      if (state.fails > 0) {
        state.fails -= 1
        return void res.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"busy"}}')
      }
      res.writeHead(200, { 'content-type': 'application/json' })
      res.end(JSON.stringify({ text: state.words }))
    })
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  let turn = Promise.resolve()
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    /** Two screens speak one after the other: what it hears is said beforehand, for whoever speaks next. */
    alone(work) {
      const mine = turn.then(work)
      turn = mine.catch(() => undefined)
      return mine
    },
    /** What it hears next. */
    hears: (words) => (state.words = words),
    /** So many requests fail. */
    fails: (times) => (state.fails = times),
    heard: () => state.heard,
    stop: () => (server.closeAllConnections(), new Promise((go) => server.close(go))),
  }
}
