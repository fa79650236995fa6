// What an Insight asks of a model: again, after a change, and when one request in five goes wrong.
import { spreadEvenly } from '#/mocks/model/faults.ts'
import type { Trace } from '#/pipeline/trace.ts'
import { openModelWorld } from '#/test/contract/model/model-world.ts'
import { createMemoryAnswers } from '#/test/support/memory-answers.ts'
import { traceSaying } from '#/test/support/plain-world.ts'
import { analystOver, runOn } from '#/test/support/insight-run.ts'

type World = Awaited<ReturnType<typeof openModelWorld>>

/** Calls for summaries (of whole traces, of parts, and from parts) that a second run makes, and one with a trace changed. */
export async function benchCache(
  traces: readonly Trace[],
): Promise<{ first: number; second: number; changed: number }> {
  await using world = await openModelWorld()
  const cache = createMemoryAnswers()
  const count = async (some: readonly Trace[], name: string): Promise<number> => {
    const before = world.model.calls().length
    await runOn(some, analystOver(world, cache), { name })
    return world.model
      .calls()
      .slice(before)
      .filter(({ body }) => isForSummary(body)).length
  }
  const [old, ...others] = traces
  const changed = traceSaying(
    old?.info.traceId ?? '',
    'I would like to know when your shop in the old town opens again.',
  )
  return {
    first: await count(traces, 'first'),
    second: await count(traces, 'second'),
    changed: await count([changed, ...others], 'third'),
  }
}

function isForSummary(body: unknown): boolean {
  const { response_format: format } = body as { response_format?: { json_schema?: { name?: string } } }
  return ['summarize', 'summarize_part', 'combine'].includes(format?.json_schema?.name ?? '')
}

export type FaultRun = { ratio: number; status: string; reconciles: boolean; failed: number; listed: number }

/** The same Insight without faults and with every kind of fault, a fifth of all requests together. */
export async function benchFaults(traces: readonly Trace[]): Promise<FaultRun> {
  await using calm = await openModelWorld()
  await runOn(traces, analystOver(calm))
  // A request that hangs costs its whole time limit and no call more: left out for the bench's own sake.
  const { hang: _hang, ...faults } = spreadEvenly(0.2)
  await using world: World = await openModelWorld({ faults, retryAfterMs: 10, seed: 4 })
  const { result, plain } = await runOn(traces, analystOver(world))
  const { selected, summarized, skipped, failed, clustered, unassigned } = result.counts
  return {
    ratio: world.model.calls().length / calm.model.calls().length,
    status: plain.tracking.run.status,
    reconciles: selected === summarized + skipped + failed && summarized === clustered + unassigned,
    failed,
    listed: (await plain.checkpoints.failures()).length,
  }
}
