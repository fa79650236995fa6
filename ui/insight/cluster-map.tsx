import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { ClusterAnswer, MapAnswer } from '#/server/api/schemas.ts'
import { toPlural } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { hueCount, toHue } from '../parts/hues.ts'
import { mapQuery } from '../queries.ts'
import { useShownTheme } from '../theme.ts'
import { findCluster, isWithin } from './cluster-rows.ts'

const padding = 26

/**
 * Every trace as a dot, near the ones it is like; the colour is its top-level cluster, a hollow dot is unassigned. It
 * shares the selection with the tree, which is its twin for the keyboard and for screen readers.
 */
export function ClusterMap(props: {
  insightId: string
  clusters: readonly ClusterAnswer[]
  selected: string | undefined
  onSelect: (cluster: string) => void
  onShow: (cluster: string) => void
}) {
  const { data } = useQuery(mapQuery(props.insightId))
  if (data === undefined || data.trace_ids.length === 0) return null
  return <MapCanvas {...props} map={data} />
}

function MapCanvas(props: {
  map: MapAnswer
  clusters: readonly ClusterAnswer[]
  selected: string | undefined
  onSelect: (cluster: string) => void
  onShow: (cluster: string) => void
}) {
  const { map, clusters, selected } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const [pointed, setPointed] = useState<{ id: string; x: number; y: number } | undefined>(undefined)
  const theme = useShownTheme()
  const points = useMemo(() => toPixels(map, size), [map, size])

  useEffect(() => {
    const element = canvas.current
    if (element === null) return undefined
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      const { width, height } = entry.contentRect
      setSize({ width: Math.round(width), height: Math.round(height) })
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (element === null || context === null || context === undefined || size.width === 0) return
    const scale = Math.min(2, window.devicePixelRatio)
    element.width = size.width * scale
    element.height = size.height * scale
    context.scale(scale, scale)
    drawPoints(context, { map, points, chosen: pointed?.id ?? selected, colors: readHues(element) })
  }, [map, points, size, selected, pointed?.id, theme])

  const findAt = (event: React.MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    return nearest(points, event.clientX - box.left, event.clientY - box.top)
  }
  const chosen = selected === undefined ? undefined : findCluster(clusters, selected)
  const shown = pointed === undefined ? undefined : clusters.find(({ id }) => id === pointed.id)
  return (
    <section className="card map" aria-label="Map of the traces">
      <h2 className="card-title">
        Map <span className="quiet small">{toPlural(map.trace_ids.length, 'trace')}, near means alike</span>
      </h2>
      <div className="map-box">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`A dot for each of ${toPlural(map.trace_ids.length, 'trace')}, coloured by its top-level cluster. The tree of clusters says the same in words.`}
          onMouseMove={(event) => {
            const index = findAt(event)
            const cluster = index === undefined ? undefined : (map.cluster_ids[index] ?? 'unassigned')
            const box = event.currentTarget.getBoundingClientRect()
            setPointed(
              cluster === undefined
                ? undefined
                : { id: cluster.split('.')[0] ?? cluster, x: event.clientX - box.left, y: event.clientY - box.top },
            )
          }}
          onMouseLeave={() => setPointed(undefined)}
          onClick={(event) => {
            const index = findAt(event)
            if (index !== undefined) props.onSelect(map.cluster_ids[index] ?? 'unassigned')
          }}
        />
        {pointed !== undefined && (
          <div
            className="map-tip"
            style={{ left: Math.min(pointed.x + 12, Math.max(0, size.width - 230)), top: pointed.y + 14 }}
          >
            {shown === undefined ? 'Unassigned' : <FromTrace text={shown.title} />}
          </div>
        )}
      </div>
      {chosen !== undefined && (
        <p className="map-chosen">
          <span className="hue-dot" style={{ background: toHue(chosen.id) }} aria-hidden="true" />
          <FromTrace text={chosen.title} className="clamp-1 strong" />
          <span className="quiet numbers">{toPlural(chosen.size, 'trace')}</span>
          <button type="button" className="text-button" onClick={() => props.onShow(chosen.id)}>
            Show
          </button>
        </p>
      )}
      <ul className="legend" aria-label="Colours of the map">
        {clusters.slice(0, hueCount).map((cluster) => (
          <li key={cluster.id}>
            <button
              type="button"
              className="legend-item"
              aria-pressed={selected !== undefined && isWithin(selected, cluster.id)}
              onClick={() => props.onSelect(cluster.id)}
            >
              <span className="hue-dot" style={{ background: toHue(cluster.id) }} aria-hidden="true" />
              <FromTrace text={cluster.title} className="clamp-1" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

type Pixels = { x: Float32Array; y: Float32Array }

/** The map's coordinates stretched over the canvas, keeping a margin; a map of one point sits in the middle. */
function toPixels(map: MapAnswer, size: { width: number; height: number }): Pixels {
  const fit = (values: readonly number[], length: number) => {
    let low = Infinity
    let high = -Infinity
    for (const value of values) {
      if (value < low) low = value
      if (value > high) high = value
    }
    const span = high - low
    return Float32Array.from(values, (value) =>
      span === 0 ? length / 2 : padding + ((value - low) / span) * (length - 2 * padding),
    )
  }
  return spread({ x: fit(map.x, size.width), y: fit(map.y, size.height) })
}

const goldenAngle = Math.PI * (3 - Math.sqrt(5))

/** Traces that say the same lie on one spot: they are laid out as a disc around it, so that many look like many. */
function spread(points: Pixels): Pixels {
  const onSpot = new Map<number, number>()
  for (let index = 0; index < points.x.length; index++) {
    const x = points.x[index] ?? 0
    const y = points.y[index] ?? 0
    const spot = Math.round(x) * 65_536 + Math.round(y)
    const before = onSpot.get(spot) ?? 0
    onSpot.set(spot, before + 1)
    const distance = Math.min(24, 2.4 * Math.sqrt(before))
    points.x[index] = x + distance * Math.cos(before * goldenAngle)
    points.y[index] = y + distance * Math.sin(before * goldenAngle)
  }
  return points
}

function nearest(points: Pixels, x: number, y: number): number | undefined {
  let best: number | undefined
  let bestDistance = 12 * 12
  for (let index = 0; index < points.x.length; index++) {
    const dx = (points.x[index] ?? 0) - x
    const dy = (points.y[index] ?? 0) - y
    const distance = dx * dx + dy * dy
    if (distance < bestDistance) {
      best = index
      bestDistance = distance
    }
  }
  return best
}

/** The palette as the canvas needs it: custom properties resolved for the theme that is shown. */
function readHues(element: HTMLElement): { hues: string[]; none: string } {
  const probe = document.createElement('span')
  element.parentElement?.append(probe)
  const resolve = (value: string) => {
    probe.style.color = value
    return getComputedStyle(probe).color
  }
  const hues = Array.from({ length: hueCount }, (_, index) => resolve(`var(--hue-${index})`))
  const none = resolve('var(--hue-none)')
  probe.remove()
  return { hues, none }
}

function drawPoints(
  context: CanvasRenderingContext2D,
  input: { map: MapAnswer; points: Pixels; chosen: string | undefined; colors: { hues: string[]; none: string } },
): void {
  const { map, points, chosen, colors } = input
  context.clearRect(0, 0, context.canvas.width, context.canvas.height)
  const count = map.trace_ids.length
  const radius = count > 20_000 ? 1 : count > 3_000 ? 1.6 : count > 800 ? 2.4 : 3.4
  const isPlace = chosen === undefined || chosen === 'failed'
  // What is not chosen first and faint, so that the chosen lies on top.
  for (const pass of isPlace ? (['all'] as const) : (['rest', 'chosen'] as const)) {
    context.globalAlpha = pass === 'rest' ? 0.16 : 0.85
    for (let index = 0; index < count; index++) {
      const cluster = map.cluster_ids[index] ?? null
      if (!isPlace && isWithin(cluster, chosen) !== (pass === 'chosen')) continue
      const top = cluster === null ? -1 : (Number.parseInt(cluster, 10) - 1) % hueCount
      const color = colors.hues[top] ?? colors.none
      context.beginPath()
      context.arc(points.x[index] ?? 0, points.y[index] ?? 0, radius, 0, 2 * Math.PI)
      if (cluster === null) {
        context.strokeStyle = color
        context.stroke()
      } else {
        context.fillStyle = color
        context.fill()
      }
    }
  }
  context.globalAlpha = 1
}
