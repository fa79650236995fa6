import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InsightEvent } from '#/server/api/schemas/events.ts'
import {
  aCluster,
  aHierarchy,
  anEstimate,
  anInsight,
  createServiceState,
  fakeService,
  insightId,
  type ServiceState,
} from './cli-service.ts'
import { createTestWorld, isHarmless, runInWorld, type TestWorld } from './cli-world.ts'

const usage = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, calls: 0, cost_usd: 0 }
const summarizing = (done: number, failed = 0): InsightEvent => ({
  type: 'progress',
  stage: 'summarize',
  done,
  total: 10,
  failed,
  usage,
})
const ended: InsightEvent = { type: 'end', status: 'FINISHED' }

const worldWith = (state: ServiceState, changes: Parameters<typeof createTestWorld>[0] = {}): TestWorld =>
  createTestWorld({ fetch: fakeService(state), ...changes })
const ask = ['create', '--experiment', 'sales', '--instruction', 'What do customers need?']

describe('create', () => {
  test('asks the question of the experiment of that name and prints the id alone', async () => {
    const state = createServiceState()
    const run = await runInWorld(worldWith(state), ...ask)
    expect(run).toMatchObject({ exitCode: 0, stdout: `${insightId}\n` })
    expect(state.seen.created).toEqual([
      { experiment_id: '2', instruction: 'What do customers need?', scope: { filter: '' } },
    ])
  })

  test('sends every option in the API’s words', async () => {
    const state = createServiceState()
    const scope = [
      '--filter',
      "trace.status = 'OK'",
      '--max-traces',
      '50',
      '--sample',
      'stratified',
      '--stratify-by',
      'day',
    ]
    const described = ['--name', 'Needs', '--description', 'for Monday', '--seed', '7', '--analyst', 'builtin']
    await runInWorld(worldWith(state), ...ask, ...scope, ...described)
    expect(state.seen.created).toEqual([
      {
        experiment_id: '2',
        instruction: 'What do customers need?',
        name: 'Needs',
        description: 'for Monday',
        scope: { filter: "trace.status = 'OK'", max_traces: 50, sample: 'stratified', stratify_by: 'day' },
        options: { seed: 7, analyst: 'builtin' },
      },
    ])
  })

  test('with --estimate prints what each stage would take, as text that is safe to print, and creates nothing', async () => {
    const state = createServiceState()
    const run = await runInWorld(worldWith(state), ...ask, '--estimate')
    expect(run.exitCode).toBe(0)
    const [traces, head, row, total, unpriced] = run.stdout.split('\n')
    expect(traces).toBe('10 traces, 8 of them read for this')
    expect(head).toMatch(/^STAGE +MODEL +CALLS +TOKENS IN +TOKENS OUT +COST +TIME$/)
    expect(row).toMatch(/^summarize +mini.* +10 +4000–6000 +800–1200 +\$0\.10–\$0\.30 +\S/)
    expect(total).toMatch(/^total +10 +4000–6000 +800–1200 +\$0\.10–\$0\.30 +\S/)
    expect(unpriced).toMatch(/^No price is known for mini/)
    expect(isHarmless(run.stdout)).toBe(true)
    expect(state.seen.created).toEqual([])
    expect(state.seen.estimated).toEqual([
      { experiment_id: '2', instruction: 'What do customers need?', scope: { filter: '' } },
    ])
  })

  test('with --estimate and --json prints the API’s answer and creates nothing', async () => {
    const state = createServiceState()
    const run = await runInWorld(worldWith(state), ...ask, '--estimate', '--json')
    expect(JSON.parse(run.stdout)).toEqual(anEstimate)
    expect(state.seen.created).toEqual([])
  })

  test('--estimate and --watch exclude each other', async () => {
    const state = createServiceState()
    expect((await runInWorld(worldWith(state), ...ask, '--estimate', '--watch')).exitCode).toBe(2)
    expect(state.seen.created).toEqual([])
  })

  test('leaves with 1 and the names there are when the experiment does not exist', async () => {
    const run = await runInWorld(
      worldWith(createServiceState()),
      'create',
      '--experiment',
      'x',
      '--instruction',
      'Why?',
    )
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toBe('There is no experiment “x”. There are:\n  support\n  sales\n')
  })

  test('leaves with 2 when the question is none, before anything is sent', async () => {
    const state = createServiceState()
    const run = await runInWorld(worldWith(state), 'create', '--experiment', 'sales', '--instruction', ' ')
    expect(run).toMatchObject({ exitCode: 2, stderr: 'instruction: Ask a question about the traces.\n' })
    expect(state.seen.created).toEqual([])
  })

  test('takes credentials from the environment, a token before user and password', async () => {
    const state = createServiceState()
    const env = { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'secret' }
    await runInWorld(worldWith(state, { env }), 'show', insightId)
    await runInWorld(worldWith(state, { env: { ...env, MLFLOW_TRACKING_TOKEN: 't0ken' } }), 'show', insightId)
    expect(new Set(state.seen.authorizations)).toEqual(
      new Set([`Basic ${Buffer.from('ann:secret').toString('base64')}`, 'Bearer t0ken']),
    )
  })
})

describe('create --watch', () => {
  test('shows a line for each stage, then the tree, and leaves with 0', async () => {
    const state = createServiceState({
      streams: [
        [
          { event: { type: 'state', insight: anInsight({ status: 'RUNNING', stage: 'load' }) } },
          { id: '1', event: { type: 'stage', stage: 'load', total: 0 } },
          { id: '2', event: { type: 'stage', stage: 'summarize', total: 10 } },
          { id: '3', event: summarizing(4) },
          { id: '4', event: summarizing(10, 1) },
          { id: '5', event: { type: 'log', level: 'warn', message: 'The model is slow.\u001b[2J' } },
          { id: '6', event: { type: 'stage', stage: 'cluster', total: 9 } },
          { id: '7', event: ended },
        ],
      ],
    })
    const run = await runInWorld(worldWith(state), ...ask, '--watch')
    expect(run.exitCode).toBe(0)
    expect(run.stderr).toMatchInlineSnapshot(`
      "Insight 7a88c1f0d2b94e5f8a3b6c7d9e0f1a2b
      load
      summarize  ░░░░░░░░░░░░░░░░░░░░░░░░  0/10  0 %
      summarize  ████████████████████████  10/10  100 %  1 failed
      The model is slow.
      cluster    ░░░░░░░░░░░░░░░░░░░░░░░░  0/9  0 %
      cluster    ████████████████████████  9/9  100 %
      "
    `)
    expect(run.stdout).toContain('├─ 1 Money back · 5 (63 %)')
  })

  test('never goes back, though what led to the first state is told after it', async () => {
    const now = { stage: 'summarize', done: 8, total: 10 } as const
    const state = createServiceState({
      streams: [
        [
          { event: { type: 'state', insight: anInsight({ status: 'RUNNING', stage: 'summarize', progress: now }) } },
          { id: '1', event: { type: 'stage', stage: 'load', total: 0 } },
          { id: '2', event: summarizing(4) },
          { id: '3', event: summarizing(10) },
          { id: '4', event: ended },
        ],
      ],
    })
    const { stderr } = await runInWorld(worldWith(state), ...ask, '--watch')
    expect(stderr.match(/^(load|summarize)|\d+\/10/gm)).toEqual(['summarize', '8/10', 'summarize', '10/10'])
  })

  test('picks the stream up where it broke off', async () => {
    const state = createServiceState({
      streams: [[{ id: '41', event: summarizing(4) }], [{ id: '42', event: summarizing(10) }], [{ event: ended }]],
    })
    const run = await runInWorld(worldWith(state), ...ask, '--watch')
    expect(run.exitCode).toBe(0)
    expect(state.seen.lastEventIds).toEqual([undefined, '41', '42'])
  })

  test('asks now and then where there is no stream', async () => {
    const state = createServiceState({
      insight: anInsight({ status: 'RUNNING', progress: { stage: 'summarize', done: 4, total: 10 } }),
    })
    let turns = 0
    const onSleep = (): void => {
      if (++turns === 3) state.insight = anInsight()
    }
    const run = await runInWorld(worldWith(state, { onSleep }), ...ask, '--watch')
    expect(run.exitCode).toBe(0)
    expect(run.stderr).toContain('4/10  40 %')
    expect(turns).toBe(3)
  })

  test('keeps asking while the service restarts', async () => {
    const state = createServiceState({ insight: anInsight({ status: 'RUNNING' }) })
    const real = fakeService(state)
    let isDown = false
    let turns = 0
    const world = worldWith(state, {
      fetch: (input, init) => (isDown ? Promise.reject(new TypeError('fetch failed')) : real(input, init)),
      onSleep: () => {
        turns++
        isDown = turns >= 2 && turns < 10
        if (turns === 12) state.insight = anInsight()
      },
    })
    expect((await runInWorld(world, ...ask, '--watch')).exitCode).toBe(0)
  })

  test('gives up with 2 when the service stays away, and says that the job does not mind', async () => {
    const state = createServiceState({ insight: anInsight({ status: 'RUNNING' }) })
    const real = fakeService(state)
    let turns = 0
    const world = worldWith(state, {
      fetch: (input, init) => (turns > 1 ? Promise.reject(new TypeError('fetch failed')) : real(input, init)),
      onSleep: () => void turns++,
    })
    const run = await runInWorld(world, ...ask, '--watch')
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain(`the job itself is not affected. See it with: trace-insights show ${insightId}`)
  })

  test('stops at Ctrl-C without cancelling the job, and says so', async () => {
    const state = createServiceState({ insight: anInsight({ status: 'RUNNING' }) })
    const world: TestWorld = worldWith(state, { onSleep: () => world.interrupt() })
    const run = await runInWorld(world, ...ask, '--watch')
    expect(run.exitCode).toBe(130)
    expect(run.stderr).toContain(`Stopped watching; the job goes on. See it with: trace-insights show ${insightId}`)
    expect(state.seen.cancelled).toEqual([])
  })

  test('leaves with 1 when the job failed, and prints why', async () => {
    const error = { code: 'model.unauthorized', detail: 'The model refused the key.' }
    const state = createServiceState({
      insight: anInsight({ status: 'FAILED', error }),
      streams: [[{ event: { type: 'end', status: 'FAILED' } }]],
    })
    const run = await runInWorld(worldWith(state), ...ask, '--watch')
    expect(run.exitCode).toBe(1)
    expect(run.stdout).toContain('model.unauthorized: The model refused the key.')
  })

  test('prints JSON alone on stdout with --json', async () => {
    const state = createServiceState({ streams: [[{ id: '1', event: summarizing(4) }, { event: ended }]] })
    const run = await runInWorld(worldWith(state), ...ask, '--watch', '--json')
    expect(JSON.parse(run.stdout)).toEqual({ insight: anInsight(), hierarchy: aHierarchy })
    expect(run.stderr).toContain('summarize')
  })
})

describe('show', () => {
  test('prints the tree with sizes and shares, what is outside of it, and the overview', async () => {
    const run = await runInWorld(worldWith(createServiceState(), { columns: 72 }), 'show', insightId)
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toMatchInlineSnapshot(`
      "What do customers need?
      FINISHED · support · 10 traces · 2 leaf clusters in 2 levels · 5.3 s ·
      builtin · seed 1

      ├─ 1 Money back · 5 (63 %)
      │  │  Customers want a refund, and wait for it longer than they were
      │  │  told they would.
      │  ├─ 1.1 Refund not received after return · 3 (38 %)
      │  │     Returned, not refunded.
      │  └─ 1.2 Charged twice · 2 (25 %)
      ├─ 2 Cannot sign in · 2 (25 %)
      │     Codes do not arrive.
      ├─ Unassigned · 1 (13 %)
      │     1 unlike every group
      ├─ Skipped · 1
      │     Nothing to read in them.
      └─ Failed · 1
            Could not be read or summarized; the API lists each with its
            reason.

      10 selected = 8 summarized + 1 skipped + 1 failed; 8 = 7 clustered + 1 unassigned

      Overview
      Most customers want their money back.

      Few are lost.

      • Refunds are slow (50 %)

      MLflow: http://mlflow/#/run
      "
    `)
  })

  test('takes the reasons for unassigned as codes or as sentences, and gives a share once', async () => {
    const reasons = { unlike_others: 1, 'Unassigned: too short to tell what it is about.': 2 }
    const state = createServiceState({
      insight: anInsight({ key_points: [{ text: 'Refunds: 5 (63%).', share: 0.625, cluster_ids: [], evidence: [] }] }),
      hierarchy: { ...aHierarchy, unassigned: { size: 3, share: 0.3, reasons } },
    })
    const { stdout } = await runInWorld(worldWith(state), 'show', insightId)
    expect(stdout).toContain('1 unlike every group, 2 too short to tell what it is about\n')
    expect(stdout).toContain('• Refunds: 5 (63%).\n')
  })

  test('prints nothing of a hostile trace that a terminal would obey', async () => {
    const hostile = 'Refund\u001b]0;owned\u0007 \u001b[31mred\u009b2J \u202eevil\r\nnext\u2066'
    const state = createServiceState({
      insight: anInsight({ name: hostile, overview: hostile, instruction: hostile }),
      hierarchy: { ...aHierarchy, clusters: [aCluster('1', hostile, { summary: hostile })] },
    })
    const plain = await runInWorld(worldWith(state), 'show', insightId)
    expect(plain.stdout).toContain('1 Refund red evil next · 1')
    expect(isHarmless(plain.stdout)).toBe(true)
    const json = await runInWorld(worldWith(state), 'show', insightId, '--json')
    expect(isHarmless(json.stdout)).toBe(true)
    expect(JSON.parse(json.stdout)).toMatchObject({ insight: { name: hostile } })
  })

  test('leaves with 1 for an Insight that does not exist', async () => {
    const run = await runInWorld(worldWith(createServiceState()), 'show', 'nope')
    expect(run).toEqual({ exitCode: 1, stdout: '', stderr: 'There is no Insight nope.\n' })
  })
})

describe('list', () => {
  test('prints a line for each Insight', async () => {
    const run = await runInWorld(worldWith(createServiceState()), 'list')
    expect(run.stdout).toMatchInlineSnapshot(`
      "ID                                STATUS    TRACES  CLUSTERS  CREATED (UTC)     EXPERIMENT  NAME
      7a88c1f0d2b94e5f8a3b6c7d9e0f1a2b  FINISHED      10         2  2026-11-01 10:00  support     What do customers need?
      "
    `)
  })

  test('asks for what was wanted, the experiment by its id', async () => {
    const state = createServiceState()
    await runInWorld(
      worldWith(state),
      ...'list --experiment sales --status FAILED --search refund --limit 7'.split(' '),
    )
    expect(state.seen.queries).toEqual([{ page_size: '7', experiment_id: '2', status: 'FAILED', search: 'refund' }])
  })

  test('prints an empty list as JSON, and says how to begin to a person', async () => {
    const state = createServiceState({ insight: anInsight({ id: '' }) })
    expect(JSON.parse((await runInWorld(worldWith(state), 'list', '--json')).stdout)).toEqual({ items: [] })
    expect(await runInWorld(worldWith(state), 'list')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('There are no Insights here yet'),
    })
  })
})

describe('export', () => {
  test('writes the file as it is, and leaves no half of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cli-export-'))
    const out = join(folder, 'all.csv')
    const run = await runInWorld(worldWith(createServiceState()), 'export', insightId, '--format', 'csv', '--out', out)
    expect(run).toMatchObject({ exitCode: 0, stdout: '' })
    expect(await readFile(out, 'utf8')).toBe('trace_id,summary\r\ntr-1,\u001b[31mred\u202e\r\n')
    expect(await readdir(folder)).toEqual(['all.csv'])
    await rm(folder, { recursive: true })
  })

  test('prints to a pipe as it is and to a terminal without what would move it', async () => {
    const args = ['export', insightId, '--format', 'csv']
    const piped = await runInWorld(worldWith(createServiceState()), ...args)
    expect(piped.stdout).toContain('\u001b[31m')
    const seen = await runInWorld(worldWith(createServiceState(), { isTty: true }), ...args)
    expect(seen.stdout).toBe('trace_id,summary\ntr-1,red\n')
  })

  test('leaves with 2 when the file cannot be written', async () => {
    const run = await runInWorld(worldWith(createServiceState()), 'export', insightId, '--out', '/nowhere/at/all.json')
    expect(run).toMatchObject({ exitCode: 2, stderr: '/nowhere/at/all.json cannot be written (ENOENT).\n' })
  })
})

describe('cancel', () => {
  test('stops the job and says what is kept', async () => {
    const state = createServiceState({ insight: anInsight({ status: 'RUNNING' }) })
    const run = await runInWorld(worldWith(state), 'cancel', insightId)
    expect(run).toMatchObject({
      exitCode: 0,
      stdout: 'Cancelled “What do customers need?”. 8 of 10 traces are summarized; that is kept.\n',
    })
    expect(state.seen.cancelled).toEqual([insightId])
  })

  test('leaves with 1 when there is nothing to cancel', async () => {
    const run = await runInWorld(worldWith(createServiceState()), 'cancel', insightId)
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing to cancel') })
  })
})

describe('what else can be done to an Insight', () => {
  test.each([
    ['resume', /goes on/],
    ['retry-failed', /done again/],
    ['delete', new RegExp(`restore ${insightId}`)],
    ['restore', /Restored/],
  ] as const)('%s does that and says so', async (command, says) => {
    const state = createServiceState()
    const run = await runInWorld(worldWith(state), command, insightId)
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(says) })
    expect(state.seen.actions).toEqual([command])
    const json = await runInWorld(worldWith(state), command, insightId, '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ id: insightId })
    expect(await runInWorld(worldWith(state), command, 'nope')).toMatchObject({ exitCode: 1 })
  })

  test('recompute prints the id of the new Insight', async () => {
    const state = createServiceState()
    const run = await runInWorld(worldWith(state), 'recompute', insightId, '--name', 'Again')
    expect(run).toMatchObject({ exitCode: 0, stdout: 'another\n' })
    expect(state.seen.actions).toEqual(['recompute {"name":"Again"}'])
  })
})
