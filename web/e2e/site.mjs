// Somebody else's site under a strict policy of its own, which puts our window on its page.
import { createServer } from 'node:http'
import { athome } from './browser.mjs'

/** `service` is the origin that the widget comes from. */
export async function startSite(service) {
  const page = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>街道网站</title></head>
<body><main><h1>街道网站</h1><p>通知公告</p></main><script src="${service}/widget.js" data-title="问问网格员" async></script></body></html>`
  const server = createServer((_req, res) => {
    res.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src ${service}; frame-src ${service}; style-src 'none'; img-src 'none'; connect-src 'none'`,
    })
    res.end(page)
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  athome(`http://localhost:${server.address().port}`)
  return {
    // Another host name, so that it is another site for the browser and not only another origin.
    url: `http://localhost:${server.address().port}/`,
    stop: () => (server.closeAllConnections(), new Promise((go) => server.close(go))),
  }
}
