import { expect, test } from 'vitest'
import { kMeans } from '#/clustering/k-means/k-means.ts'
import { lloydFromCentres } from '#/clustering/k-means/lloyd.ts'
import { toMicroClusters } from '#/clustering/k-means/micro-clusters.ts'
import type { Matrix } from '#/clustering/matrix/matrix.ts'
import { squaredDistance } from '#/clustering/matrix/measure.ts'
import { takeRows } from '#/clustering/matrix/take-rows.ts'
import { toUnitRows } from '#/clustering/matrix/unit-rows.ts'
import { oneThread } from '#/clustering/threads/threads.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

const ones = (count: number) => new Float64Array(count).fill(1)

test('well separated groups are found, each with one centre', () => {
  const { vectors, labels } = gaussianBlobs({ seed: 4, rows: 900, cols: 24, blobs: 9, noise: 0.2 })
  const { assignment, centres } = kMeans(vectors, ones(900), { k: 9, seed: 1, threads: oneThread })
  expect(centres.rows).toBe(9)
  expect(new Set(labels.map((label, i) => `${label}-${assignment[i]}`)).size).toBe(9)
})

test('the order of the points changes nothing but the numbers of the groups', () => {
  const { vectors } = gaussianBlobs({ seed: 5, rows: 400, cols: 8, blobs: 12, noise: 0.9 })
  const reversed: Matrix = { ...vectors, data: new Float32Array(vectors.data.length) }
  for (let row = 0; row < 400; row++) reversed.data.set(vectors.data.subarray(row * 8, row * 8 + 8), (399 - row) * 8)
  const one = kMeans(vectors, ones(400), { k: 10, seed: 1, threads: oneThread })
  const other = kMeans(reversed, ones(400), { k: 10, seed: 1, threads: oneThread })
  expect(other.assignment.toReversed()).toEqual(one.assignment)
  expect(other.centres).toEqual(one.centres)
})

test('fewer different points than groups give as many groups as there are points', () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => Math.floor(i / 20))
  const { centres } = kMeans({ data, rows: 30, cols: 2 }, ones(30), { k: 8, seed: 1, threads: oneThread })
  expect(centres.rows).toBe(3)
})

test.each([true, false])('in the end every point is with the centre nearest to it (on the sphere: %s)', (spherical) => {
  const { vectors } = gaussianBlobs({ seed: 6, rows: 1_500, cols: 16, blobs: 25, noise: 0.9 })
  const first = takeRows(vectors, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  const { assignment, centres } = lloydFromCentres(vectors, ones(1_500), first, { iterations: 200, spherical })
  for (let row = 0; row < vectors.rows; row++) {
    const distances = Array.from({ length: centres.rows }, (_, centre) =>
      squaredDistance(vectors.data, row * 16, centres.data, centre * 16, 16),
    )
    expect(assignment[row]).toBe(distances.indexOf(Math.min(...distances)))
  }
})

test('points that are compared with the centres around their micro-cluster only find the nearest nearly always', () => {
  const { unit } = toUnitRows(gaussianBlobs({ seed: 7, rows: 3_000, cols: 16, blobs: 300, noise: 0.6 }).vectors)
  const cells = toMicroClusters(unit, ones(3_000), { seed: 1, threads: oneThread })
  const centres = takeRows(
    unit,
    Int32Array.from({ length: 250 }, (_, i) => i * 12),
  )
  const options = { iterations: 1, spherical: true }
  const all = lloydFromCentres(unit, ones(3_000), centres, options).assignment
  const around = lloydFromCentres(unit, ones(3_000), centres, { ...options, cells }).assignment
  const same = all.filter((centre, row) => around[row] === centre).length
  expect(same).toBeGreaterThanOrEqual(0.99 * 3_000)
})
