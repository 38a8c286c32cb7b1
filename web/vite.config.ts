import { defineConfig } from 'vite'
import { face, RESIDENTS_BROWSERS } from './vite.face.ts'

// The resident's pages; the staff's are built by themselves (vite.staff.config.ts), the loader too (vite.widget.config.ts).
export default defineConfig({
  ...face({ pages: ['index', 'chat'], target: RESIDENTS_BROWSERS, license: 'licenses.md' }),
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0])
