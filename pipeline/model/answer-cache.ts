// Nothing is paid for twice: the same question about the same text, asked of the same model, has one answer.
import { z } from 'zod'
import { sha256 } from '../ids.ts'
import { noUsage, type Usage } from '../insight.ts'
import type { Complete, CompleteRequest } from './complete.ts'

export type KeptAnswer = { value: unknown; usage: Usage }

/** Where answers are kept. Shared by all Insights: a key is a hash of everything an answer depends on. */
export type AnswerCache = {
  /** The answer under the first of the keys that has one. */
  find: (keys: readonly string[]) => Promise<KeptAnswer | undefined>
  /** Keeps the answer under each key that has none yet. */
  save: (keys: readonly string[], answer: KeptAnswer) => Promise<void>
}

/** What else an answer depends on, besides the request: models by role, endpoint, effort. */
export type Asked = {
  models: Record<CompleteRequest<unknown>['model'], string>
  reasoningEffort: string
  endpoint: string
}

/** Counts up when the meaning of a key changes. */
const keyVersion = 1

/**
 * A `complete` that asks only what was never asked before. The key holds the whole prompt, so another lens, another prompt,
 * model or effort, or one changed word of the trace misses it. Prompts that differ in identifiers alone share an answer,
 * unless it repeats one of them. Requests alike that come while the first is on its way wait for it. An answer from here
 * costs nothing: its usage says how many input tokens were saved.
 */
export function createCachedComplete(cache: AnswerCache): (complete: Complete, asked: Asked) => Complete {
  const underWay = new Map<string, Promise<void>>()
  return (complete, asked) => async (request, options) => {
    const keys = toKeys(request, asked)
    const last = keys.at(-1) ?? ''
    const find = async () => {
      const kept = await cache.find(keys)
      const parsed = request.schema.safeParse(kept?.value)
      return kept !== undefined && parsed.success
        ? { value: parsed.data, usage: { ...noUsage, cachedTokens: kept.usage.inputTokens } }
        : undefined
    }
    const ask = async () => {
      const answer = await complete(request, options)
      await cache.save(isOneOfAKind(answer.value, request) ? keys.slice(0, 1) : keys, answer)
      return answer
    }
    const first = underWay.get(last)
    // Once only: where the first one's answer does not serve, all who waited ask at the same time.
    if (first !== undefined) {
      await Promise.race([first, untilAborted(options.signal)])
      options.signal.throwIfAborted()
      return (await find()) ?? (await ask())
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    underWay.set(last, promise)
    try {
      return (await find()) ?? (await ask())
    } finally {
      underWay.delete(last)
      resolve()
    }
  }
}

/** Of the schemas met: there are few, and each takes half a millisecond to spell out. */
const shapes = new WeakMap<z.ZodType, string>()

/** The key of the prompt to the letter, then that of all prompts alike. */
export function toKeys(request: CompleteRequest<unknown>, { models, reasoningEffort, endpoint }: Asked): string[] {
  const { kind, prompt, schema, maxOutputTokens, model, alike } = request
  const common = [keyVersion, endpoint, models[model], reasoningEffort, kind, prompt.system, maxOutputTokens]
  const shape = shapes.get(schema) ?? JSON.stringify(z.toJSONSchema(schema))
  shapes.set(schema, shape)
  const keyOf = (user: string): string => sha256(JSON.stringify([...common, shape, user]))
  return [keyOf(prompt.user), ...(alike === undefined ? [] : [keyOf(`alike ${alike.text}`)])]
}

/** Whether an answer speaks of something that only this prompt holds. */
function isOneOfAKind(value: unknown, { alike }: CompleteRequest<unknown>): boolean {
  const said = JSON.stringify(value)
  return alike?.identifiers.some((identifier) => said.includes(identifier)) ?? false
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
