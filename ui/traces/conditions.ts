// One condition at a time in a person's words, and MLflow's filter string made of them (it joins with AND only).

type Operator = { id: string; label: string; write: (left: string, value: string) => string | undefined }

export type FieldKind = {
  id: string
  label: string
  /** What else must be named, such as the key of a tag. */
  keyLabel?: string
  valueLabel: string
  left: (key: string) => string
  operators: readonly Operator[]
}

const quoted = (value: string): string | undefined =>
  !value.includes("'") ? `'${value}'` : !value.includes('"') ? `"${value}"` : undefined

const compared = (id: string, label: string): Operator => ({
  id,
  label,
  write: (left, value) => {
    const text = quoted(value)
    return text === undefined ? undefined : `${left} ${id} ${text}`
  },
})
const contains: Operator = {
  id: 'contains',
  label: 'contains',
  write: (left, value) => {
    const text = quoted(`%${value}%`)
    return text === undefined ? undefined : `${left} ILIKE ${text}`
  },
}
const isNumber = (value: string) => /^-?\d+(\.\d+)?$/.test(value.trim())
const measured = (id: string, label: string): Operator => ({
  id,
  label,
  write: (left, value) => (isNumber(value) ? `${left} ${id} ${value.trim()}` : undefined),
})
const voted = (id: string, label: string): Operator => ({
  id,
  label,
  write: (left, value) =>
    `${left} ${id} ${/^(true|false)$/i.test(value.trim()) ? `'${value.trim().toLowerCase()}'` : (quoted(value) ?? "''")}`,
})

const equal = [compared('=', 'is'), compared('!=', 'is not')] as const
const keyed = (entity: string) => (key: string) => `${entity}.\`${key.trim()}\``

export const fields: readonly FieldKind[] = [
  {
    id: 'time',
    label: 'Execution time',
    valueLabel: 'Milliseconds',
    left: () => 'execution_time_ms',
    operators: [measured('>', 'longer than'), measured('<', 'shorter than')],
  },
  { id: 'name', label: 'Trace name', valueLabel: 'Name', left: () => 'name', operators: [...equal, contains] },
  {
    id: 'session',
    label: 'Session',
    valueLabel: 'Session id',
    left: () => keyed('metadata')('mlflow.trace.session'),
    operators: equal,
  },
  {
    id: 'user',
    label: 'User',
    valueLabel: 'User id',
    left: () => keyed('metadata')('mlflow.trace.user'),
    operators: equal,
  },
  {
    id: 'span',
    label: 'A span’s name',
    valueLabel: 'Span name',
    left: () => 'span.name',
    operators: [...equal, contains],
  },
  {
    id: 'tag',
    label: 'Tag',
    keyLabel: 'Key of the tag',
    valueLabel: 'Value',
    left: keyed('tag'),
    operators: [...equal, contains],
  },
  {
    id: 'metadata',
    label: 'Metadata',
    keyLabel: 'Key of the metadata',
    valueLabel: 'Value',
    left: keyed('metadata'),
    operators: [...equal, contains],
  },
  {
    id: 'feedback',
    label: 'Feedback',
    keyLabel: 'Name of the feedback',
    valueLabel: 'Value',
    left: keyed('feedback'),
    operators: [voted('=', 'is'), voted('!=', 'is not')],
  },
]

/** The condition as MLflow writes it, or what is wrong with it. */
export function writeCondition(
  field: FieldKind,
  typed: { key: string; operator: string; value: string },
): { condition: string } | { problem: string } {
  if (field.keyLabel !== undefined && typed.key.trim() === '') return { problem: `${field.keyLabel} is missing.` }
  if (typed.key.includes('`')) return { problem: 'A key cannot hold a backtick in MLflow’s filter.' }
  if (typed.value.trim() === '') return { problem: `${field.valueLabel} is missing.` }
  const operator = field.operators.find(({ id }) => id === typed.operator) ?? field.operators[0]
  const condition = operator?.write(field.left(typed.key), typed.value.trim())
  if (condition !== undefined) return { condition }
  return {
    problem:
      field.id === 'time' ? 'A number is needed.' : 'A value cannot hold both kinds of quotes in MLflow’s filter.',
  }
}

/** The conditions of a filter string, cut at each AND that is not inside quotes. */
export function splitConditions(filter: string): string[] {
  const parts: string[] = []
  let from = 0
  let quote = ''
  for (let at = 0; at < filter.length; at++) {
    const char = filter[at] ?? ''
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === "'" || char === '"' || char === '`') quote = char
    else if (/^\sand\s/i.test(filter.slice(at, at + 5))) {
      parts.push(filter.slice(from, at))
      from = at + 5
      at += 4
    }
  }
  parts.push(filter.slice(from))
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}
