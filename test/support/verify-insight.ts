// Reads a finished Insight back with MLflow's own Python client.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formatsPlugin from 'ajv-formats'
import { z } from 'zod'
import { type ClusterDetails, ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { foreignEnvironment } from './programs.ts'

const run = promisify(execFile)
const schemaFile = join(import.meta.dirname, '../../docs/mlflow_insights_cluster_details.schema.json')

const Seen = z.object({
  version: z.string(),
  status: z.string(),
  counts: ClusterDetailsSchema.shape.counts,
  linked: z.number(),
  /** How many traces have how many summaries of this run. */
  assessments_per_trace: z.record(z.string(), z.number()),
  /** How many assessments are by whom, such as `CODE/builtin`. */
  sources: z.record(z.string(), z.number()),
  clusters: z.number(),
  leaf_clusters: z.number(),
  depth: z.number(),
  params: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), z.number()),
  artifacts: z.array(z.string()),
  folder: z.string(),
  /** What does not hold, and how often; empty for a true Insight. */
  problems: z.record(z.string(), z.number()),
})
export type SeenInsight = z.infer<typeof Seen> & { details: ClusterDetails }

/**
 * What MLflow's client sees of the run: links, assessments, tags, params, metrics, artifacts and whether all of it
 * reconciles (`problems`, to which the published JSON Schema adds its own). `older`: a newer Insight wrote onto the
 * same traces since.
 */
export async function verifyInsight(
  server: { url: string; python: string },
  runId: string,
  options: { older?: boolean; timeoutMs?: number } = {},
): Promise<SeenInsight> {
  const folder = await mkdtemp(join(tmpdir(), 'insights-artifacts-'))
  try {
    const script = join(import.meta.dirname, 'verify_insight.py')
    const { stdout } = await run(
      server.python,
      [script, server.url, runId, folder, ...(options.older === true ? ['--older'] : [])],
      { env: foreignEnvironment(), maxBuffer: 1 << 26, timeout: options.timeoutMs ?? 300_000 },
    )
    const line = stdout.split('\n').find((each) => each.startsWith('SEEN '))
    if (line === undefined) throw new Error(`The client saw nothing: ${stdout.slice(-2000)}`)
    const seen = Seen.parse(JSON.parse(line.slice('SEEN '.length)))
    const artifact: unknown = JSON.parse(
      await readFile(join(seen.folder, 'mlflow_insights_cluster_details.json'), 'utf8'),
    )
    for (const problem of await misfits(artifact)) seen.problems[problem] = 1
    return { ...seen, details: ClusterDetailsSchema.parse(artifact) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Where the artifact does not fit the schema that the project publishes. */
async function misfits(artifact: unknown): Promise<string[]> {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  // Its types say a module object; at run time the default import is the function itself.
  const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void
  addFormats(ajv)
  const validate = ajv.compile(JSON.parse(await readFile(schemaFile, 'utf8')) as object)
  if (validate(artifact)) return []
  return (validate.errors ?? []).slice(0, 10).map(({ instancePath, message }) => `schema: ${instancePath} ${message}`)
}

/** Everything of the hierarchy that must be the same for the same traces, question, models and seed. */
export function hierarchyOf(details: ClusterDetails): string {
  const { clusters, unassigned, map, overview, key_points, quality } = details
  return JSON.stringify({ clusters, unassigned, map, overview, key_points, quality })
}
