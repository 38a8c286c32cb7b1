import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url))
/** Where `npm run dev` finds the server (or `npm run mock`). */
const SERVER = process.env['GRIDWORKER_DEV_SERVER'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    vue({ template: { compilerOptions: { comments: false } } }),
    {
      // The server answers /chat with chat.html; `npm run dev` does the same.
      name: 'pages-without-extension',
      configureServer(server) {
        server.middlewares.use((req, _res, next) => {
          if (req.url && /^\/chat(\?|$)/.test(req.url)) req.url = req.url.replace('/chat', '/chat.html')
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
  build: {
    // Web views of WeChat lag behind browsers.
    target: ['es2020', 'chrome87', 'safari14'],
    outDir: 'dist',
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    // No inline script and no preload helper: the pages run under `script-src 'self'`.
    modulePreload: false,
    license: { fileName: 'assets/licenses.md' },
    rollupOptions: { input: { index: page('index.html'), chat: page('chat.html') } },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0])
