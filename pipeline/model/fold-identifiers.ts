// What sets two traces apart that are otherwise the same: white space, and names that machines gave.

/**
 * UUIDs, long hex, points in time to the second, and names such as `#W1234567` and `call_12345678`. No number that stands
 * alone and none with a currency: an amount is part of the story.
 */
const identifier =
  /(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])|(?<!\w)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?!\w)|(?<!\w)(?=[a-f]{0,64}\d)(?=\d{0,64}[a-f])[0-9a-f]{12,64}(?!\w)|(?<![\w$€£¥.,-])(?!(?:eur|usd|gbp|chf|jpy|inr|cad|aud|cny|brl|rs)[_-]?\d)(?:#[a-z]{0,12}|[a-z]{1,12})[_-]?\d{6,24}(?!\w|[.,]\d)/gi

export type Folded = {
  /** White space folded, identifiers numbered by first occurrence: what was one stays one, what was two stays two. */
  text: string
  /** The identifiers, each once. */
  identifiers: string[]
}

/** The text without what is told apart only by machines. */
export function foldIdentifiers(text: string): Folded {
  const numbers = new Map<string, number>()
  const folded = text.replace(/\s+/g, ' ').replace(identifier, (found) => {
    const number = numbers.get(found) ?? numbers.size + 1
    numbers.set(found, number)
    return `⟨${number}⟩`
  })
  return { text: folded, identifiers: [...numbers.keys()] }
}
