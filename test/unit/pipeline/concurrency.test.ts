import { expect, test } from 'vitest'
import { createBackground, createBatcher, createGate, createTicker } from '#/pipeline/concurrency.ts'

const later = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('work in the background keeps nobody waiting until all places are taken', async () => {
  const background = createBackground(2)
  let running = 0
  let most = 0
  let done = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running)
    await later()
    running--
    done++
  }
  await background.start(work)
  await background.start(work)
  expect(done).toBe(0)
  for (let more = 0; more < 5; more++) await background.start(work)
  await background.settled()
  expect({ most, done }).toEqual({ most: 2, done: 7 })
})

test('what fails in the background is thrown at the next start and at the end, and the rest still ends', async () => {
  const background = createBackground(1)
  let isDone = false
  await background.start(async () => {
    await later()
    throw new Error('no disk')
  })
  await expect(
    background.start(async () => {
      isDone = true
    }),
  ).rejects.toThrow('no disk')
  await expect(background.settled()).rejects.toThrow('no disk')
  expect(isDone).toBe(false)
})

test('items are ticked off in whole groups, one after the other, and the rest at the end', async () => {
  const groups: number[][] = []
  const ticker = createTicker<number>(async (items) => {
    await later(items[0] === 0 ? 20 : 0)
    groups.push(items)
  }, 3)
  for (let item = 0; item < 7; item++) ticker.add(item)
  expect(groups).toEqual([])
  await ticker.settled()
  expect(groups).toEqual([[0, 1, 2], [3, 4, 5], [6]])
})

test('after a group that could not be saved nothing more is taken', async () => {
  const ticker = createTicker<number>(() => Promise.reject(new Error('database gone')), 2)
  ticker.add(1)
  ticker.add(2)
  await later()
  expect(() => ticker.add(3)).toThrow('database gone')
  await expect(ticker.settled()).rejects.toThrow('database gone')
})

test('an item that comes alone is saved at once, and those that come in a crowd together', async () => {
  const batches: number[][] = []
  const batcher = createBatcher<number>(async (items) => void batches.push(items), 10)
  await batcher.add(0)
  expect(batches).toEqual([[0]])
  await Promise.all(Array.from({ length: 12 }, (_, at) => batcher.add(at + 1)))
  expect(batches.map(({ length }) => length)).toEqual([1, 10, 2])
})

test('a gate lets so many through at once, in the order they came, also after one that fails', async () => {
  const gate = createGate(2)
  const entered: number[] = []
  let inside = 0
  let most = 0
  const all = Array.from({ length: 6 }, (_, at) =>
    gate.run(async () => {
      entered.push(at)
      most = Math.max(most, ++inside)
      await later()
      inside--
      if (at === 1) throw new Error('no')
    }),
  )
  expect((await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect({ most, entered }).toEqual({ most: 2, entered: [0, 1, 2, 3, 4, 5] })
})
