// What an earlier `cluster` wrote, read back.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { type NamedCluster, outsideReasons } from './cluster-output.ts'
import { CliError, exitCodes } from './exit.ts'
import { toLine } from './terminal-text.ts'

const Quality = z.object({ silhouette: z.number(), coverage: z.number(), stability: z.number().nullable() })

const Cluster: z.ZodType<NamedCluster> = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  size: z.number(),
  share: z.number(),
  keywords: z.array(z.string()),
  quality: Quality,
  representative_ids: z.array(z.string()),
  borderline_ids: z.array(z.object({ id: z.string(), next: z.string() })),
  extreme_ids: z.array(z.string()),
  get children() {
    return z.array(Cluster)
  },
})

const EarlierFile = z.object({
  seed: z.number(),
  quality: Quality,
  tree: z.array(Cluster),
  counts: z.object({
    texts: z.number(),
    clustered: z.number(),
    unassigned: z.number(),
    clusters: z.number(),
    leaves: z.number(),
    depth: z.number(),
  }),
  assignments: z.array(
    z.object({
      id: z.string(),
      path: z.array(z.string()),
      titles: z.array(z.string()),
      unassigned: z.boolean(),
      reason: z.enum(outsideReasons).optional(),
    }),
  ),
})
export type EarlierClusters = z.infer<typeof EarlierFile>

/** Tree and places of an earlier output. Throws a CliError (exit code 2) for any other file. */
export async function readEarlier(path: string): Promise<EarlierClusters> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new CliError(`${toLine(path)} cannot be read.`, exitCodes.unusable, { cause: error })
  }
  const parsed = EarlierFile.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new CliError(`${toLine(path)} is not a file that \`cluster\` wrote.`, exitCodes.unusable)
  }
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
