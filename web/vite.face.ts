// What the builds of all faces have in common.
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { UserConfig } from 'vite'

/** Web views of WeChat lag behind browsers. */
export const RESIDENTS_BROWSERS = ['es2020', 'chrome87', 'safari14']
export const STAFFS_BROWSERS = ['es2022', 'chrome109', 'safari15.4']

const page = (name: string) => fileURLToPath(new URL(`${name}.html`, import.meta.url))
/** Where `npm run dev` finds the server (or `npm run mock`). */
const SERVER = process.env['GRIDWORKER_DEV_SERVER'] ?? 'http://127.0.0.1:8080'

export interface Face {
  pages: string[]
  target: string[]
  /** File of the licences of what is in it. */
  license: string
  /** Another face lies in `dist` already. */
  beside?: boolean
}

export const face = ({ pages, target, license, beside = false }: Face): UserConfig => ({
  plugins: [
    vue({ template: { compilerOptions: { comments: false } } }),
    {
      // The server answers /chat with chat.html and all below /admin with admin.html; `npm run dev` does the same.
      name: 'pages-without-extension',
      configureServer(server) {
        server.middlewares.use((req, _res, next) => {
          const url = req.url?.replace(/^\/chat(?=\?|$)/, '/chat.html').replace(/^\/(worker|admin)(?:\/[^.?]*)?(?=\?|$)/, '/$1.html')
          if (url !== undefined) req.url = url
          next()
        })
      },
    },
  ],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': SERVER, '/platform': SERVER, '/openapi.json': SERVER },
  },
  publicDir: beside ? false : 'public',
  build: {
    target,
    outDir: 'dist',
    emptyOutDir: !beside,
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    // No inline script and no preload helper: the pages run under `script-src 'self'`.
    modulePreload: false,
    license: { fileName: `assets/${license}` },
    rollupOptions: { input: Object.fromEntries(pages.map((name) => [name, page(name)])) },
  },
})
