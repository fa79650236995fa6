// ECMAScript's JSON.parse source text access, which Node 24 has and TypeScript's library does not know yet.
interface JSON {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  /** Text that `JSON.stringify` copies as it is: numbers beyond 2^53 keep every digit. */
  rawJSON(text: string): { rawJSON: string }
  isRawJSON(value: unknown): value is { rawJSON: string }
}
