// The real service on a free port of this machine with a data folder of its own, which can be killed and started again.
import { execFile, spawn } from 'node:child_process'
import { createWriteStream, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PATIENCE, athome } from './browser.mjs'

async function freePort() {
  const server = createServer()
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  const { port } = server.address()
  await new Promise((go) => server.close(go))
  return port
}

const running = new Set()
/** Ends every service that is left, also those that a journey started for itself. */
export const stopServices = () => Promise.all([...running].map((service) => service.stop()))

/** Starts `gridworker serve --demo`; `settings` are GRIDWORKER__… variables. `log` is a file. */
export async function startService(binary, log, settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'gridworker-e2e-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  athome(url)
  const environment = { PATH: process.env.PATH, GRIDWORKER__STORAGE__DATA_DIR: folder, ...settings }
  let child
  // Whatever ends the run, no service outlives it, and nothing of it stays behind.
  process.once('exit', () => {
    child?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })

  async function start() {
    const out = createWriteStream(log, { flags: 'a' })
    child = spawn(binary, ['serve', '--demo', '--listen', `127.0.0.1:${port}`], {
      env: environment,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.pipe(out)
    child.stderr.pipe(out)
    let ended
    child.once('exit', (code, signal) => (ended = code ?? signal))
    for (let waited = 0; waited < 180_000 * PATIENCE; waited += 100) {
      if (ended !== undefined) throw new Error(`the service ended at start (${ended}), see ${log}`)
      const ready = await fetch(`${url}/health/ready`).catch(() => undefined)
      if (ready?.ok) return
      await new Promise((go) => setTimeout(go, 100))
    }
    throw new Error(`the service was not ready within three minutes, see ${log}`)
  }
  async function end(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((go) => child.once('exit', go))
    child.kill(signal)
    await gone
  }

  /** An operator at the console: `gridworker …`; what it printed. */
  async function console(...words) {
    const { stdout } = await promisify(execFile)(binary, words, { env: environment, cwd: folder })
    return stdout
  }
  let accounts = 0

  await start()
  const service = {
    url,
    console,
    /** An account as the operator hands it over, its first password already changed: `{ name, password }`. */
    async account(roles, scope = []) {
      const name = `${roles[0]}-${(accounts += 1)}`
      const said = await console('user', 'add', name, ...roles.flatMap((r) => ['--role', r]), ...scope)
      const first = /一次性密码[^：:]*[：:]\s*(\S+)/.exec(said)?.[1]
      if (!first) throw new Error(`no one-time password in: ${said}`)
      const password = `正确 马 电池 第${accounts}枚 订书钉`
      const send = (path, body, cookie) =>
        fetch(`${url}/api/v1/auth/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
          body: JSON.stringify(body),
        })
      const signedIn = await send('sign-in', { name, password: first })
      const cookie = signedIn.headers.get('set-cookie')?.split(';')[0]
      const changed = await send('password', { current: first, new: password }, cookie)
      if (!changed.ok) throw new Error(`the first password of ${name} was not changed: ${changed.status} ${await changed.text()}`)
      return { name, password }
    },
    /** kill -9: no farewell, nothing flushed. */
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      running.delete(service)
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
  running.add(service)
  return service
}
