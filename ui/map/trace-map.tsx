import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import type { ClusterAnswer, MapAnswer } from '#/server/api/schemas/clusters.ts'
import { toPlural } from '../figures.ts'
import { findCluster, isWithin } from '../insight/cluster-rows.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { Icon } from '../parts/icon.tsx'
import { useShownTheme } from '../theme.ts'
import { litClusters, litInside, toDots, type Point } from './dots.ts'
import { createDotPainter, findNearest, readPalette, type Palette } from './draw.ts'
import { toCentres, toLabels } from './labels.ts'
import { useMapGestures } from './use-map-gestures.ts'
import { parseArea, toPixel, toScale, toShare, writeArea, type Size, type View } from './view.ts'

/**
 * Every trace as a dot, near the ones it is like; the colour is its top-level cluster, a ring is unassigned. Names get
 * finer as one looks closer. It shares the selection with tree and treemap, which are its twins for the keyboard and for
 * screen readers.
 */
export function TraceMap(props: {
  map: MapAnswer
  clusters: readonly ClusterAnswer[]
  selected: string | undefined
  area: string | undefined
  at: string | undefined
  onAt: (at: string | undefined) => void
  onArea: (area: string | undefined) => void
  onSelect: (cluster: string) => void
}) {
  const { map, clusters, area } = props
  const selected = useSettled(props.selected, map.trace_ids.length > manyDots ? 120 : 0)
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(box)
  const [isLasso, setLasso] = useState(false)
  const [pointed, setPointed] = useState<{ id: string; x: number; y: number } | undefined>(undefined)
  const theme = useShownTheme()
  const dots = useMemo(() => toDots(map), [map])
  const centres = useMemo(() => toCentres(dots), [dots])
  const corners = useMemo(() => (area === undefined ? [] : parseArea(dots, area)), [dots, area])

  const findAt = (pixel: Point, view: View): string | undefined => {
    const index = findNearest(dots, toShare(view, size, pixel), toScale(view, size))
    return index === undefined ? undefined : (map.cluster_ids[index] ?? 'unassigned')
  }
  const { view, path, handlers, zoom, reset, isHeld } = useMapGestures({
    box,
    size,
    at: props.at,
    onAt: props.onAt,
    isLasso,
    onLasso: (drawn) => {
      setLasso(false)
      const written = writeArea(dots, drawn)
      if (written !== undefined) props.onArea(written)
    },
    onClick: (pixel) => {
      const cluster = findAt(pixel, view)
      if (cluster !== undefined) props.onSelect(cluster)
    },
  })

  const lit = useMemo(() => {
    if (pointed !== undefined) return litClusters(dots, (id) => isWithin(id, pointed.id))
    if (corners.length > 0) return litInside(dots, corners)
    if (selected === undefined || selected === 'failed' || selected === 'skipped') return undefined
    return litClusters(dots, (id) => isWithin(id, selected))
  }, [dots, corners, selected, pointed?.id])
  const labels = useMemo(
    () => toLabels({ clusters, centres, view, size, selected }),
    [clusters, centres, view, size, selected],
  )

  const [paint] = useState(createDotPainter)
  const image = useRef<ImageData | undefined>(undefined)
  const palette = useRef<{ theme: string; colors: Palette } | undefined>(undefined)
  useLayoutEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d', { alpha: false })
    if (element === null || context === null || context === undefined || size.width === 0) return
    const density = Math.min(2, window.devicePixelRatio)
    const width = Math.round(size.width * density)
    const height = Math.round(size.height * density)
    if (element.width !== width || element.height !== height) {
      element.width = width
      element.height = height
    }
    if (image.current?.width !== width || image.current.height !== height) {
      image.current = context.createImageData(width, height)
    }
    if (palette.current?.theme !== theme) {
      palette.current = { theme, colors: readPalette(element.parentElement ?? element) }
    }
    const pixels = new Uint32Array(image.current.data.buffer)
    paint({ pixels, width, height, density }, { dots, view, size, palette: palette.current.colors }, lit)
    context.putImageData(image.current, 0, 0)
  }, [paint, dots, lit, view, size, theme])

  const point = (event: PointerEvent) => {
    handlers.onPointerMove(event)
    if (isHeld() || isLasso || event.pointerType === 'touch') return setPointed(undefined)
    const place = event.currentTarget.getBoundingClientRect()
    const pixel = { x: event.clientX - place.left, y: event.clientY - place.top }
    const id = findAt(pixel, view)
    setPointed(id === undefined ? undefined : { id, ...pixel })
  }
  const outline = (path.length > 0 ? path : corners).map((corner) => toPixel(view, size, corner))
  const shown = pointed === undefined ? undefined : findCluster(clusters, pointed.id)
  return (
    <div className="map">
      <div className="map-tools" role="toolbar" aria-label="Map">
        <button
          type="button"
          className="button icon-only"
          aria-label="Lasso: draw around traces to choose them"
          title="Lasso: draw around traces"
          aria-pressed={isLasso}
          onClick={() => setLasso(!isLasso)}
        >
          <Icon name="lasso" />
        </button>
        <button
          type="button"
          className="button icon-only"
          aria-label="Zoom in"
          title="Zoom in"
          onClick={() => zoom(1.8)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="button icon-only"
          aria-label="Zoom out"
          title="Zoom out"
          disabled={view.zoom <= 1}
          onClick={() => zoom(1 / 1.8)}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          className="button icon-only"
          aria-label="Show the whole map"
          title="Show the whole map"
          disabled={view.zoom <= 1}
          onClick={reset}
        >
          <Icon name="fit" />
        </button>
      </div>
      <div
        ref={box}
        className={`map-box${isLasso ? ' lasso' : ''}${view.zoom > 1 ? ' zoomed' : ''}`}
        role="application"
        aria-label="Map: arrow keys move, plus and minus zoom, zero shows all"
        tabIndex={0}
        {...handlers}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label={`A dot for each of ${toPlural(dots.count, 'trace')}, coloured by its top-level cluster. The tree of clusters says the same in words.`}
        />
        {outline.length > 0 && (
          <svg className="map-outline" aria-hidden="true">
            <polygon points={outline.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} />
          </svg>
        )}
        <div className="map-labels" aria-hidden="true">
          {labels.map((label) => (
            <button
              key={label.id}
              type="button"
              tabIndex={-1}
              className={`map-label${selected !== undefined && isWithin(selected, label.id) ? ' chosen' : ''}`}
              data-cluster={label.id}
              style={{ transform: `translate(${label.x.toFixed(1)}px, ${label.y.toFixed(1)}px) translate(-50%, -50%)` }}
              onPointerDown={(event) => event.stopPropagation()}
              onClick={() => props.onSelect(label.id)}
            >
              <span className="hue-dot" style={{ background: toHue(label.id) }} />
              <span>
                {label.lines.map((line, index) => (
                  <FromTrace key={index} text={line} />
                ))}
              </span>
            </button>
          ))}
        </div>
        {pointed !== undefined && (
          <div
            className="map-tip"
            style={{ left: Math.min(pointed.x + 12, Math.max(0, size.width - 230)), top: pointed.y + 16 }}
          >
            {shown === undefined ? 'Unassigned' : <FromTrace text={shown.title} />}
          </div>
        )}
      </div>
    </div>
  )
}

/** Painting so many takes as long as answering a click: they are lit after the words and rows that were asked for. */
const manyDots = 20_000

/** The value once it has stood for so long. */
function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs)
    return () => clearTimeout(timer)
  }, [value, delayMs])
  return delayMs === 0 ? value : settled
}

function useSize(box: React.RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      const { width, height } = entry.contentRect
      setSize({ width: Math.round(width), height: Math.round(height) })
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [box])
  return size
}
