import type { Reporter, TestModule } from 'vitest/node'

/**
 * Prints `N passed, N failed, N skipped` alone on the last line, for machines that read the log of a CI run, and before it
 * each test that passed at its second try only.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state
        if (state !== 'pending') count[state]++
        if (test.diagnostic()?.flaky)
          process.stdout.write(`second try: ${module.relativeModuleId} > ${test.fullName}\n`)
      }
      if (module.state() === 'failed' && module.errors().length > 0) count.failed++
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`)
  }
}
