// Which analyst a job gets: the built-in one, or the configured model with the built-in one to fall back on.
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { type AnswerCache, createCachedComplete } from '#/pipeline/model/answer-cache.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import type { Analyst } from '#/pipeline/ports.ts'
import { routeEasy } from '#/pipeline/route-easy.ts'
import { featurizeInThread, nameInThread } from '#/server/compute/compute.ts'
import type { Config } from '#/server/config.ts'
import type { InsightChoices } from '#/server/db/records.ts'
import { createDialects } from '#/server/model/dialect.ts'
import type { Limiter } from '#/server/model/limiter.ts'
import { createModelPorts, type OnCall } from '#/server/model/ports.ts'
import { chooseModels, toAsked } from './choices.ts'

/** Gives the analyst for a job's choices. Throws `request.invalid` for a model where none is configured. */
export type ChooseAnalyst = (choices: InsightChoices, job?: string) => Analyst

const nodesNamedHere = 40

/**
 * The built-in analyst, whose long work is done in threads: the event loop must not wait for it, or every other job would, and
 * the queue gives a job to another worker when nothing is heard of it for ten seconds. A thread takes half a second to start,
 * so few names are found without one, unless `isPatient`.
 */
export function createThreadedAnalyst({ isPatient }: { isPatient: boolean }): Analyst {
  const here = createBuiltinAnalyst()
  return {
    ...here,
    nameClusters: async (input, { signal, onProgress }) => {
      if (!isPatient && input.nodes.length <= nodesNamedHere) return here.nameClusters(input, { signal })
      const { instruction, lens, nodes, total, outcomes } = input
      const names = await nameInThread({ instruction, lens, nodes, total, outcomes }, { signal })
      onProgress?.(names.length)
      return { names, usage: noUsage }
    },
    embed: async (texts, { signal, seed, onProgress }) => ({
      vectors: await featurizeInThread(texts, {
        signal,
        seed,
        onProgress: (share) => onProgress?.(Math.round(share * texts.length)),
      }),
      usage: noUsage,
    }),
  }
}

/** Without a cache every question is asked anew. */
export function createAnalystChooser(
  config: Config['model'],
  { limiter, cache, onCall }: { limiter: Limiter; cache: AnswerCache | undefined; onCall?: OnCall },
): ChooseAnalyst {
  const builtin = createThreadedAnalyst({ isPatient: false })
  // Every job talks to the same endpoint: what one learns of its limits and habits serves all.
  const shared = { limiter, dialects: createDialects(), ...(onCall === undefined ? {} : { onCall }) }
  const withCache = cache === undefined ? undefined : createCachedComplete(cache)
  return (choices, job) => {
    const chosen = chooseModels(choices, config)
    if (chosen === undefined) return builtin
    const ports = createModelPorts(chosen, { ...shared, ...(job === undefined ? {} : { job }) })
    const complete = withCache?.(ports.complete, toAsked(chosen)) ?? ports.complete
    const analyst = createModelAnalyst({
      ports: { ...ports, complete },
      models: chosen,
      prompts: choices.prompts?.registered,
      fallback: builtin,
    })
    return choices.easyToBuiltin === true ? routeEasy(analyst, builtin) : analyst
  }
}
