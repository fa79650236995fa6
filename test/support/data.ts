import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readLines } from '#/server/import/read-lines.ts'

/** Where the labelled real traces are, or `undefined`: tests that need them skip and say so. */
export function findDataDir(): string | undefined {
  const places = [process.env['TRACE_DATA_DIR'], join(import.meta.dirname, '../../../shared/data')]
  return places.find((place) => place !== undefined && existsSync(place))
}

export const dataSets = {
  tau_retail: 'tau_retail.jsonl.gz',
  star_dev: 'star_dev.jsonl.gz',
  banking77: 'banking77.jsonl',
  dstc11_insurance: 'dstc11_insurance.jsonl',
} as const
export type DataSet = keyof typeof dataSets

/** The lines of a JSON Lines file, plain or gzipped, parsed. */
export async function* readJsonLines<T>(path: string): AsyncGenerator<T> {
  for await (const { text } of readLines(path)) yield JSON.parse(text) as T
}
