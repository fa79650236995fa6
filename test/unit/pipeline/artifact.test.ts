import { Ajv2020 } from 'ajv/dist/2020.js'
import formatsPlugin from 'ajv-formats'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const published = z.toJSONSchema(ClusterDetailsSchema, { target: 'draft-2020-12' })
const signal = new AbortController().signal

async function anArtifact(): Promise<Record<string, unknown>> {
  const world = createPlainWorld(
    Array.from({ length: 12 }, (_, at) => traceSaying(`tr-${at}`, `${['refund', 'login'][at % 2]} ${at}`)),
  )
  await runInsight({ runId: 'r1', spec: plainSpec }, world, { signal })
  return JSON.parse(world.tracking.artifacts.get('mlflow_insights_cluster_details.json')!) as Record<string, unknown>
}

test('the published JSON Schema is the one every artifact is checked against', async () => {
  await expect(`${JSON.stringify(published, null, 2)}\n`).toMatchFileSnapshot(
    '../../../docs/mlflow_insights_cluster_details.schema.json',
  )
})

test('an independent validator accepts our artifact, and refuses one whose counts are missing', async () => {
  const validator = new Ajv2020({ strict: false })
  // The plugin is CommonJS: its function is the default of its default.
  const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void
  addFormats(validator)
  const validate = validator.compile(published)
  const artifact = await anArtifact()
  expect(validate(artifact), JSON.stringify(validate.errors)).toBe(true)
  const { counts: _, ...withoutCounts } = artifact
  expect(validate(withoutCounts)).toBe(false)
})

test('the names other readers know are where they expect them', async () => {
  const artifact = await anArtifact()
  expect(artifact).toMatchObject({ overview: expect.any(String), instruction: plainSpec.instruction })
  expect((artifact['clusters'] as object[])[0]).toMatchObject({
    id: '1',
    title: expect.any(String),
    summary: expect.any(String),
    trace_ids: expect.arrayContaining(['tr-0']),
    children: [],
  })
})
