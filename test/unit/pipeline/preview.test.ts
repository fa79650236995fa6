import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Emit } from '#/pipeline/ports.ts'
import { previewAt } from '#/pipeline/preview.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainAnalyst, createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()
const say = (count: number) =>
  Array.from({ length: count }, (_, at) => traceSaying(`tr-${at}`, `${['refund', 'login'][at % 2]} question ${at}`))

/** A world in which reading takes its time, so that something can be made of what is there. */
function slowWorld(count: number) {
  const plain = createPlainAnalyst()
  let embedded = 0
  const world = createPlainWorld(say(count), {
    summarize: async (input, options) => {
      await wait(2)
      return plain.summarize(input, options)
    },
    embed: async (texts, options) => {
      embedded += texts.length
      return plain.embed(texts, options)
    },
  })
  return { world: { ...world, preview: createPlainAnalyst() }, embedded: () => embedded }
}

test.each([
  [10_000, undefined, 200],
  [500, undefined, 100],
  [120, undefined, 30],
  [50, undefined, undefined],
  [500, 0, undefined],
  [500, 40, 40],
  [500, 400, undefined],
])('of %i traces, asked for %s, the first groups are shown after %s', (selected, asked, at) => {
  expect(previewAt(selected, asked)).toBe(at)
})

test('a provisional tree is shown while summaries arrive, grows with them, and is replaced by the final one', async () => {
  const { world, embedded } = slowWorld(400)
  await runInsight({ runId: 'r1', spec: { ...plainSpec, previewAt: 40 } }, world, { signal })
  const trees = world.checkpoints.trees()
  expect(trees.length).toBeGreaterThanOrEqual(2)
  expect(trees[0]).toBeGreaterThanOrEqual(40)
  expect(trees[0]).toBeLessThan(400)
  expect(trees.at(-1)).toBeUndefined()
  expect(trees.slice(0, -1)).not.toContain(undefined)
  const shown = world.events.flatMap((event) => (event.type === 'clusters' ? [event.provisionalOf] : []))
  expect(shown).toEqual(trees)
  // The analyst that is paid embeds each summary once.
  expect(embedded()).toBe(400)
})

test('the result is the same with and without it', async () => {
  const results = [0, 40].map(async (previewAt) => {
    const { world } = slowWorld(200)
    await runInsight({ runId: 'r1', spec: { ...plainSpec, previewAt } }, world, { signal })
    return {
      clusters: world.checkpoints.clusters(),
      places: world.checkpoints.assignments(),
      tags: world.tracking.tags,
    }
  })
  const [without, with40] = await Promise.all(results)
  expect(with40).toEqual(without)
})

test.each(['embed', 'nameClusters'] as const)(
  'a preview whose %s fails is let go, and the job goes on',
  async (step) => {
    const { world } = slowWorld(200)
    const preview = createPlainAnalyst({
      [step]: async () => {
        throw new TypeError('broken')
      },
    })
    const { counts } = await runInsight({ runId: 'r1', spec: plainSpec }, { ...world, preview }, { signal })
    expect(counts.summarized).toBe(200)
    expect(world.checkpoints.trees()).toEqual([undefined])
    const notes = world.events.filter((event) => event.type === 'log')
    expect(notes).toHaveLength(1)
  },
)

test('a preview that never ends does not hold up the job', async () => {
  const { world } = slowWorld(200)
  const preview = createPlainAnalyst({
    embed: (_texts, options) =>
      new Promise((_resolve, reject) => {
        options.signal.addEventListener('abort', () => reject(options.signal.reason as Error))
      }),
  })
  await runInsight({ runId: 'r1', spec: plainSpec }, { ...world, preview }, { signal })
  expect(world.checkpoints.trees()).toEqual([undefined])
})

test('a job that goes on beyond where it is shown puts nothing smaller in the place of what there is', async () => {
  const { world } = slowWorld(200)
  const stop = new AbortController()
  const emit: Emit = (event) => {
    if (event.type === 'progress' && event.stage === 'summarize' && event.done === 150) stop.abort()
  }
  const spec = { ...plainSpec, previewAt: 0 }
  await expect(runInsight({ runId: 'r1', spec }, { ...world, emit }, { signal: stop.signal })).rejects.toThrow(
    'aborted',
  )
  await runInsight({ runId: 'r1', spec: { ...plainSpec, previewAt: 40 } }, world, { signal })
  expect(world.checkpoints.trees()).toEqual([undefined])
})
