// Weighs what a resident downloads before the first message, and refuses to grow beyond the limit.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT = 60 * 1024
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

let over = false
for (const page of ['index.html', 'chat.html']) {
  let sum = 0
  for (const path of assets(page)) {
    const bytes = weight(path)
    sum += bytes
    console.log(`${String(bytes).padStart(8)}  ${path}`)
  }
  console.log(`${String(sum).padStart(8)}  ${page}: JS + CSS, gzip`)
  if (page === 'chat.html' && sum > LIMIT) over = true
}
const early = new Set(['index.html', 'chat.html'].flatMap(assets))
for (const name of readdirSync(new URL('assets/', dist))) {
  const path = `assets/${name}`
  if (name.endsWith('.js') && !early.has(path)) console.log(`${String(weight(path)).padStart(8)}  ${path}, only when it is opened`)
}
console.log(`${String(weight('widget.js')).padStart(8)}  widget.js, gzip`)
if (over) {
  console.error(`chat.html loads more than ${LIMIT} bytes (gzip)`)
  process.exit(1)
}
