// Builds the app into ui/dist, which the server serves; `vite ui` serves it with the API of a server on 5055.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // `light-dark()`, `:has()` and nesting are used as written.
    target: ['chrome125', 'edge125', 'firefox128', 'safari18'],
    reportCompressedSize: false,
    // In bytes before compression; what travels is about a third of it.
    chunkSizeWarningLimit: 750,
  },
  server: {
    proxy: { '/api': { target: process.env['API_URL'] ?? 'http://127.0.0.1:5055' } },
  },
})
