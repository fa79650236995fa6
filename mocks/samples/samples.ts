// The sample traces: every authored conversation, expanded, oldest first.
import { readConversations } from './authored.ts'
import { expandConversation } from './expand.ts'
import type { TraceLine } from './expand.ts'

/** All sample traces in order of time; one at a time is expanded, since a few are enormous. */
export async function* readSamples(): AsyncIterable<TraceLine> {
  for (const conversation of await readConversations(import.meta.dirname)) yield expandConversation(conversation)
}
