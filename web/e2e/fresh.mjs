// While the pages are worked on (FRESH_DIST=1): the service behind a proxy that answers pages from web/dist, so that a change of a
// page, or of its service worker, needs no build of the binary.
import { existsSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { athome } from './browser.mjs'

const DIST = new URL('../dist/', import.meta.url)
const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webmanifest: 'application/manifest+json',
}

/** The file that answers a path; none for the service's own calls. */
function fileOf(path) {
  if (path === '/') return 'index.html'
  if (path === '/worker/sw.js' || path === '/worker/app.webmanifest') return path.slice(1)
  const face = /^\/(chat|worker|admin)(\/|$)/.exec(path)
  if (face) return `${face[1]}.html`
  return /^\/(assets\/|widget\.js$|icon\.svg$)/.test(path) ? path.slice(1) : undefined
}

/** The address of a service whose pages come from web/dist. */
export async function fresh(url) {
  const behind = new URL(url)
  const server = createServer((req, res) => {
    const name = req.method === 'GET' ? fileOf(new URL(req.url, url).pathname) : undefined
    const file = name && new URL(name, DIST)
    const served = file && existsSync(file)
    const call = request(
      {
        host: behind.hostname,
        port: behind.port,
        path: req.url,
        method: req.method,
        headers: { ...req.headers, ...(served ? { 'if-none-match': '', 'accept-encoding': 'identity' } : {}) },
      },
      (answer) => {
        if (!served) {
          res.writeHead(answer.statusCode, answer.headers)
          answer.pipe(res)
          return
        }
        // The service's own policy holds for the fresh page, too.
        const { 'content-length': _length, etag: _tag, 'transfer-encoding': _coding, ...headers } = answer.headers
        answer.resume()
        res.writeHead(200, {
          ...headers,
          'cache-control': 'no-cache',
          'content-type': TYPES[name.split('.').pop()] ?? 'application/octet-stream',
          ...(name.endsWith('sw.js') ? { 'service-worker-allowed': '/worker' } : {}),
        })
        res.end(readFileSync(file))
      },
    )
    // A service that is killed on purpose, a page that is left: both ends go.
    call.on('error', () => res.destroy())
    res.on('close', () => call.destroy())
    req.pipe(call)
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  server.unref()
  const address = `http://127.0.0.1:${server.address().port}`
  athome(address)
  return address
}
