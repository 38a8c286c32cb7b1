// A host as another authority would run it: its own site under a strict policy, with our window on its page, and a server
// that signs for whoever has signed in there. The signing is all of `sign`: Node's own crypto, nothing to install.
import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

/** A token for one conversation in `channel`; `visitor` is an opaque id of the host's own, never a name or a number of a person. */
export function sign(secret, channel, { visitor, seconds = 120, now = Date.now(), jti = randomUUID() } = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const at = Math.floor(now / 1000)
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ channel, iat: at, exp: at + seconds, jti, ...(visitor ? { visitor } : {}) })}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

/**
 * `service` is the origin that the widget comes from. `attributes` of the tag, `token()` what the site's server signs (undefined: it
 * refuses), `script` a file of the page's own (served from `/own.js`, as its policy demands).
 */
export async function startHost({ service, attributes = {}, token = () => undefined, script = '', name = 'localhost' }) {
  const tag = Object.entries({ 'data-title': '问问网格员', ...attributes })
    .map(([k, v]) => ` ${k}="${v}"`)
    .join('')
  const page = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>区门户网站</title></head>
<body><header><h1>区门户网站</h1></header><main><p>通知公告</p><p><a href="#more">更多公告</a></p></main>${script ? '<script src="/own.js"></script>' : ''}<script src="${service}/widget.js"${tag} async></script></body></html>`
  const asked = []
  const server = createServer((req, res) => {
    const path = new URL(req.url, 'http://host').pathname
    if (path === '/sign') {
      asked.push(req.method)
      const signed = req.method === 'POST' ? token() : undefined
      res.writeHead(signed === undefined ? 403 : 200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      return void res.end(JSON.stringify(signed === undefined ? {} : { token: signed }))
    }
    if (path === '/own.js') {
      res.writeHead(200, { 'content-type': 'text/javascript' })
      return void res.end(script)
    }
    res.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src 'self' ${service}; frame-src ${service}; style-src 'none'; img-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`,
    })
    res.end(page)
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  return {
    // `localhost` is another site than the service's for the browser, not only another origin: some keep nothing for its frames.
    origin: `http://${name}:${server.address().port}`,
    url: `http://${name}:${server.address().port}/page`,
    asked,
    stop: () => (server.closeAllConnections(), new Promise((go) => server.close(go))),
  }
}
