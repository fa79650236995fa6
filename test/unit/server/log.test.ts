import { Writable } from 'node:stream'
import { DrizzleQueryError } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { createLog } from '#/server/log.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = ''
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString()
      done()
    },
  })
  write(createLog({ logLevel: 'info' }, sink))
  return text
}

test('a statement that failed is logged without the trace text it carried', () => {
  const error = new DrizzleQueryError(
    'insert into t values ($1)',
    ['SECRET TRACE TEXT\\n    at nowhere'],
    new Error('deadlock detected'),
  )
  const line = logged((log) => log.warn({ err: error }, 'not written'))
  expect(line).not.toContain('SECRET')
  expect(line).toContain('deadlock detected')
})

test('credentials never reach the log', () => {
  expect(logged((log) => log.info({ config: { token: 't-123', password: 'p-123' } }, 'started'))).not.toMatch(
    /[tp]-123/,
  )
})
