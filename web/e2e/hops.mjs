// What may stand between a resident and the service: nginx as shipped, nginx as Debian brings it, and hops that eat streams.
import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Each hop has a listener that ends it with the run.
process.setMaxListeners(Math.max(process.getMaxListeners(), 60))

export const haveNginx = () => spawnSync('nginx', ['-v']).error === undefined

async function freePort() {
  const server = createServer()
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  const { port } = server.address()
  await new Promise((go) => server.close(go))
  return port
}

/** As it comes: buffering on, HTTP/1.0 behind it, nothing tuned. `more` are lines of its one location. */
const plain = (more) => `pid FOLDER/pid; error_log FOLDER/error.log crit; events {}
http { client_body_temp_path FOLDER/1; proxy_temp_path FOLDER/2; fastcgi_temp_path FOLDER/3; uwsgi_temp_path FOLDER/4; scgi_temp_path FOLDER/5; access_log off;
  server { listen 127.0.0.1:PORT; client_max_body_size 60m; location / { proxy_pass http://UPSTREAM; proxy_set_header Host $http_host; ${more} } } }`

/** nginx before `upstream` (`127.0.0.1:port`): `kind` is `shipped` (deploy/nginx.conf), `debian`, or `eater`, which keeps a stream until its end. */
export async function startNginx(kind, upstream) {
  const folder = await mkdtemp(join(tmpdir(), 'gridworker-hop-'))
  // Started by root it works as another user.
  await chmod(folder, 0o711)
  const port = await freePort()
  let conf
  if (kind === 'shipped') {
    await mkdir(join(folder, 'server.d'))
    conf = await readFile(new URL('../../deploy/nginx.conf', import.meta.url), 'utf8')
    for (const [old, now] of [
      ['gridworker:8080', upstream],
      ['listen 8080 ', `listen 127.0.0.1:${port} `],
      ['listen 127.0.0.1:8081;', `listen 127.0.0.1:${await freePort()};`],
      ['/etc/nginx/server.d', join(folder, 'server.d')],
      ['/dev/stdout', join(folder, 'access.log')],
      ['error_log stderr', `error_log ${join(folder, 'error.log')}`],
      ['/tmp/nginx', join(folder, 'nginx')],
    ]) {
      if (!conf.includes(old)) throw new Error(`“${old}” is no longer in deploy/nginx.conf`)
      conf = conf.replaceAll(old, now)
    }
  } else {
    conf = plain(kind === 'eater' ? 'proxy_ignore_headers X-Accel-Buffering;' : '')
    conf = conf.replaceAll('FOLDER', folder).replaceAll('PORT', String(port)).replaceAll('UPSTREAM', upstream)
  }
  await writeFile(join(folder, 'nginx.conf'), conf)
  const child = spawn('nginx', ['-e', join(folder, 'start.log'), '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], {
    stdio: 'ignore',
  })
  process.once('exit', () => child.kill('SIGKILL'))
  for (let waited = 0; ; waited += 50) {
    const up = await new Promise((answer) => connect(port, '127.0.0.1', () => answer(true)).on('error', () => answer(false)))
    if (up) break
    if (waited > 10_000 || child.exitCode !== null)
      throw new Error(`nginx (${kind}) did not start: ${await readFile(join(folder, 'start.log'), 'utf8').catch(() => '')}`)
    await new Promise((go) => setTimeout(go, 50))
  }
  return {
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const gone = new Promise((go) => child.once('exit', go))
      child.kill('SIGTERM')
      await Promise.race([gone, new Promise((go) => setTimeout(go, 3000))])
      child.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A hop that cuts every event stream after so many bytes of it; everything else passes. */
export async function startCutter(upstream, bytes) {
  const [hostname, port] = upstream.split(':')
  const cuts = []
  const server = createServer((req, res) => {
    const on = request({ hostname, port, path: req.url, method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.headers)
      if (!String(answer.headers['content-type']).startsWith('text/event-stream')) return void answer.pipe(res)
      let left = bytes
      // What was passed on arrives; the end of the body does not.
      const cut = () => (on.destroy(), res.socket?.end())
      res.flushHeaders()
      if (left === 0) {
        cuts.push(req.url)
        return void cut()
      }
      answer.on('data', (piece) => {
        if (left === 0) return
        const part = piece.subarray(0, left)
        left -= part.length
        res.write(part, () => {
          if (left > 0 || res.destroyed) return
          cuts.push(req.url)
          cut()
        })
      })
      answer.on('end', () => left > 0 && res.end())
      answer.on('error', () => left > 0 && res.destroy())
    })
    on.on('error', () => res.destroy())
    res.on('close', () => on.destroy())
    req.pipe(on)
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cuts,
    stop: () => (server.closeAllConnections(), new Promise((go) => server.close(go))),
  }
}
