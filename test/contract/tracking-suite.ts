// What a tracking server must do for this service: run against the embedded store and against a real mlflow server.
import { describe } from 'vitest'
import { clientSuite } from './client-suite.ts'
import { promptSuite } from './prompt-suite.ts'
import { traceSuite } from './trace-suite.ts'
import { wireSuite } from './wire-suite.ts'

export type ServerUnderTest = { url: string }

/** One suite for every implementation. `getServer` is called when the tests run, not while they are collected. */
export function trackingSuite(name: string, getServer: () => ServerUnderTest): void {
  describe(name, () => {
    wireSuite(getServer)
    traceSuite(getServer)
    clientSuite(getServer)
    promptSuite(getServer)
  })
}
