// Makes of the gridworker's face something that can be installed: icons, manifest, and the service worker that knows the files of
// this build.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import type { Plugin, Rolldown } from 'vite'

const GREEN = [7, 128, 63]
const WHITE = [255, 255, 255]

/** The house of `public/icon.svg` (a square of 48), asked for one point. */
function colour(x: number, y: number): number[] {
  const roof = y >= 9 && y <= 22 && Math.abs(x - 24) <= ((y - 9) / 13) * 16
  const walls = y >= 22 && y <= 38 && x >= 12 && x <= 36 && !(y >= 28 && x >= 21 && x <= 27)
  return roof || walls ? WHITE : GREEN
}

/** A square PNG of the icon, in true colour; `maskable` leaves the edge that a launcher cuts away. */
export function png(size: number, maskable: boolean): Buffer {
  const zoom = maskable ? 1.25 : 1
  const rows = Buffer.alloc(size * (size * 3 + 1))
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      // Four points of each pixel: slanted lines are smooth.
      const sum = [0, 0, 0]
      for (const [dx, dy] of [
        [0.25, 0.25],
        [0.75, 0.25],
        [0.25, 0.75],
        [0.75, 0.75],
      ] as const) {
        const at = (n: number) => ((n / size) * 48 - 24) * zoom + 24
        colour(at(column + dx), at(row + dy)).forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value / 4))
      }
      sum.forEach((value, i) => (rows[row * (size * 3 + 1) + 1 + column * 3 + i] = Math.round(value)))
    }
  }
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(12 + data.length)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), 8 + data.length)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function crc32(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

const ICONS = [
  { file: 'assets/worker-180.png', size: 180, maskable: true },
  { file: 'assets/worker-192.png', size: 192, maskable: false },
  { file: 'assets/worker-512.png', size: 512, maskable: false },
  { file: 'assets/worker-512-maskable.png', size: 512, maskable: true },
]

/** All files that the page at `entry` can ever load. */
function filesOf(bundle: Rolldown.OutputBundle, entry: string): string[] {
  const files = new Set<string>()
  const walk = (name: string) => {
    const part = bundle[name]
    if (files.has(name) || !part) return
    files.add(name)
    if (part.type !== 'chunk') return
    part.viteMetadata?.importedCss.forEach((css) => files.add(css))
    part.viteMetadata?.importedAssets.forEach((asset) => files.add(asset))
    for (const next of [...part.imports, ...part.dynamicImports]) walk(next)
  }
  for (const part of Object.values(bundle))
    if (part.type === 'chunk' && part.isEntry && part.facadeModuleId?.endsWith(entry)) walk(part.fileName)
  return [...files].sort()
}

export const installable = (): Plugin => ({
  name: 'installable',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const { file, size, maskable } of ICONS) this.emitFile({ type: 'asset', fileName: file, source: png(size, maskable) })
      const manifest = {
        id: '/worker',
        name: '虚拟数字网格员 · 网格员',
        short_name: '网格员',
        description: '问规程、报事件、办工单、走访台账',
        lang: 'zh-CN',
        start_url: '/worker',
        scope: '/worker',
        display: 'standalone',
        orientation: 'portrait',
        theme_color: '#07803f',
        background_color: '#f4f5f4',
        icons: [
          { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
          ...ICONS.filter((i) => i.size > 180).map((i) => ({
            src: `/${i.file}`,
            sizes: `${i.size}x${i.size}`,
            type: 'image/png',
            purpose: i.maskable ? 'maskable' : 'any',
          })),
        ],
        shortcuts: [
          { name: '报事件', url: '/worker/report' },
          { name: '工单', url: '/worker/tickets' },
        ],
      }
      const text = JSON.stringify(manifest, null, 2)
      this.emitFile({ type: 'asset', fileName: 'worker/app.webmanifest', source: text })
      const files = filesOf(bundle, 'worker.html').map((f) => `/${f}`)
      const shell = [...files, '/icon.svg', '/assets/worker-192.png', '/worker/app.webmanifest']
      const page = bundle['worker.html']
      const version = createHash('sha256')
      for (const part of [shell.join('\n'), text, page?.type === 'asset' ? String(page.source) : '']) version.update(part)
      const source = readFileSync(new URL('src/worker/sw.js', import.meta.url), 'utf8')
      const made = source.replace('__SHELL__', JSON.stringify(shell)).replace('__VERSION__', version.digest('hex').slice(0, 16))
      this.emitFile({ type: 'asset', fileName: 'worker/sw.js', source: made })
    },
  },
})
