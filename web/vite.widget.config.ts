import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// The loader that other sites embed: one classic script at a fixed address, without a hash.
export default defineConfig({
  publicDir: false,
  build: {
    target: ['es2020', 'chrome87', 'safari14'],
    outDir: 'dist',
    emptyOutDir: false,
    lib: {
      entry: fileURLToPath(new URL('src/widget/widget.ts', import.meta.url)),
      formats: ['iife'],
      name: 'GridworkerWidget',
      fileName: () => 'widget.js',
    },
  },
})
