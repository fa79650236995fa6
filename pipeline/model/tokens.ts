// Sizes before anything is sent: how many tokens, how long a call may take.

/** Four characters a token: near enough for English, and whoever finds it too low is asked again with less text. */
const charsPerToken = 4

export function estimateTokens(text: string): number {
  return Math.ceil(text.length / charsPerToken)
}

export function tokensToChars(tokens: number): number {
  return Math.floor(tokens * charsPerToken)
}

/**
 * Milliseconds that one call may take: reading 1,000 tokens a second and writing 25 is slow for any server, plus half
 * a minute for its queue.
 */
export function toTimeoutMs({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): number {
  return Math.round(30_000 + inputTokens + outputTokens * 40)
}
