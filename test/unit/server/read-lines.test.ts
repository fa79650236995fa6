import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLines } from '#/server/import/read-lines.ts'

describe('lines of a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'read-lines-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function read(content: string | Uint8Array): Promise<string[]> {
    const path = join(folder, 'lines.jsonl')
    await writeFile(path, content)
    return (await Array.fromAsync(readLines(path))).map(({ number, text }) => `${number} ${text.trimEnd()}`)
  }

  test('end at a line feed alone, not at what else breaks a line and may stand in JSON as it is', async () => {
    const text = JSON.stringify('one\u2028two\u2029three\u0085four\rfive')
    expect(await read(`${text}\n"next"\n`)).toEqual([`1 ${text}`, '2 "next"'])
  })

  test('may end as on Windows, and the last one not at all; blank ones are counted and left out', async () => {
    expect(await read('one\r\n\r\ntwo\r\n  \nthree')).toEqual(['1 one', '3 two', '5 three'])
    expect(await read('')).toEqual([])
  })

  test('are whole however long, in any script, gzipped or not, after a byte order mark too', async () => {
    const long = 'ж😀'.repeat(100_000)
    const text = `\uFEFF${long}\n${long}x\n`
    const expected = [`1 ${long}`, `2 ${long}x`]
    expect(await read(text)).toEqual(expected)
    expect(await read(gzipSync(text))).toEqual(expected)
  })
})
