// Keeps the gridworker's shell on the device, whole and of one version; what the service knows is never kept here.
// vite.worker.ts puts in what belongs to this version.
const SHELL = __SHELL__
const NAME = 'gridworker-shell-__VERSION__'
const PAGE = '/worker'

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(NAME)
      // Past the browser's own memory: the page of an older version must not come with the scripts of this one.
      await cache.addAll([PAGE, ...SHELL].map((url) => new Request(url, { cache: 'reload' })))
    })(),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith('gridworker-shell-') && name !== NAME) await caches.delete(name)
      await self.clients.claim()
    })(),
  )
})

// The new version waits until somebody says so: a form that is being filled in is not torn down.
self.addEventListener('message', (event) => {
  if (event.data === 'take over') void self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  const page = request.mode === 'navigate' && (url.pathname === PAGE || url.pathname.startsWith(`${PAGE}/`))
  if (!page && !SHELL.includes(url.pathname)) return
  event.respondWith(
    (async () => {
      const cache = await caches.open(NAME)
      return (await cache.match(page ? PAGE : url.pathname)) ?? fetch(request)
    })(),
  )
})
