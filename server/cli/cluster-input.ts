// Texts, and vectors where the file has them, out of a JSON Lines file of any shape.
import { createMatrix, type Matrix } from '#/clustering/matrix/matrix.ts'
import { readLines } from '#/server/import/read-lines.ts'
import { CliError, exitCodes } from './exit.ts'

export type TextFile = {
  ids: string[]
  texts: string[]
  /** `undefined` unless a field with embeddings was named. */
  vectors: Matrix | undefined
}

/**
 * Reads a file line by line and keeps nothing but id, text and vector. An id is `id`, else `trace_id`, else the number of
 * the line. Throws a CliError (exit code 2) for lines that cannot be used, and when no line has the text field.
 */
export async function readTextFile(
  path: string,
  fields: { text: string; embeddings?: string },
  { onProgress }: { onProgress: (lines: number) => void },
): Promise<TextFile> {
  const ids: string[] = []
  const texts: string[] = []
  const rows: (Float32Array | undefined)[] = []
  let hasField = false
  let names: string[] = []
  for await (const line of readLines(path)) {
    const record = parseLine(line)
    const value = findField(record, fields.text)
    hasField ||= value !== undefined
    if (names.length === 0) names = Object.keys(record).slice(0, 20)
    const text = toText(value)
    ids.push(idOf(record) ?? String(line.number))
    texts.push(text)
    if (fields.embeddings !== undefined) {
      rows.push(toVector(findField(record, fields.embeddings), { field: fields.embeddings, line: line.number, text }))
    }
    if (ids.length % 1_000 === 0) onProgress(ids.length)
  }
  if (ids.length > 0 && !hasField) {
    throw new CliError(
      `No line has a field “${fields.text}”. The first line has: ${names.join(', ')}. Fields inside others are written with dots: labels.intent.`,
      exitCodes.unusable,
    )
  }
  onProgress(ids.length)
  return { ids, texts, vectors: fields.embeddings === undefined ? undefined : toMatrix(rows, fields.embeddings) }
}

/** The value at a dotted path; a key that itself holds dots is found too. */
export function findField(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const own = (key: string): unknown =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  const whole = own(path)
  if (whole !== undefined) return whole
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const found = findField(own(path.slice(0, dot)), path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

function parseLine({ number, text }: { number: number; text: string }): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CliError(`Line ${number} is not valid JSON.`, exitCodes.unusable, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new CliError(`Line ${number} is not a JSON object.`, exitCodes.unusable)
}

function idOf(record: Record<string, unknown>): string | undefined {
  for (const name of ['id', 'trace_id']) {
    const id = record[name]
    if ((typeof id === 'string' && id !== '') || typeof id === 'number') return String(id)
  }
  return undefined
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function toVector(
  value: unknown,
  { field, line, text }: { field: string; line: number; text: string },
): Float32Array | undefined {
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')) {
    return Float32Array.from(value)
  }
  // What has no text has no embedding either, and will be unassigned.
  if ((value === undefined || value === null) && text.trim() === '') return undefined
  throw new CliError(`Line ${line}: “${field}” is not an array of numbers.`, exitCodes.unusable)
}

function toMatrix(rows: readonly (Float32Array | undefined)[], field: string): Matrix {
  const cols = rows.find((row) => row !== undefined)?.length ?? 0
  const matrix = createMatrix(rows.length, cols)
  rows.forEach((row, i) => {
    if (row === undefined) return
    if (row.length !== cols) {
      throw new CliError(
        `“${field}” has ${row.length} numbers at text ${i + 1} and ${cols} before: embeddings must be of one length.`,
        exitCodes.unusable,
      )
    }
    matrix.data.set(row, i * cols)
  })
  return matrix
}
