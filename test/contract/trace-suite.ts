// Traces, links, tags and assessments as they go over the wire.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createRaw, type Raw, type RawAnswer, seedTrace } from '#/test/support/mlflow-raw.ts'
import { createExperiment, createRun } from './wire-suite.ts'

const traces = '/api/3.0/mlflow/traces'
type WireTrace = {
  trace_id: string
  tags: Record<string, string>
  trace_metadata: Record<string, string>
  assessments?: WireAssessment[]
}
type WireAssessment = { assessment_id: string; valid?: boolean; rationale?: string; metadata?: Record<string, string> }

export function traceSuite(getServer: () => { url: string }): void {
  describe('traces', () => {
    let raw: Raw
    let experimentId: string
    /** Five traces, one minute apart, the newest last. */
    let ids: string[]
    const at = Date.UTC(2026, 9, 1)

    beforeAll(async () => {
      raw = createRaw(getServer().url)
      experimentId = await createExperiment(raw)
      ids = []
      for (let i = 0; i < 5; i++) {
        ids.push(
          await seedTrace(raw, experimentId, {
            timeMs: at + i * 60_000,
            state: i === 2 ? 'ERROR' : 'OK',
            spans: i + 1,
            tags: { 'shop.area': i % 2 === 0 ? "women's wear" : 'shoes' },
            ...(i === 0 ? { startNano: '1795168800001000001' } : {}),
          }),
        )
      }
    })

    const sorted = (...at: number[]): string[] => at.map((i) => ids[i] ?? '').toSorted()
    const search = (body: object): Promise<RawAnswer> =>
      raw('POST', `${traces}/search`, {
        json: {
          locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } }],
          ...body,
        },
      })
    const idsOf = ({ json }: RawAnswer): string[] =>
      ((json['traces'] ?? []) as WireTrace[]).map(({ trace_id }) => trace_id)
    const matches = async (filter: string): Promise<string[]> => idsOf(await search({ filter })).toSorted()
    const getInfo = async (id: string): Promise<WireTrace> => {
      const { json } = await raw('GET', `${traces}/${id}`)
      return (json as { trace: { trace_info: WireTrace } }).trace.trace_info
    }

    test('a search without matches, in no experiment or in an unknown one, is an empty object', async () => {
      expect((await search({ filter: "status = 'IN_PROGRESS'" })).json).toEqual({})
      expect((await search({ locations: [] })).json).toEqual({})
      const unknown = [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '987654' } }]
      expect(await search({ locations: unknown })).toMatchObject({ status: 200, json: {} })
    })

    test('pages follow offset tokens, newest first', async () => {
      const first = await search({ max_results: 2 })
      expect(idsOf(first)).toEqual([ids[4], ids[3]])
      const token = String(first.json['next_page_token'])
      expect(JSON.parse(Buffer.from(token, 'base64').toString())).toEqual({ offset: 2 })
      expect(idsOf(await search({ max_results: 2, page_token: token }))).toEqual([ids[2], ids[1]])
    })

    test('a page has 500 traces at most and one at least', async () => {
      expect((await search({ max_results: 500 })).status).toBe(200)
      expect(await search({ max_results: 501 })).toMatchObject({ status: 400 })
      expect(await search({ max_results: 0 })).toMatchObject({ status: 400 })
    })

    test('filters speak of status and request_id, joined by AND alone', async () => {
      expect(await matches("status = 'ERROR'")).toEqual([ids[2]])
      expect(await matches(`request_id IN ('${ids[0]}', '${ids[1]}')`)).toEqual(sorted(0, 1))
      expect(await matches(`status = 'OK' AND timestamp_ms > ${at + 3 * 60_000}`)).toEqual([ids[4]])
      for (const wrong of [
        "state = 'ERROR'",
        `trace_id = '${ids[0]}'`,
        "status = 'OK' OR status = 'ERROR'",
        "tag.`shop.area` IN ('shoes')",
        "run_id IN ('a')",
        'nonsense',
      ]) {
        expect([wrong, (await search({ filter: wrong })).status]).toEqual([wrong, 400])
      }
    })

    test('values stand in the quotes they do not hold', async () => {
      expect(await matches('tag.`shop.area` = "women\'s wear"')).toEqual(sorted(0, 2, 4))
      expect(await matches("tag.shop.area = 'shoes'")).toEqual(sorted(1, 3))
      expect(await matches("tag.shop.area LIKE 'wom%'")).toHaveLength(3)
      expect(await matches("name = 'assistant'")).toHaveLength(5)
      expect(await matches("metadata.mlflow.trace.session = 'session-1'")).toHaveLength(5)
    })

    test('spans keep their nanoseconds past 2^53', async () => {
      const { text } = await raw('GET', '/ajax-api/3.0/mlflow/get-trace-artifact', {
        query: { request_id: ids[0] ?? '' },
      })
      expect(text).toContain('1795168800001000001')
    })

    test('get-trace-artifact gives attributes as JSON text', async () => {
      const answer = await raw('GET', '/ajax-api/3.0/mlflow/get-trace-artifact', {
        query: { request_id: ids[1] ?? '' },
      })
      const spans = answer.json['spans'] as { attributes: Record<string, string>; parent_span_id?: string | null }[]
      expect(spans).toHaveLength(2)
      expect(spans[0]?.parent_span_id ?? null).toBeNull()
      expect(spans[0]?.attributes['mlflow.spanType']).toBe('"AGENT"')
      expect(JSON.parse(spans[0]?.attributes['mlflow.spanInputs'] ?? '')).toEqual({
        messages: [{ role: 'user', content: 'Where?' }],
      })
    })

    test('a record without spans is a 500 to traces/get and takes a whole batchGet along', async () => {
      const bare = await seedTrace(raw, await createExperiment(raw))
      const one = await raw('GET', `${traces}/get`, { query: { trace_id: bare, allow_partial: 'true' } })
      expect(one).toMatchObject({ status: 500, json: { error_code: 'INTERNAL_ERROR' } })
      expect(one.text).toMatch(/not stored in tracking store/i)
      const many = await raw('GET', `${traces}/batchGet?trace_ids=${ids[0]}&trace_ids=${bare}`)
      expect(many.status).toBe(500)
      const artifact = await raw('GET', '/ajax-api/3.0/mlflow/get-trace-artifact', { query: { request_id: bare } })
      expect(artifact.status).toBe(404)
    })

    test('batchGetInfos keeps the order and leaves out what is missing', async () => {
      const wanted = [ids[3], 'tr-none', ids[0]]
      const { json } = await raw('POST', `${traces}/batchGetInfos`, { json: { trace_ids: wanted } })
      expect((json['trace_infos'] as WireTrace[]).map(({ trace_id }) => trace_id)).toEqual([ids[3], ids[0]])
    })

    test('long tags are kept to 8,000 and served to 4,096 characters, metadata to 250', async () => {
      const id = await seedTrace(raw, experimentId, { timeMs: at - 1000, metadata: { long: 'm'.repeat(400) } })
      const value = 'z'.repeat(9000)
      expect(await raw('PATCH', `${traces}/${id}/tags`, { json: { key: 'long', value } })).toMatchObject({
        status: 200,
        json: {},
      })
      const info = await getInfo(id)
      expect(info.tags['long']).toHaveLength(4096)
      expect(info.trace_metadata['long']).toHaveLength(250)
      expect(await matches(`tag.long = '${value.slice(0, 8000)}'`)).toEqual([id])
    })

    test('links take 100 different ids a call, and do not look whether they exist', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'links' })
      const link = (trace_ids: unknown[]) =>
        raw('POST', '/api/2.0/mlflow/traces/link-to-run', { json: { run_id: info['run_id'], trace_ids } })
      expect(await link([])).toMatchObject({ status: 200, json: {} })
      expect((await link([ids[0], ids[1]])).status).toBe(200)
      expect((await link([ids[1]])).status).toBe(200)
      expect((await link(['tr-no-such-trace'])).status).toBe(200)
      expect((await link([ids[2], ids[2]])).status).toBe(400)
      expect((await link(Array.from({ length: 101 }, (_, i) => `tr-${i}`))).status).toBe(400)
      expect(await matches(`run_id = '${String(info['run_id'])}'`)).toEqual(sorted(0, 1))
    })

    test('an assessment keeps the id it came with, and the id cannot be used again', async () => {
      const assessment_id = `a-${randomUUID().slice(0, 30)}`
      const create = () => createAssessment(ids[0], { assessment_id, feedback: { value: 'good' } })
      const first = await create()
      expect(first.json).toMatchObject({ assessment: { assessment_id } })
      const second = await create()
      // 400 with the database's own words (UNIQUE constraint failed) before, 500 with a sentence from 3.17 on.
      expect([400, 500]).toContain(second.status)
      expect(second.text).toMatch(/constraint/i)
      expect(
        (await getInfo(ids[0] ?? '')).assessments?.filter((one) => one.assessment_id === assessment_id),
      ).toHaveLength(1)
    })

    const createAssessment = (id: string | undefined, fields: object): Promise<RawAnswer> =>
      raw('POST', `${traces}/${id}/assessments`, {
        json: {
          assessment: {
            assessment_name: 'quality',
            trace_id: id,
            source: { source_type: 'CODE', source_id: 'test' },
            ...fields,
          },
        },
      })
    const assessmentOf = ({ json }: RawAnswer): WireAssessment => json['assessment'] as WireAssessment

    test('an update mask is one string; an object of paths changes nothing', async () => {
      const created = assessmentOf(
        await createAssessment(ids[1], { feedback: { value: 1 }, metadata: { a: '1' }, rationale: 'old' }),
      )
      const path = `${traces}/${ids[1]}/assessments/${created.assessment_id}`
      const patch = (update_mask: unknown) =>
        raw('PATCH', path, { json: { assessment: { rationale: 'new', metadata: { b: '2' } }, update_mask } })
      await patch({ paths: ['rationale'] })
      expect(assessmentOf(await raw('GET', path)).rationale).toBe('old')
      expect((await patch('rationale,metadata')).status).toBe(200)
      expect(assessmentOf(await raw('GET', path))).toMatchObject({ rationale: 'new', metadata: { a: '1', b: '2' } })
    })

    test('overriding makes the older assessment invalid until the newer one is deleted', async () => {
      const old = assessmentOf(await createAssessment(ids[2], { feedback: { value: false } }))
      const newer = assessmentOf(
        await createAssessment(ids[2], { feedback: { value: true }, overrides: old.assessment_id }),
      )
      const isValid = async (): Promise<boolean> =>
        assessmentOf(await raw('GET', `${traces}/${ids[2]}/assessments/${old.assessment_id}`)).valid ?? true
      expect(await isValid()).toBe(false)
      const remove = () => raw('DELETE', `${traces}/${ids[2]}/assessments/${newer.assessment_id}`, { json: {} })
      expect((await remove()).status).toBe(200)
      expect(await isValid()).toBe(true)
      expect((await remove()).status).toBe(200)
    })

    test('a source type that does not exist is stored as unspecified', async () => {
      const created = await createAssessment(ids[3], {
        source: { source_type: 'NO_SUCH', source_id: 'x' },
        feedback: { value: 1 },
      })
      expect(created.status).toBe(200)
      const { source } = created.json['assessment'] as { source: { source_type?: string } }
      expect(source.source_type ?? 'SOURCE_TYPE_UNSPECIFIED').toBe('SOURCE_TYPE_UNSPECIFIED')
    })

    test('feedback is found by its value in quotes', async () => {
      await createAssessment(ids[4], { assessment_name: 'found', feedback: { value: 'yes' } })
      expect(await matches("feedback.found = 'yes'")).toEqual([ids[4]])
    })

    test('tags and assessments on a trace that does not exist are refused', async () => {
      const tag = await raw('PATCH', `${traces}/tr-none/tags`, { json: { key: 'a', value: 'b' } })
      expect([400, 404]).toContain(tag.status)
      expect([400, 404]).toContain((await createAssessment('tr-none', { feedback: { value: 1 } })).status)
    })

    test('OTLP alone makes a trace, without a name tag', async () => {
      const hex = randomUUID().replaceAll('-', '')
      const span = {
        traceId: hex,
        spanId: hex.slice(0, 16),
        name: 'otlp',
        startTimeUnixNano: `${at - 5000}000000`,
        endTimeUnixNano: `${at - 4000}000000`,
        status: { code: 1 },
        attributes: [{ key: 'session.id', value: { stringValue: 'sess-9' } }],
      }
      const sent = await raw('POST', '/v1/traces', {
        json: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] },
        headers: { 'x-mlflow-experiment-id': experimentId },
      })
      expect(sent.status).toBe(200)
      const info = await getInfo(`tr-${hex}`)
      // In quotes of its own until somewhere before 3.17.
      expect(info.trace_metadata['mlflow.trace.session']).toMatch(/^"?sess-9"?$/)
      expect(info.tags).not.toHaveProperty('mlflow.traceName')
      expect(info.tags['mlflow.trace.spansLocation']).toBe('TRACKING_STORE')
    })

    test('OTLP without an experiment is a 422 with a list of findings', async () => {
      const answer = await raw('POST', '/v1/traces', { json: { resourceSpans: [] } })
      expect(answer.status).toBe(422)
      expect(Array.isArray(answer.json['detail'])).toBe(true)
    })
  })
}
