import type { AnswerCache, KeptAnswer } from '#/pipeline/model/answer-cache.ts'

/** The cache as a map; `kept` is what is in it. */
export function createMemoryAnswers(): AnswerCache & { kept: Map<string, KeptAnswer> } {
  const kept = new Map<string, KeptAnswer>()
  return {
    kept,
    find: async (keys) => keys.map((key) => kept.get(key)).find((answer) => answer !== undefined),
    save: async (keys, answer) => {
      for (const key of keys) if (!kept.has(key)) kept.set(key, answer)
    },
  }
}
