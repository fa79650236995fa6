// A whole Insight over traces in memory, by either analyst, with the real grouping.
import { clusterTree } from '#/clustering/cluster.ts'
import { projectMap } from '#/clustering/map.ts'
import { rearrangeTree } from '#/clustering/rearrange.ts'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import type { SummaryRecord } from '#/pipeline/insight.ts'
import type { AnswerCache } from '#/pipeline/model/answer-cache.ts'
import { createCachedComplete } from '#/pipeline/model/answer-cache.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import type { Analyst } from '#/pipeline/ports.ts'
import { runInsight } from '#/pipeline/run.ts'
import type { Trace } from '#/pipeline/trace.ts'
import type { openModelWorld } from '#/test/contract/model/model-world.ts'
import { createPlainWorld, plainSpec } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()

export type InsightRun = Awaited<ReturnType<typeof runOn>>

/** Runs an Insight and answers what it came to and all it left behind. */
export async function runOn(
  traces: readonly Trace[],
  analyst: Analyst = createBuiltinAnalyst(),
  changes: Partial<typeof plainSpec> = {},
) {
  const plain = createPlainWorld(traces)
  const result = await runInsight(
    {
      runId: 'run-1',
      spec: { ...plainSpec, instruction: 'What do customers want?', minSuccessShare: 0.5, concurrency: 8, ...changes },
    },
    {
      ...plain,
      analyst,
      group: async (vectors, options) => {
        const tree = clusterTree(vectors, options)
        return { tree, map: projectMap(vectors, tree, { seed: options.seed }) }
      },
      rearrange: async (vectors, { tree, wishes, texts }) => rearrangeTree(vectors, tree, wishes, { texts }),
    },
    { signal },
  )
  const records = (await Array.fromAsync(plain.checkpoints.summaries())).flat()
  const summaries = new Map<string, SummaryRecord>(records.map((record) => [record.traceId, record]))
  return { result, plain, summaries }
}

type World = Awaited<ReturnType<typeof openModelWorld>>

/** An analyst over the stand-in, with a cache where one is given. */
export function analystOver(world: World, cache?: AnswerCache): Analyst {
  const { thinking, summary, reasoningEffort } = world.config
  const asked = { models: { thinking, summary }, reasoningEffort, endpoint: 'stand-in' }
  const complete = cache === undefined ? world.ports.complete : createCachedComplete(cache)(world.ports.complete, asked)
  return createModelAnalyst({
    ports: { ...world.ports, complete },
    models: world.config,
    fallback: createBuiltinAnalyst(),
  })
}
