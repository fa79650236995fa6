import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findField } from '#/server/cli/cluster-input.ts'
import type { ClusterAssignment, ClusterReport, NamedCluster } from '#/server/cli/cluster-output.ts'
import { dataSets, findDataDir, readJsonLines } from '../../support/data.ts'
import { createTestWorld, runInWorld } from './cli-world.ts'

type Written = Omit<ClusterReport, 'assignments'> & { assignments: ClusterAssignment[] }

const themes: Record<string, string[]> = {
  refund: [
    'my refund has not arrived',
    'where is the refund for my return',
    'refund still missing after return',
    'waiting for a refund of my return',
  ],
  login: [
    'cannot log in to my account',
    'password reset code never arrives',
    'login fails with the new password',
    'reset my account password please',
  ],
  card: [
    'the card machine swallowed my card',
    'my card was declined at the shop',
    'card declined twice today',
    'the machine kept my card',
  ],
}
const lines = Array.from({ length: 60 }, (_, i) => {
  const [theme = '', texts = []] = Object.entries(themes)[i % 3] ?? []
  return {
    id: `q${i}`,
    ask: { text: `${texts[Math.floor(i / 3) % 4]} ${['today', 'again', 'now'][i % 3]} ${i}` },
    labels: { theme },
  }
})

let folder: string
const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}
const jsonLines = (records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('')
const cluster = (path: string, ...args: string[]) =>
  runInWorld(createTestWorld(), 'cluster', path, '--out', join(folder, 'out.json'), ...args)
const readOut = async (): Promise<Written> => JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as Written

const leavesOf = (nodes: readonly NamedCluster[]): NamedCluster[] =>
  nodes.flatMap((node) => (node.children.length === 0 ? [node] : leavesOf(node.children)))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-cluster-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('cluster', () => {
  test('writes a place for every text and a tree whose counts reconcile', async () => {
    const run = await cluster(await write('asks.jsonl', jsonLines(lines)), '--text', 'ask.text')
    expect(run.exitCode).toBe(0)
    const { assignments, tree, counts } = await readOut()
    expect(assignments.map(({ id }) => id)).toEqual(lines.map(({ id }) => id))
    expect(counts).toMatchObject({ texts: 60, clustered: 60 - counts.unassigned })
    const leaves = leavesOf(tree)
    expect(leaves.reduce((sum, { size }) => sum + size, 0)).toBe(counts.clustered)
    for (const leaf of leaves) {
      const members = assignments.filter(({ path }) => path.at(-1) === leaf.id)
      expect(members).toHaveLength(leaf.size)
      expect(members[0]?.titles.at(-1)).toBe(leaf.title)
      expect(leaf.title).not.toBe('')
    }
    expect(assignments.every(({ path, unassigned }) => unassigned === (path.length === 0))).toBe(true)
    expect(run.stdout).toContain('60 texts = ')
  })

  test('puts texts of one theme together', async () => {
    await cluster(await write('asks.jsonl', jsonLines(lines)), '--text', 'ask.text')
    const { assignments } = await readOut()
    const byLeaf = Map.groupBy(assignments, ({ path }) => path.at(-1))
    const themeOf = new Map(lines.map(({ id, labels }) => [id, labels.theme]))
    for (const members of byLeaf.values()) expect(new Set(members.map(({ id }) => themeOf.get(id)))).toHaveLength(1)
  })

  test('writes the same bytes for the same file and seed, gzipped or not', async () => {
    await cluster(await write('asks.jsonl', jsonLines(lines)), '--text', 'ask.text', '--seed', '5')
    const first = await readFile(join(folder, 'out.json'), 'utf8')
    await cluster(await write('asks.jsonl.gz', gzipSync(jsonLines(lines))), '--text', 'ask.text', '--seed', '5')
    expect(await readFile(join(folder, 'out.json'), 'utf8')).toBe(first)
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('makes no more leaves than --k and no more levels than --levels', async () => {
    const path = await write('asks.jsonl', jsonLines(lines))
    await cluster(path, '--text', 'ask.text', '--k', '2', '--levels', '1')
    const { counts } = await readOut()
    expect(counts).toMatchObject({ leaves: 2, depth: 1 })
  })

  test('makes no leaf smaller than --min-size', async () => {
    const path = await write('asks.jsonl', jsonLines(lines))
    await cluster(path, '--text', 'ask.text', '--min-size', '15')
    for (const { size } of leavesOf((await readOut()).tree)) expect(size).toBeGreaterThanOrEqual(15)
  })

  test('says how good each cluster is and which texts are typical, borderline and extreme', async () => {
    await cluster(await write('asks.jsonl', jsonLines(lines)), '--text', 'ask.text', '--k', '3')
    const { tree, quality } = await readOut()
    expect(quality.stability).toBeGreaterThan(0.8)
    for (const { quality: own, representative_ids: typical, borderline_ids: border } of leavesOf(tree)) {
      expect(own.silhouette).toBeGreaterThan(0)
      expect(typical.length).toBeGreaterThan(0)
      for (const { next } of border) expect(tree.map(({ id }) => id)).toContain(next)
    }
  })

  test('gives every text a place on the map with --map, and none without', async () => {
    const path = await write('asks.jsonl', jsonLines(lines))
    await cluster(path, '--text', 'ask.text', '--map')
    for (const { x, y } of (await readOut()).assignments)
      expect(Math.max(Math.abs(x!), Math.abs(y!))).toBeLessThanOrEqual(1)
    await cluster(path, '--text', 'ask.text')
    expect((await readOut()).assignments[0]).not.toHaveProperty('x')
  })

  test('tells with --compare what became of the clusters of an earlier output', async () => {
    const withoutCards = lines.filter(({ labels }) => labels.theme !== 'card')
    await cluster(await write('some.jsonl', jsonLines(withoutCards)), '--text', 'ask.text', '--k', '2')
    const earlier = await write('earlier.json', await readFile(join(folder, 'out.json'), 'utf8'))
    const all = await write('asks.jsonl', jsonLines(lines))
    const run = await cluster(all, '--text', 'ask.text', '--k', '3', '--compare', earlier)
    const { changes = [] } = await readOut()
    expect(changes.map(({ kind }) => kind).sort()).toEqual(['new', 'shrunk', 'shrunk'])
    expect(run.stdout).toMatch(/^new     “.*card.*”$/im)
  })

  test('refuses to compare with a file it did not write', async () => {
    const path = await write('asks.jsonl', jsonLines(lines))
    const run = await cluster(path, '--text', 'ask.text', '--compare', path)
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain('is not a file that `cluster` wrote')
  })

  test('with --into keeps an earlier tree and puts later texts into it, and tells those of a theme it has not', async () => {
    const isLater = (i: number) => lines[i]!.labels.theme === 'card' || i % 4 === 0
    // Directions that stand apart by theme, and every later text beside one already known: near and far are beyond doubt.
    const placed = lines.map((line, i) => ({
      ...line,
      v: [0, 1, 2].map((k) => (k === i % 3 ? 1 : 0) + ((i >> 2) % 7) / 100),
    }))
    const asked = ['--text', 'ask.text', '--embeddings', 'v']
    const known = placed.filter((_, i) => !isLater(i))
    await cluster(await write('some.jsonl', jsonLines(known)), ...asked, '--k', '2')
    const before = await readOut()
    const earlier = await write('earlier.json', await readFile(join(folder, 'out.json'), 'utf8'))
    const run = await cluster(await write('all.jsonl', jsonLines(placed)), ...asked, '--into', earlier)
    const { assignments, tree, counts, unassigned_reasons: reasons } = await readOut()
    expect(tree.map(({ id, title }) => [id, title])).toEqual(before.tree.map(({ id, title }) => [id, title]))
    const kept = new Set(before.assignments.map((assignment) => JSON.stringify(assignment)))
    expect(assignments.filter((assignment) => kept.has(JSON.stringify(assignment)))).toHaveLength(known.length)
    const leafOf = (theme: string) => {
      const places = assignments.filter((_, i) => lines[i]!.labels.theme === theme).map(({ path }) => path.at(-1))
      return new Set(places)
    }
    expect(leafOf('refund')).toHaveLength(1)
    expect(leafOf('login')).toHaveLength(1)
    expect(leafOf('card')).toEqual(new Set([undefined]))
    expect(reasons).toEqual({ new_theme: 20 })
    expect(counts).toMatchObject({ texts: 60, clustered: 40, unassigned: 20 })
    expect(tree.map(({ size }) => size)).toEqual([20, 20])
    expect(run.stdout).toContain('20 of no theme known')
  })

  test('refuses --into where the file has nothing of the earlier output, and beside options that make a new tree', async () => {
    await cluster(await write('asks.jsonl', jsonLines(lines)), '--text', 'ask.text')
    const earlier = await write('earlier.json', await readFile(join(folder, 'out.json'), 'utf8'))
    const others = await write('others.jsonl', jsonLines(lines.map((line) => ({ ...line, id: `other-${line.id}` }))))
    const alone = await cluster(others, '--text', 'ask.text', '--into', earlier)
    expect(alone.exitCode).toBe(2)
    expect(alone.stderr).toContain('it needs those and the new ones')
    expect((await cluster(others, '--text', 'ask.text', '--into', earlier, '--k', '3')).exitCode).toBe(2)
  })

  test('takes embeddings from the file instead of making them', async () => {
    const vectors = lines.map((line, i) => ({ ...line, v: i < 30 ? [1, i / 1000, 0] : [0, i / 1000, 1] }))
    await cluster(
      await write('vectors.jsonl', jsonLines(vectors)),
      '--text',
      'ask.text',
      '--embeddings',
      'v',
      '--k',
      '2',
    )
    const { assignments } = await readOut()
    const leafOf = (i: number): string | undefined => assignments[i]?.path.at(-1)
    expect(new Set(Array.from({ length: 30 }, (_, i) => leafOf(i)))).toHaveLength(1)
    expect(leafOf(0)).not.toBe(leafOf(59))
  })

  test('names lines without an id by their number and leaves texts that say nothing unassigned', async () => {
    const records = [...lines.map(({ ask }) => ({ text: ask.text })), { text: '' }, { other: 1 }]
    const run = await cluster(await write('bare.jsonl', jsonLines(records)), '--text', 'text')
    const { assignments, unassigned_reasons: reasons } = await readOut()
    expect(assignments[0]?.id).toBe('1')
    expect(assignments.slice(-2)).toEqual([
      { id: '61', path: [], titles: [], unassigned: true, reason: 'empty' },
      { id: '62', path: [], titles: [], unassigned: true, reason: 'empty' },
    ])
    expect(reasons.empty).toBe(2)
    expect(run.stdout).toContain('Unassigned · 2')
  })

  test('prints the tree as JSON alone with --json, and the whole file to stdout with --out -', async () => {
    const path = await write('asks.jsonl', jsonLines(lines))
    const shown = await cluster(path, '--text', 'ask.text', '--json')
    const { assignments: _, ...rest } = await readOut()
    expect(JSON.parse(shown.stdout)).toEqual({ out: join(folder, 'out.json'), ...rest })
    const piped = await runInWorld(createTestWorld(), 'cluster', path, '--text', 'ask.text', '--out', '-')
    expect(JSON.parse(piped.stdout)).toEqual(await readOut())
  })

  test.each([
    ['a file that does not exist', undefined, /cannot be read/],
    ['a line that is no JSON', '{"ask":\n', /^Line 1 is not valid JSON/],
    ['a line that is no object', '[1]\n', /^Line 1 is not a JSON object/],
    ['a field that no line has', '{"question":"x"}\n', /No line has a field “ask”\. The first line has: question\./],
    ['a file that cannot be unpacked', gzipSync('{"ask":"x"}\n').subarray(0, 15), /cannot be read/],
  ])('leaves with 2 for %s', async (_, content, says) => {
    const path = content === undefined ? join(folder, 'missing.jsonl') : await write('wrong.jsonl', content)
    const run = await cluster(path, '--text', 'ask')
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(
      run.stderr
        .split('\n')
        .filter((line) => !line.startsWith('read'))
        .join('\n'),
    ).toMatch(says)
  })

  test('leaves with 2 for embeddings that cannot be used, naming the line', async () => {
    const wrong = await write(
      'wrong.jsonl',
      jsonLines([
        { t: 'a b c', v: [1, 2] },
        { t: 'a b c', v: 'x' },
      ]),
    )
    expect(await cluster(wrong, '--text', 't', '--embeddings', 'v')).toMatchObject({
      exitCode: 2,
      stderr: 'Line 2: “v” is not an array of numbers.\n',
    })
    const uneven = await write(
      'wrong.jsonl',
      jsonLines([
        { t: 'a b c', v: [1, 2] },
        { t: 'a b c', v: [1] },
      ]),
    )
    expect((await cluster(uneven, '--text', 't', '--embeddings', 'v')).stderr).toContain('must be of one length')
  })

  test('leaves with 1 for a file without lines', async () => {
    expect(await cluster(await write('empty.jsonl', '\n'), '--text', 't')).toMatchObject({ exitCode: 1 })
  })
})

describe('a dotted field', () => {
  test('is found inside others, in lists, and where a key itself has dots', () => {
    const record = { a: { b: [{ c: 1 }] }, 'x.y': { z: 2 }, 'p.q': 3, p: { q: 4 } }
    expect(
      ['a.b.0.c', 'x.y.z', 'p.q', 'a.b.1.c', 'toString', 'a.__proto__'].map((path) => findField(record, path)),
    ).toEqual([1, 2, 3, undefined, undefined, undefined])
  })
})

const dataDir = findDataDir()
describe.skipIf(dataDir === undefined)('cluster on 3,080 real questions (skipped without TRACE_DATA_DIR)', () => {
  const path = join(dataDir ?? '', dataSets.banking77)

  test('puts questions of one intent together far better than chance', { timeout: 120_000 }, async () => {
    const run = await cluster(path, '--text', 'request_preview')
    expect(run.exitCode).toBe(0)
    const { assignments, counts } = await readOut()
    expect(counts.texts).toBe(3080)
    expect(counts.leaves).toBeGreaterThan(30)
    const intents = new Map<string, string>()
    for await (const { trace_id: id, labels } of readJsonLines<{ trace_id: string; labels: { intent: string } }>(
      path,
    )) {
      intents.set(id, labels.intent)
    }
    // Purity: the share of texts whose leaf is mostly of their own intent. One of 77 by chance.
    let right = 0
    for (const members of Map.groupBy(
      assignments.filter(({ unassigned }) => !unassigned),
      ({ path }) => path.at(-1),
    ).values()) {
      right += Math.max(...[...Map.groupBy(members, ({ id }) => intents.get(id)).values()].map((all) => all.length))
    }
    expect(right / counts.clustered).toBeGreaterThan(0.6)
  })
})
