// Artifacts as files under the data folder, by the paths MLflow's artifact proxy uses: `<experiment>/<run>/artifacts/…`.
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { invalid, TrackingError } from './errors.ts'

/** Checks a path given by a caller: relative, forward slashes, no step upwards. Throws `Invalid path`. */
export function checkPath(path: string): string {
  let decoded = path
  try {
    // Twice encoded traversal is refused as well.
    for (let round = 0; round < 3; round++) decoded = decodeURIComponent(decoded)
  } catch {
    decoded = path
  }
  const isUnsafe = [path, decoded].some(
    (each) =>
      each.startsWith('/') ||
      each.includes('\\') ||
      each.includes('\0') ||
      /^[a-z]:/i.test(each) ||
      each.split('/').includes('..'),
  )
  if (isUnsafe) throw invalid('Invalid path')
  return path
}

export type Artifacts = {
  write: (path: string, body: ReadableStream<Uint8Array> | Uint8Array | null) => Promise<void>
  /** The file's bytes and size. Throws 404 when it is not there. */
  open: (path: string) => Promise<{ body: ReadableStream; size: number; contentType: string }>
  /** Names in a folder, sorted, with sizes; empty when it is not there. */
  list: (path: string) => Promise<{ path: string; is_dir: boolean; file_size?: number }[]>
  remove: (path: string) => Promise<void>
}

const textExtensions = new Set([
  '.txt',
  '.log',
  '.err',
  '.cfg',
  '.conf',
  '.ini',
  '.json',
  '.jsonl',
  '.csv',
  '.tsv',
  '.md',
  '.yaml',
  '.yml',
  '.xml',
  '.py',
  '.js',
  '.ts',
  '.sql',
  '.html',
])

export function openArtifacts(root: string): Artifacts {
  const place = (path: string) => join(root, checkPath(path))
  return {
    write: async (path, body) => {
      const file = place(path)
      await mkdir(dirname(file), { recursive: true })
      // Renamed when whole: a reader, or a process that was killed, never leaves half a file under the name.
      const part = join(dirname(file), `.${randomUUID()}.part`)
      try {
        await pipeline(
          body instanceof Uint8Array
            ? Readable.from([body])
            : body === null
              ? Readable.from([])
              : Readable.fromWeb(body),
          createWriteStream(part),
        )
        await rename(part, file)
      } catch (error) {
        await rm(part, { force: true })
        throw error
      }
    },
    open: async (path) => {
      const file = place(path)
      const found = await stat(file).catch(() => undefined)
      if (found?.isFile() !== true) throw new TrackingError('RESOURCE_DOES_NOT_EXIST', `No such artifact: '${path}'`)
      const contentType = textExtensions.has(extname(file).toLowerCase()) ? 'text/plain' : 'application/octet-stream'
      return { body: Readable.toWeb(createReadStream(file)), size: found.size, contentType }
    },
    list: async (path) => {
      const folder = place(path)
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
      const listed = entries
        .filter((entry) => !entry.name.endsWith('.part'))
        .map(async (entry) => {
          if (entry.isDirectory()) return { path: entry.name, is_dir: true }
          return { path: entry.name, is_dir: false, file_size: (await stat(join(folder, entry.name))).size }
        })
      return (await Promise.all(listed)).sort((a, b) => (a.path < b.path ? -1 : 1))
    },
    remove: (path) => rm(place(path), { recursive: true, force: true }),
  }
}

/** Headers of a download: never shown inline, never sniffed. */
export function toDownloadHeaders(path: string, contentType: string): Record<string, string> {
  const name = basename(path).replaceAll(/[^\w.-]/g, '_')
  return {
    'content-type': contentType,
    'content-disposition': `attachment; filename=${name}`,
    'x-content-type-options': 'nosniff',
  }
}
