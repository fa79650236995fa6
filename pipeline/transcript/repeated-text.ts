// Texts that many traces of a job share: system prompts, tool schemas, templates.
import { hash } from 'node:crypto'

/**
 * Remembers long texts by their hash, and in which trace each was met first.
 *
 * What it says depends on the order of reading, so it may only be used to save work and to mark text for the eye; a
 * summary must never depend on it (system text is left out of summaries whether repeated or not).
 */
export type RepeatedText = {
  /** True when the text was met in another trace before; reading the same trace again does not count. */
  isRepeated: (text: string, traceId: string) => boolean
}

const shortest = 200

/** @param maxTexts how many texts are remembered; beyond that, new ones are no longer taken in (about 150 bytes each). */
export function createRepeatedText({ maxTexts = 20_000 }: { maxTexts?: number } = {}): RepeatedText {
  const firstSeenIn = new Map<string, string>()
  return {
    isRepeated(text, traceId) {
      if (text.length < shortest) return false
      const key = hash('sha1', text, 'base64')
      const first = firstSeenIn.get(key)
      if (first === undefined && firstSeenIn.size < maxTexts) firstSeenIn.set(key, traceId)
      return first !== undefined && first !== traceId
    },
  }
}
