// Lines of a text file, plain or gzipped, one at a time.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { AppError } from '#/pipeline/errors.ts'

export type Line = { number: number; text: string }

/**
 * The lines that are not blank, with their numbers from 1. Gzip is told by its first bytes, not by the file's name.
 * Throws `import.invalid` when the file cannot be read or unpacked.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0
  try {
    const gzipped = await isGzip(path)
    // Opened only now: a stream whose file is missing says so at once, and nobody would be listening yet.
    const file = createReadStream(path)
    const source = gzipped ? file.pipe(createGunzip()) : file
    // A broken read must end the unpacking, or the loop below waits for ever.
    file.on('error', (error) => source.destroy(error))
    for await (const text of splitLines(source)) {
      number++
      if (text.trim() !== '') yield { number, text }
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    const after = number === 0 ? '' : ` after line ${number}`
    throw new AppError('import.invalid', `The file ${path} cannot be read${after}.`, { cause: error })
  }
}

/** Only a line feed ends a line: node:readline also breaks at U+2028 and U+2029, which may stand in a JSON text as they are. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  for await (const chunk of chunks) {
    const [rest = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n')
    pieces.push(rest)
    for (const piece of more) {
      yield pieces.join('')
      pieces = [piece]
    }
  }
  yield pieces.join('') + decoder.decode()
}

async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
}
