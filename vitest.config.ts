import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**'],
    // Said out loud: threads and PGlite together crash V8 on some CPUs.
    pool: 'forks',
    maxWorkers: 2,
    // Long enough for a machine that is busy with something else: what hangs is found all the same.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    // A CI machine does other things as well. Whatever needed its second try is named at the end of the run.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
  },
})
