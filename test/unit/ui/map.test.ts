import { describe, expect, test } from 'vitest'
import { litClusters, litInside, toDots } from '#/ui/map/dots.ts'
import { createDotPainter, findNearest } from '#/ui/map/draw.ts'
import { depthAt, toCentres, toLabels } from '#/ui/map/labels.ts'
import {
  panBy,
  parseArea,
  parseView,
  toPixel,
  toScale,
  toShare,
  wholeMap,
  writeArea,
  writeView,
  zoomAt,
} from '#/ui/map/view.ts'
import { aClusterAnswer } from '#/test/support/cluster-answers.ts'

const size = { width: 500, height: 400 }
const palette = { page: 0xffffff, dots: [0x0000ff, 0x00ff00, 0, 0, 0, 0, 0, 0, 0, 0, 0x777777] }
const map = {
  trace_ids: ['a', 'b', 'c', 'd', 'e'],
  x: [-2, 2, -2, 2, -2],
  y: [0, 0, 8, 8, 0],
  cluster_ids: ['1.1', '1.2', '2', null, '1.1'],
}
const dots = toDots(map)

describe('what is looked at', () => {
  test('survives the way through the URL', () => {
    const view = { zoom: 3.25, x: 0.4, y: 0.6125 }
    expect(parseView(writeView(view))).toEqual(view)
    expect(writeView(wholeMap)).toBeUndefined()
  })

  test('is the whole map for a URL that makes no sense', () => {
    for (const text of [undefined, '', 'x', '2,', '2,a,b', '0.1,9,9', 'NaN,0,0']) {
      expect(parseView(text).zoom, text).toBe(1)
    }
  })

  test('zooms about the place under the pointer', () => {
    const pixel = { x: 320, y: 150 }
    const before = toShare(wholeMap, size, pixel)
    const closer = zoomAt(wholeMap, size, pixel, 3)
    const after = toShare(closer, size, pixel)
    expect(after.x).toBeCloseTo(before.x)
    expect(after.y).toBeCloseTo(before.y)
  })

  test('never leaves the map', () => {
    const far = panBy({ zoom: 2, x: 0.5, y: 0.5 }, size, { x: 99_999, y: -99_999 })
    expect(far).toEqual({ zoom: 2, x: 0.25, y: 0.75 })
  })
})

describe('a lasso', () => {
  test('means the same traces after the way through the URL', () => {
    const drawn = [
      { x: -0.1, y: -0.1 },
      { x: 0.2, y: -0.1 },
      { x: 0.2, y: 1.1 },
      { x: -0.1, y: 1.1 },
    ]
    const corners = parseArea(dots, writeArea(dots, drawn) ?? '')
    expect([...litInside(dots, corners)]).toEqual([1, 0, 1, 0, 1])
  })

  test('of a single point chooses nothing', () => {
    expect(writeArea(dots, [{ x: 0.5, y: 0.5 }])).toBeUndefined()
    expect(parseArea(dots, 'nonsense')).toEqual([])
    expect([...litInside(dots, [])]).toEqual([0, 0, 0, 0, 0])
  })

  test('of many points is written with few corners', () => {
    const circle = Array.from({ length: 2_000 }, (_, index) => ({
      x: 0.5 + 0.5 * Math.cos((index / 2_000) * 2 * Math.PI),
      y: 0.5 + 0.5 * Math.sin((index / 2_000) * 2 * Math.PI),
    }))
    expect(writeArea(dots, circle)?.split(';').length).toBeLessThanOrEqual(60)
  })
})

describe('dots', () => {
  test('of one spot lie beside each other, and stay one spot for a lasso', () => {
    expect([dots.x[0], dots.y[0]]).not.toEqual([dots.x[4], dots.y[4]])
    expect([dots.own.x[0], dots.own.y[0]]).toEqual([dots.own.x[4], dots.own.y[4]])
  })

  test('are lit by their cluster', () => {
    expect([...litClusters(dots, (id) => id?.startsWith('1') === true)]).toEqual([1, 1, 0, 0, 1])
    expect([...litClusters(dots, (id) => id === null)]).toEqual([0, 0, 0, 1, 0])
  })

  test('are found under the pointer, and only there', () => {
    const scale = toScale(wholeMap, size)
    expect(findNearest(dots, { x: 1, y: 0.01 }, scale)).toBe(1)
    expect(findNearest(dots, { x: 0.5, y: 0.5 }, scale)).toBeUndefined()
  })

  test('are drawn in the colour of their cluster where they belong, and nowhere else', () => {
    const pixels = new Uint32Array(size.width * size.height)
    createDotPainter()({ pixels, ...size, density: 1 }, { dots, view: wholeMap, size, palette }, undefined)
    const at = (share: { x: number; y: number }) => {
      const { x, y } = toPixel(wholeMap, size, share)
      return pixels[Math.round(y) * size.width + Math.round(x)] ?? 0
    }
    // Bytes are alpha, blue, green, red: the first cluster is red, the second green.
    expect(at({ x: 1, y: 0 }) & 0xff).toBeGreaterThan((at({ x: 1, y: 0 }) >>> 8) & 0xff)
    expect((at({ x: 0, y: 1 }) >>> 8) & 0xff).toBeGreaterThan(at({ x: 0, y: 1 }) & 0xff)
    expect(at({ x: 0.5, y: 0.5 })).toBe(0xffffffff)
  })

  test('look the same whatever was chosen or looked at before', () => {
    const closer = { zoom: 2, x: 0.4, y: 0.6 }
    const lights = [undefined, ...['1', '2'].map((top) => litClusters(dots, (id) => id?.startsWith(top) === true))]
    const asked = [wholeMap, closer].flatMap((view) => lights.map((lit) => ({ lit, view })))
    const draw = (paint: ReturnType<typeof createDotPainter>, { lit, view }: (typeof asked)[number]) => {
      const pixels = new Uint32Array(size.width * size.height)
      paint({ pixels, ...size, density: 1 }, { dots, view, size, palette }, lit)
      return pixels
    }
    const kept = createDotPainter()
    const fresh = asked.map((one) => draw(createDotPainter(), one))
    expect(asked.map((one) => draw(kept, one))).toEqual(fresh)
    expect(asked.toReversed().map((one) => draw(kept, one))).toEqual(fresh.toReversed())
    expect(fresh[1]).not.toEqual(fresh[2])
  })
})

describe('names on the map', () => {
  const clusters = [
    aClusterAnswer('1', {
      title: 'Refunds',
      size: 3,
      children: [aClusterAnswer('1.1', { title: 'Late', size: 2 }), aClusterAnswer('1.2', { title: 'Lost', size: 1 })],
    }),
    aClusterAnswer('2', { title: 'Delivery', size: 1 }),
  ]
  const centres = toCentres(dots)
  const titles = (zoom: number, selected?: string) =>
    toLabels({ clusters, centres, view: { zoom, x: 0.5, y: 0.5 }, size: { width: 5_000, height: 4_000 }, selected })
      .map(({ title }) => title)
      .sort()

  test('get finer as one looks closer', () => {
    expect([1, 1.7, 1.8, 3.3].map(depthAt)).toEqual([1, 1, 2, 3])
    expect(titles(1)).toEqual(['Delivery', 'Refunds'])
    expect(titles(1, '1.2')).toEqual(['Delivery', 'Lost', 'Refunds'])
    expect(
      toLabels({ clusters, centres, view: { zoom: 2, x: 0.3, y: 0.3 }, size, selected: undefined }).map(({ id }) => id),
    ).not.toContain('1')
  })

  test('never lie over each other', () => {
    const crowd = Array.from({ length: 40 }, (_, index) =>
      aClusterAnswer(String(index + 1), { title: 'Crowded', size: 40 - index }),
    )
    const places = new Map(crowd.map(({ id }, index) => [id, { x: 0.4 + index / 400, y: 0.5, count: 1 }]))
    const placed = toLabels({ clusters: crowd, centres: places, view: wholeMap, size, selected: undefined })
    expect(placed.length).toBeGreaterThan(0)
    for (const [index, label] of placed.entries()) {
      for (const other of placed.slice(index + 1)) {
        expect(
          Math.abs(label.x - other.x) >= (label.width + other.width) / 2 ||
            Math.abs(label.y - other.y) >= (label.height + other.height) / 2,
        ).toBe(true)
      }
    }
    expect(placed[0]?.id).toBe('1')
  })

  test('stay inside the picture and out from under its buttons, and a long one takes two lines', () => {
    const title = 'Cash, declined cards and transactions'
    const corner = [aClusterAnswer('1', { title, size: 2 }), aClusterAnswer('2', { title: 'Fees', size: 1 })]
    const places = new Map([
      ['1', { x: 1, y: 0, count: 1 }],
      ['2', { x: 0, y: 1, count: 1 }],
    ])
    const picture = { width: 600, height: 400 }
    const [long, short] = toLabels({
      clusters: corner,
      centres: places,
      view: wholeMap,
      size: picture,
      selected: undefined,
    })
    expect(long?.height).toBeGreaterThan(short?.height ?? 0)
    expect(long!.x + long!.width / 2).toBeLessThanOrEqual(picture.width - 32)
    expect(short!.x - short!.width / 2).toBeGreaterThanOrEqual(0)
    expect(short!.y + short!.height / 2).toBeLessThanOrEqual(picture.height)
  })
})
