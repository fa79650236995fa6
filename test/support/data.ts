import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

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
  const file = createReadStream(path)
  const lines = createInterface({ input: path.endsWith('.gz') ? file.pipe(createGunzip()) : file, crlfDelay: Infinity })
  for await (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T
}
