// The map's traces as arrays that are quick to draw: where each dot is, its colour, its cluster.
import type { MapAnswer } from '#/server/api/schemas/clusters.ts'
import { hueCount } from '../parts/hues.ts'

/** Coordinates are shares of the map's width and height; `low` and `span` lead back to the server's own. */
export type Dots = {
  count: number
  /** Where each is drawn: traces of one spot lie around it. */
  x: Float32Array
  y: Float32Array
  /** Where each is, for whatever must agree with the server. */
  own: { x: Float32Array; y: Float32Array }
  /** Index into the palette; `hueCount` for a trace that is unassigned. */
  hue: Uint8Array
  /** Index into `clusterIds`. */
  cluster: Uint16Array
  clusterIds: readonly (string | null)[]
  low: Point
  span: Point
}

export type Point = { x: number; y: number }

export function toDots(map: MapAnswer): Dots {
  const count = map.trace_ids.length
  const [lowX, highX] = boundsOf(map.x)
  const [lowY, highY] = boundsOf(map.y)
  const low = { x: lowX, y: lowY }
  const span = { x: highX - lowX || 1, y: highY - lowY || 1 }
  const clusterIds = [...new Set(map.cluster_ids)]
  const indexOf = new Map(clusterIds.map((id, index) => [id, index]))
  const own = {
    x: Float32Array.from(map.x, (x) => (highX === lowX ? 0.5 : (x - low.x) / span.x)),
    y: Float32Array.from(map.y, (y) => (highY === lowY ? 0.5 : (y - low.y) / span.y)),
  }
  return {
    count,
    ...spread(own.x.slice(), own.y.slice()),
    own,
    hue: Uint8Array.from(map.cluster_ids, (id) => (id === null ? hueCount : (Number.parseInt(id, 10) - 1) % hueCount)),
    cluster: Uint16Array.from(map.cluster_ids, (id) => indexOf.get(id) ?? 0),
    clusterIds,
    low,
    span,
  }
}

function boundsOf(values: readonly number[]): [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

const goldenAngle = Math.PI * (3 - Math.sqrt(5))
/** Share of the map between neighbours that lie on the same spot, and the most one is moved. */
const step = 0.0045
const reach = 0.04

/** Traces that say the same lie on one spot: they are laid out as a disc around it, so that many look like many. */
function spread(x: Float32Array, y: Float32Array): { x: Float32Array; y: Float32Array } {
  const onSpot = new Map<number, number>()
  for (let index = 0; index < x.length; index++) {
    const spot = Math.round((x[index] ?? 0) * 20_000) * 32_768 + Math.round((y[index] ?? 0) * 20_000)
    const before = onSpot.get(spot) ?? 0
    onSpot.set(spot, before + 1)
    if (before === 0) continue
    const distance = Math.min(reach, step * Math.sqrt(before))
    x[index] = (x[index] ?? 0) + distance * Math.cos(before * goldenAngle)
    y[index] = (y[index] ?? 0) + distance * Math.sin(before * goldenAngle)
  }
  return { x, y }
}

/** One for every dot whose cluster passes. */
export function litClusters(dots: Dots, passes: (clusterId: string | null) => boolean): Uint8Array {
  const passing = Uint8Array.from(dots.clusterIds, (id) => (passes(id) ? 1 : 0))
  const lit = new Uint8Array(dots.count)
  for (let index = 0; index < dots.count; index++) lit[index] = passing[dots.cluster[index] ?? 0] ?? 0
  return lit
}

/** One for every dot inside the polygon (even-odd rule). */
export function litInside(dots: Dots, corners: readonly Point[]): Uint8Array {
  const lit = new Uint8Array(dots.count)
  for (let index = 0; index < dots.count; index++) {
    lit[index] = isInside(corners, dots.own.x[index] ?? 0, dots.own.y[index] ?? 0) ? 1 : 0
  }
  return lit
}

function isInside(corners: readonly Point[], x: number, y: number): boolean {
  let inside = false
  let before = corners.at(-1)
  for (const corner of corners) {
    if (
      before !== undefined &&
      corner.y > y !== before.y > y &&
      x < ((before.x - corner.x) * (y - corner.y)) / (before.y - corner.y) + corner.x
    )
      inside = !inside
    before = corner
  }
  return inside
}
