const placeholder = /\[[a-z][a-z0-9-]{0,30}-\d{1,6}\]/
const shortestRest = 12

/**
 * The longest stretch of a quote in which nothing is masked: so that it stands literally in the trace as it was recorded,
 * and says nothing that was to be hidden. `undefined` where too little is left to prove anything.
 */
export function toLiteralQuote(quote: string): string | undefined {
  if (!placeholder.test(quote)) return quote
  const [longest = ''] = quote
    .split(placeholder)
    .map((part) => part.trim())
    .sort((a, b) => b.length - a.length)
  return longest.length >= shortestRest && /\s/.test(longest) ? longest : undefined
}
