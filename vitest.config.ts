import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**'],
    // Said out loud: threads and PGlite together crash V8 on some CPUs.
    pool: 'forks',
    maxWorkers: 2,
    // Long enough for a machine that is busy with something else: what hangs is found all the same.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
  },
})
