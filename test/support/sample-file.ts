import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readSamples } from '#/mocks/samples/samples.ts'

/** Writes every `every`-th sample conversation as a line of a trace file, at most `count`; answers the trace ids. */
export async function writeSampleFile(path: string, options: { every: number; count: number }): Promise<string[]> {
  const ids: string[] = []
  const lines = async function* (): AsyncGenerator<string> {
    let at = 0
    for await (const sample of readSamples()) {
      if (ids.length === options.count) return
      if (at++ % options.every !== 0) continue
      ids.push(sample.trace_id)
      yield `${JSON.stringify(sample)}\n`
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
  return ids
}
