// `cluster`: any file of texts into a named hierarchy, without a server, a key or a network.
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { projectMap } from '#/clustering/map.ts'
import type { Matrix } from '#/clustering/matrix/matrix.ts'
import type { Threads } from '#/clustering/threads/threads.ts'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { detectLanguage } from '#/pipeline/builtin/language.ts'
import { cutWords, sentencesOf } from '#/pipeline/builtin/plain-text.ts'
import { titleOfRequest, toRequest } from '#/pipeline/builtin/request.ts'
import { nodesToName } from '#/pipeline/group.ts'
import { noUsage, type SummaryRecord } from '#/pipeline/insight.ts'
import { shorten } from '#/pipeline/names.ts'
import type { NamedNode } from '#/pipeline/ports.ts'
import { openThreads } from '#/server/compute/threads.ts'
import { readTextFile } from './cluster-input.ts'
import {
  type ClusterAssignment,
  type ClusterChange,
  type ClusterReport,
  type NamedCluster,
  toReportJson,
} from './cluster-output.ts'
import { compareClusters, renderChanges } from './compare-clusters.ts'
import { readEarlier } from './earlier-clusters.ts'
import { extendClusters } from './extend-clusters.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { createProgress } from './progress.ts'
import { renderTree, toUnassignedEntry, type TreeEntry } from './render-tree.ts'
import { toJsonText, toLine } from './terminal-text.ts'
import { styleOf, textColumns, type World } from './world.ts'

export type ClusterFlags = {
  text: string
  out: string
  embeddings?: string
  k?: number
  levels?: number
  minSize?: number
  map?: boolean
  compare?: string
  into?: string
  seed: number
  json?: boolean
}

/** Longer texts are named by their beginning. */
const maxCharsToName = 2_000
const mostTitleWords = 12
const mostOfARole = 5

/** Clusters the texts of a file; the same file and seed write the same bytes. */
export async function clusterCommand(path: string, flags: ClusterFlags, world: World): Promise<ExitCode> {
  const earlierPath = flags.compare ?? flags.into
  const earlier = earlierPath === undefined ? undefined : await readEarlier(earlierPath)
  const seed = flags.into === undefined ? flags.seed : (earlier?.seed ?? flags.seed)
  const progress = createProgress(world.stderr, world.now)
  const { ids, texts, vectors } = await readTextFile(path, flags, {
    onProgress: (lines) => progress.update({ stage: 'read', done: lines, total: 0 }),
  })
  if (texts.length === 0) throw new CliError('The file holds no lines.', exitCodes.failed)
  const showing =
    (stage: string) =>
    (share: number): void =>
      progress.update({ stage, done: Math.round(share * texts.length), total: texts.length })
  const threads = openThreads()
  const embedded = vectors ?? featurize(texts, { seed, threads, onProgress: showing('embed') })
  let report: ClusterReport
  if (earlier !== undefined && flags.into !== undefined) {
    report = extendClusters(earlier, { ids, vectors: embedded })
  } else {
    const placed = await clusterAnew(embedded, { ids, texts, flags, threads, onProgress: showing('cluster') })
    report =
      earlier === undefined ? placed : withChanges(placed, compareClusters(earlier.assignments, placed.assignments))
  }
  threads.close()
  progress.close({ isComplete: true })

  await writeReport(report, flags.out, world)
  const { assignments: _, ...shown } = report
  if (flags.json === true && flags.out !== '-') world.stdout.write(toJsonText({ out: flags.out, ...shown }))
  else (flags.out === '-' ? world.stderr : world.stdout).write(renderReport(report, world))
  if (flags.out !== '-') world.stderr.write(`Written to ${toLine(flags.out)}\n`)
  return report.tree.length === 0 ? exitCodes.failed : exitCodes.ok
}

async function clusterAnew(
  vectors: Matrix,
  {
    ids,
    texts,
    flags,
    threads,
    onProgress,
  }: {
    ids: readonly string[]
    texts: readonly string[]
    flags: ClusterFlags
    threads: Threads
    onProgress: (share: number) => void
  },
): Promise<ClusterReport> {
  const { seed } = flags
  const tree = clusterTree(vectors, {
    seed,
    texts,
    ...(flags.levels === undefined ? {} : { levels: flags.levels }),
    ...(flags.k === undefined ? {} : { maxLeaves: flags.k }),
    ...(flags.minSize === undefined ? {} : { minSize: flags.minSize }),
    stability: true,
    threads,
    onProgress,
  })
  const map = flags.map === true ? projectMap(vectors, tree, { seed }) : undefined
  return toReport(tree, { ids, names: await nameTree(tree, texts), seed, map })
}

/** The changes stand before the assignments, which are long. */
function withChanges({ assignments, ...rest }: ClusterReport, changes: ClusterChange[]): ClusterReport {
  return { ...rest, changes, assignments }
}

/** Titles by the built-in analyst; only the texts it is shown become summaries. */
async function nameTree(tree: ClusterTree, texts: readonly string[]): Promise<Map<string, NamedNode>> {
  const records: SummaryRecord[] = []
  // With holes: of a million texts a few thousand are looked at.
  records.length = texts.length
  const visit = (node: TreeNode): void => {
    for (const row of [...node.representatives, ...node.neighbours]) records[row] ??= toRecord(row, texts[row] ?? '')
    node.children.forEach(visit)
  }
  tree.roots.forEach(visit)
  const { names } = await createBuiltinAnalyst().nameClusters(
    { instruction: '', nodes: nodesToName(tree, records), total: texts.length, outcomes: {} },
    { signal: new AbortController().signal },
  )
  return new Map(names.map((name) => [name.id, name]))
}

/** The text taken for the summary of a trace. */
function toRecord(row: number, whole: string): SummaryRecord {
  const text = shorten(whole, maxCharsToName)
  const language = detectLanguage(text)
  const plain = sentencesOf(text)[0]?.plain ?? text
  return {
    traceId: String(row),
    ordinal: row,
    summary: {
      title: titleOfRequest(toRequest(plain, language), mostTitleWords) || cutWords(plain, 80),
      text,
      groupingText: text,
      outcome: 'unclear',
      language,
      evidence: [],
      readShare: 1,
      usage: noUsage,
      model: 'builtin',
    },
    facts: { requestTimeMs: 0, state: 'OK', feedback: { positive: 0, negative: 0 }, requestPreview: '' },
  }
}

function toReport(
  tree: ClusterTree,
  {
    ids,
    names,
    seed,
    map,
  }: { ids: readonly string[]; names: ReadonlyMap<string, NamedNode>; seed: number; map: Matrix | undefined },
): ClusterReport {
  const placeOf: (Pick<ClusterAssignment, 'path' | 'titles'> | undefined)[] = []
  const count = { clusters: 0, leaves: 0, depth: 0 }
  const idsOf = (rows: readonly number[]) => rows.slice(0, mostOfARole).flatMap((row) => ids[row] ?? [])
  const visit = (node: TreeNode, above: Pick<ClusterAssignment, 'path' | 'titles'>): NamedCluster => {
    const { title, summary } = names.get(node.path) ?? { title: node.keywords.join(', ') || node.path, summary: '' }
    const place = { path: [...above.path, node.path], titles: [...above.titles, title] }
    count.clusters++
    if (node.children.length === 0) {
      count.leaves++
      count.depth = Math.max(count.depth, place.path.length)
      for (const row of node.members) placeOf[row] = place
    }
    return {
      id: node.path,
      title,
      summary,
      size: node.size,
      share: node.size / ids.length,
      keywords: node.keywords,
      quality: node.quality,
      representative_ids: idsOf(node.representatives),
      borderline_ids: node.borderline
        .slice(0, mostOfARole)
        .flatMap(({ row, next }) => (ids[row] === undefined ? [] : { id: ids[row], next })),
      extreme_ids: idsOf(node.extremes),
      children: node.children.map((child) => visit(child, place)),
    }
  }
  const roots = tree.roots.map((root) => visit(root, { path: [], titles: [] }))
  const reasonOf = new Map(tree.unassigned.map(({ row, reason }) => [row, reason]))
  const unassigned = tree.unassigned.length
  return {
    seed,
    counts: { texts: ids.length, clustered: ids.length - unassigned, unassigned, ...count },
    quality: tree.quality,
    unassigned_reasons: Object.fromEntries(
      [...Map.groupBy(tree.unassigned, ({ reason }) => reason)].map(([reason, all]) => [reason, all.length]),
    ),
    tree: roots,
    assignments: {
      *[Symbol.iterator]() {
        for (const [row, id] of ids.entries()) {
          const place = placeOf[row]
          const reason = reasonOf.get(row)
          const at = map === undefined ? {} : { x: map.data[row * 2]!, y: map.data[row * 2 + 1]! }
          if (place !== undefined) yield { id, ...place, unassigned: false, ...at }
          else yield { id, path: [], titles: [], unassigned: true, ...(reason === undefined ? {} : { reason }), ...at }
        }
      },
    },
  }
}

/** Whole or not at all; `-` is the output. */
async function writeReport(report: ClusterReport, out: string, world: World): Promise<void> {
  if (out === '-') {
    for (const piece of toReportJson(report)) world.stdout.write(piece)
    return
  }
  const part = `${out}.part`
  try {
    await pipeline(Readable.from(toReportJson(report)), createWriteStream(part))
    await rename(part, out)
  } catch (error) {
    await rm(part, { force: true })
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new CliError(`${toLine(out)} cannot be written${code}.`, exitCodes.unusable, { cause: error })
  }
}

function renderReport(
  { tree, counts, quality, changes, unassigned_reasons: unassignedReasons }: ClusterReport,
  world: World,
): string {
  const toEntry = ({ id, title, size, share, summary, children }: NamedCluster): TreeEntry => ({
    id,
    title,
    size,
    share,
    summary,
    children: children.map(toEntry),
  })
  const outside = toUnassignedEntry(counts.unassigned, counts.unassigned / counts.texts, unassignedReasons)
  const lines = renderTree([...tree.map(toEntry), ...outside], {
    columns: textColumns(world.stdout),
    style: styleOf(world.stdout),
  })
  const levels = `${counts.depth} ${counts.depth === 1 ? 'level' : 'levels'}`
  const facts = `${counts.texts} texts = ${counts.clustered} clustered + ${counts.unassigned} unassigned; ${counts.leaves} leaf clusters in ${levels}; silhouette ${quality.silhouette.toFixed(2)}${quality.stability === null ? '' : `, stability ${quality.stability.toFixed(2)}`}`
  const told = changes === undefined ? '' : `\n${renderChanges(changes).join('\n')}\n`
  return `${lines.join('\n')}\n\n${facts}\n${told}`
}
