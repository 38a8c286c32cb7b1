// Weighs what a resident downloads before the first message, and refuses to grow beyond the limit.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT = 60 * 1024
const dist = new URL('../dist/', import.meta.url)
const weight = (path) => gzipSync(readFileSync(new URL(path, dist)), { level: 9 }).length
const assets = (page) => {
  const html = readFileSync(new URL(page, dist), 'utf8')
  if (/<script(?![^>]*\ssrc=)[^>]*>/.test(html)) throw new Error(`${page} holds an inline script`)
  return [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1])
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
console.log(`${String(weight('widget.js')).padStart(8)}  widget.js, gzip`)
if (over) {
  console.error(`chat.html loads more than ${LIMIT} bytes (gzip)`)
  process.exit(1)
}
