// Weighs what each face downloads before its first view, and refuses to grow beyond the limits.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

/** Bytes (gzip) of scripts and styles before the first message of a resident and the first view of the desk. */
const LIMITS = { 'chat.html': 55 * 1024, 'worker.html': 100 * 1024, 'admin.html': 350 * 1024 }
const dist = new URL('../dist/', import.meta.url)
const weight = (path) => gzipSync(readFileSync(new URL(path, dist)), { level: 9 }).length
const assets = (page) => {
  const html = readFileSync(new URL(page, dist), 'utf8')
  if (/<script(?![^>]*\ssrc=)[^>]*>/.test(html)) throw new Error(`${page} holds an inline script`)
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1])
  // What a script needs before it runs comes with it.
  for (const path of named) {
    if (!path.endsWith('.js')) continue
    for (const found of readFileSync(new URL(path, dist), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
      if (!named.includes(`assets/${found[1]}`)) named.push(`assets/${found[1]}`)
    }
  }
  return named
}

const PAGES = ['index.html', 'chat.html', 'worker.html', 'admin.html']
const over = []
for (const page of PAGES) {
  let sum = 0
  for (const path of assets(page)) {
    const bytes = weight(path)
    sum += bytes
    console.log(`${String(bytes).padStart(8)}  ${path}`)
  }
  console.log(`${String(sum).padStart(8)}  ${page}: JS + CSS, gzip`)
  if (sum > LIMITS[page]) over.push(`${page} loads more than ${LIMITS[page]} bytes (gzip)`)
}
const early = new Set(PAGES.flatMap(assets))
for (const name of readdirSync(new URL('assets/', dist))) {
  const path = `assets/${name}`
  if (name.endsWith('.js') && !early.has(path)) console.log(`${String(weight(path)).padStart(8)}  ${path}, only when it is opened`)
}
console.log(`${String(weight('widget.js')).padStart(8)}  widget.js, gzip`)
if (over.length > 0) {
  console.error(over.join('\n'))
  process.exit(1)
}
