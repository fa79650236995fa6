import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

// A house of our own with one planted crossing a file: the rules must find each, and only those.
const planted = {
  'clustering/reads-a-file.ts':
    "import { readFileSync } from 'node:fs'\nexport const text = readFileSync('x', 'utf8')\n",
  'clustering/knows-the-job.ts': "import { a } from '#/pipeline/ok.ts'\nexport const b = a\n",
  'pipeline/knows-the-outside.ts': "import { a } from '#/server/ok.ts'\nexport const b = a\n",
  'pipeline/climbs.ts': "import { a } from '../clustering/ok.ts'\nexport const b = a\n",
  'server/knows-the-mocks.ts': "import { a } from '#/mocks/ok.ts'\nexport const b = a\n",
  'ui/runs-the-server.ts': "import { a } from '#/server/ok.ts'\nexport const b = a\n",
  'mocks/runs-the-pipeline.ts': "import { a } from '#/pipeline/ok.ts'\nexport const b = a\n",
  'server/goes-in-circles.ts': "import { b } from './circle.ts'\nexport const a = (): number => b()\n",
  'server/circle.ts': "import { a } from './goes-in-circles.ts'\nexport const b = (): number => a()\n",
}
const allowed = {
  'clustering/ok.ts': 'export const a = 1\n',
  'pipeline/ok.ts': "import { a as one } from '#/clustering/ok.ts'\nexport const a = one\nexport type A = number\n",
  'server/ok.ts': "import { a as one } from '#/pipeline/ok.ts'\nexport const a = one\nexport type A = number\n",
  'ui/ok.ts': "import type { A } from '#/server/ok.ts'\nexport const a: A = 1\n",
  'mocks/ok.ts': "import type { A } from '#/pipeline/ok.ts'\nexport const a: A = 1\n",
}

let house: string

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'house-'))
  await symlink(join(process.cwd(), 'node_modules'), join(house, 'node_modules'))
  await cp('oxlint.config.ts', join(house, 'oxlint.config.ts'))
  await cp('tsconfig.json', join(house, 'tsconfig.json'))
  await writeFile(join(house, 'package.json'), '{"type":"module","imports":{"#/*":"./*"}}')
  for (const [path, text] of Object.entries({ ...planted, ...allowed })) {
    await mkdir(dirname(join(house, path)), { recursive: true })
    await writeFile(join(house, path), text)
  }
})
afterAll(() => rm(house, { recursive: true, force: true }))

test('every import that crosses a wall of the house is refused, and every allowed one passes', async () => {
  const oxlint = join(process.cwd(), 'node_modules/.bin/oxlint')
  const { stdout } = await promisify(execFile)(oxlint, ['--format', 'json', '.'], { cwd: house }).catch(
    (failure: { stdout: string }) => failure,
  )
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }
  const refused = diagnostics
    .filter(({ code }) => /no-restricted-imports|no-cycle/.test(code))
    .map(({ filename }) => filename)
  expect([...new Set(refused)].toSorted()).toEqual(Object.keys(planted).toSorted())
})
