// MLflow's filter and order_by language, read into clauses. Meaning (which keys, which operators) is the searcher's affair.
import { invalid } from './errors.ts'

export type Comparator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'LIKE'
  | 'ILIKE'
  | 'RLIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL'

/** One comparison: `entity.key comparator value`; a bare key has the entity `attribute`. */
export type Clause = { entity: string; key: string; comparator: Comparator; value: ClauseValue }
export type ClauseValue = string | number | readonly string[] | null

type Token =
  | { kind: 'name'; text: string }
  | { kind: 'string'; text: string }
  | { kind: 'number'; text: string }
  | { kind: 'operator'; text: string }
  | { kind: 'other'; text: string }

// A name is words, `quoted` or "quoted" parts joined by dots; a string has no escapes, a doubled quote stays doubled.
const namePart = '(?:[\\p{L}_][\\p{L}\\p{N}_]*|`[^`]+`|"[^"]*")'
const tokenPattern = new RegExp(
  `(?<name>${namePart}(?:\\.(?:${namePart}|[\\p{L}\\p{N}_]+))*)` +
    `|(?<string>'(?:''|[^'])*')` +
    `|(?<number>[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?(?![\\p{L}_]))` +
    `|(?<operator><=|>=|!=|<>|=|<|>)` +
    `|(?<other>\\S)`,
  'gu',
)

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(tokenPattern)) {
    const groups = match.groups ?? {}
    for (const kind of ['name', 'string', 'number', 'operator', 'other'] as const) {
      const found = groups[kind]
      if (found !== undefined) tokens.push({ kind, text: found })
    }
  }
  return tokens
}

// A double-quoted text standing alone is a value; with a dot before or after it is part of a name.
const isQuoted = (text: string) => text.startsWith('"') && text.endsWith('"') && !text.slice(1, -1).includes('"')

const word = (token: Token | undefined) => (token?.kind === 'name' ? token.text.toUpperCase() : '')

/** Reads a filter string: comparisons joined by AND. Throws `INVALID_PARAMETER_VALUE` for anything else. */
export function parseFilter(filter: string | undefined): Clause[] {
  const tokens = tokenize(filter ?? '')
  const clauses: Clause[] = []
  let at = 0
  while (at < tokens.length) {
    if (word(tokens[at]) === 'AND') {
      at++
      continue
    }
    const { clause, next } = parseClause(tokens, at)
    clauses.push(clause)
    at = next
  }
  return clauses
}

const refused = (token: Token | undefined) => invalid(`Invalid clause(s) in filter string: '${token?.text ?? ''}'`)

// sqlparse knows `text` as a type name, so MLflow refuses it bare; `trace.text` is the spelling that works.
const reserved = new Set([
  'OR',
  'NOT',
  'BETWEEN',
  'TEXT',
  'IN',
  'IS',
  'NULL',
  'LIKE',
  'ILIKE',
  'RLIKE',
  'SELECT',
  'UNION',
  'WHERE',
])

function parseClause(tokens: readonly Token[], at: number): { clause: Clause; next: number } {
  const name = tokens[at]
  if (name?.kind !== 'name' || reserved.has(word(name)) || isQuoted(name.text)) throw refused(name)
  const { entity, key } = parseIdentifier(name.text)
  const operator = tokens[at + 1]
  const first = operator?.kind === 'operator' ? (operator.text === '<>' ? '!=' : operator.text) : word(operator)
  const second = word(tokens[at + 2])
  if (first === 'IS' && second === 'NULL') {
    return { clause: { entity, key, comparator: 'IS NULL', value: null }, next: at + 3 }
  }
  if (first === 'IS' && second === 'NOT' && word(tokens[at + 3]) === 'NULL') {
    return { clause: { entity, key, comparator: 'IS NOT NULL', value: null }, next: at + 4 }
  }
  if (first === 'IN' || (first === 'NOT' && second === 'IN')) {
    const comparator = first === 'IN' ? 'IN' : 'NOT IN'
    const { values, next } = parseList(tokens, at + (first === 'IN' ? 2 : 3))
    return { clause: { entity, key, comparator, value: values }, next }
  }
  if (!isSimple(first)) throw refused(operator ?? name)
  return { clause: { entity, key, comparator: first, value: parseValue(tokens[at + 2]) }, next: at + 3 }
}

const simple = ['=', '!=', '>', '>=', '<', '<=', 'LIKE', 'ILIKE', 'RLIKE'] as const
const isSimple = (text: string): text is (typeof simple)[number] => (simple as readonly string[]).includes(text)

function parseValue(token: Token | undefined): string | number {
  if (token?.kind === 'number') return Number(token.text)
  if (token?.kind === 'string' || (token?.kind === 'name' && isQuoted(token.text))) return token.text.slice(1, -1)
  if (token?.kind === 'name') {
    throw invalid(
      `Parameter value is either not quoted or unidentified quote types used for string value ${token.text}. Use either single or double quotes.`,
    )
  }
  throw refused(token)
}

function parseList(tokens: readonly Token[], at: number): { values: string[]; next: number } {
  if (tokens[at]?.text !== '(') throw refused(tokens[at])
  const values: string[] = []
  let next = at + 1
  for (; next < tokens.length && tokens[next]?.text !== ')'; next++) {
    const token = tokens[next]
    if (token?.text === ',') continue
    const value = parseValue(token)
    if (typeof value !== 'string') {
      throw invalid(
        `While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: (${value},)`,
      )
    }
    values.push(value)
  }
  if (next >= tokens.length) throw refused(tokens[at])
  if (values.length === 0) {
    throw invalid('While parsing a list in the query, expected a non-empty list of string values, but got empty list')
  }
  return { values, next: next + 1 }
}

const bare = (text: string) => (/^(`[^`]*`|"[^"]*")$/.test(text) ? text.slice(1, -1) : text)

/** Splits `entity.key` at the first dot and takes quotes and backticks off; a key alone is an attribute. */
export function parseIdentifier(text: string): { entity: string; key: string } {
  const dot = text.startsWith('`') || text.startsWith('"') ? -1 : text.indexOf('.')
  return dot === -1
    ? { entity: 'attribute', key: bare(text) }
    : { entity: text.slice(0, dot), key: bare(text.slice(dot + 1)) }
}

/** Reads one `order_by` entry such as ``tags.`a.b` DESC``. */
export function parseOrderBy(text: string): { entity: string; key: string; ascending: boolean } {
  const match = /^\s*(\S.*?)(?:\s+(asc|desc))?\s*$/iu.exec(text)
  const name = match?.[1] ?? ''
  if (tokenize(name).length !== 1 || tokenize(name)[0]?.kind !== 'name') {
    throw invalid(`Invalid order_by clause '${text}'. Could not be parsed.`)
  }
  return { ...parseIdentifier(name), ascending: match?.[2]?.toLowerCase() !== 'desc' }
}

export type Condition = { sql: string; values: (string | number)[] }

/** A comparison as SQL with bound values. `column` is our own text, never the caller's. */
export function toComparison(column: string, comparator: Comparator, value: ClauseValue): Condition {
  if (comparator === 'IS NULL' || comparator === 'IS NOT NULL') return { sql: `${column} ${comparator}`, values: [] }
  if (comparator === 'IN' || comparator === 'NOT IN') {
    return { sql: `${column} ${comparator} (SELECT value FROM json_each(?))`, values: [JSON.stringify(value)] }
  }
  const plain = typeof value === 'number' ? value : String(value)
  if (comparator === 'ILIKE') return { sql: `lower(${column}) LIKE lower(?)`, values: [plain] }
  if (comparator === 'RLIKE') return { sql: `${column} REGEXP ?`, values: [plain] }
  return { sql: `${column} ${comparator} ?`, values: [plain] }
}

/** Refuses a comparator that a subject does not have. */
export function checkComparator(subject: string, comparator: Comparator, allowed: readonly Comparator[]): void {
  if (!allowed.includes(comparator)) {
    throw invalid(
      `Invalid comparator '${comparator}' for ${subject}: not one of {${allowed.map((each) => `'${each}'`).join(', ')}}`,
    )
  }
}
