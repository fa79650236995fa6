// MLflow's filter strings: `AND` only, and no escape syntax for quotes.
import { AppError } from '#/pipeline/errors.ts'

/** Whether a value can stand in a filter at all: one that holds both kinds of quotes cannot. */
export function isQuotable(value: string): boolean {
  return !(value.includes("'") && value.includes('"'))
}

/** The value in the quotes it does not hold itself. Throws `request.invalid` when it holds both kinds. */
export function quoteValue(value: string): string {
  if (!value.includes("'")) return `'${value}'`
  if (!value.includes('"')) return `"${value}"`
  throw new AppError('request.invalid', 'MLflow cannot search for a text that holds both single and double quotes.')
}

/** `tag.`key``: a key with dots, spaces or dashes in backticks. Throws `request.invalid` for a key with a backtick. */
export function quoteKey(
  subject: 'tag' | 'tags' | 'metadata' | 'feedback' | 'expectation' | 'params' | 'metrics',
  key: string,
): string {
  if (/^\w+$/.test(key)) return `${subject}.${key}`
  if (key.includes('`')) throw new AppError('request.invalid', 'MLflow cannot search for a key that holds a backtick.')
  return `${subject}.\`${key}\``
}

/** `subject IN (…)`; the list must not be empty. */
export function inList(subject: string, values: readonly string[]): string {
  return `${subject} IN (${values.map(quoteValue).join(', ')})`
}

/** All conditions together; blank ones are left out. */
export function allOf(...conditions: readonly string[]): string {
  return conditions
    .map((condition) => condition.trim())
    .filter((condition) => condition !== '')
    .join(' AND ')
}
