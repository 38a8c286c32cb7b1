// The real service on a free port of this machine with a data folder of its own, which can be killed and started again.
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

async function freePort() {
  const server = createServer()
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  const { port } = server.address()
  await new Promise((go) => server.close(go))
  return port
}

/** Starts `gridworker serve --demo`; `settings` are GRIDWORKER__… variables. `log` is a file. */
export async function startService(binary, log, settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'gridworker-e2e-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let child

  async function start() {
    const out = createWriteStream(log, { flags: 'a' })
    child = spawn(binary, ['serve', '--demo', '--listen', `127.0.0.1:${port}`], {
      env: { PATH: process.env.PATH, GRIDWORKER__STORAGE__DATA_DIR: folder, ...settings },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.pipe(out)
    child.stderr.pipe(out)
    let ended
    child.once('exit', (code, signal) => (ended = code ?? signal))
    for (let waited = 0; waited < 60_000; waited += 100) {
      if (ended !== undefined) throw new Error(`the service ended at start (${ended}), see ${log}`)
      const ready = await fetch(`${url}/health/ready`).catch(() => undefined)
      if (ready?.ok) return
      await new Promise((go) => setTimeout(go, 100))
    }
    throw new Error(`the service was not ready within a minute, see ${log}`)
  }
  async function end(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((go) => child.once('exit', go))
    child.kill(signal)
    await gone
  }

  await start()
  return {
    url,
    /** kill -9: no farewell, nothing flushed. */
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
