import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainAnalyst, createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const program = join(import.meta.dirname, '../../support/large-traces-process.ts')

test('32 traces of 10 MB wait for their model calls at once in a heap of 256 MB, and their quotes are checked', () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=256', '--max-semi-space-size=8', program, '32'],
    { encoding: 'utf8', timeout: 150_000 },
  )
  const told = JSON.parse(stdout || JSON.stringify(stderr.slice(-2_000))) as { bytes: number }
  expect(told).toMatchObject({ mostWaiting: 32, summarized: 32, verified: 32 })
  expect(told.bytes).toBeGreaterThan(9_900_000)
}, 160_000)

test('a large trace that is gone after its model call keeps the summary that was paid for, without quotes', async () => {
  const plain = createPlainAnalyst()
  const long = `My meter runs backwards. ${'x'.repeat(600_000)}`
  const world = createPlainWorld(
    [traceSaying('tr-large', long), ...Array.from({ length: 5 }, (_, at) => traceSaying(`tr-${at}`, `Hello ${at}`))],
    {
      summarize: async (input, options) => ({
        ...(await plain.summarize(input, options)),
        evidence: [
          { spanId: 'a1'.padEnd(16, '0'), quote: input.transcript.turns[0]!.text.slice(0, 5), verified: false },
        ],
      }),
    },
  )
  const read = world.tracking.readTrace
  let reads = 0
  world.tracking.readTrace = async (info, options) => {
    if (info.traceId === 'tr-large' && ++reads > 1) throw new AppError('trace.not_found', 'Deleted meanwhile.')
    return await read(info, options)
  }
  const { counts } = await runInsight({ runId: 'r1', spec: plainSpec }, world, { signal: new AbortController().signal })
  expect(counts).toMatchObject({ selected: 6, summarized: 6, failed: 0 })
  const quotes = new Map<string, number>()
  for await (const page of world.checkpoints.summaries())
    for (const { traceId, summary } of page) quotes.set(traceId, summary.evidence.length)
  expect(Object.fromEntries(quotes)).toMatchObject({ 'tr-large': 0, 'tr-0': 1 })
  expect(reads).toBe(2)
})
