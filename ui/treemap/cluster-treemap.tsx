import { useEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react'
import type { ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import { toCount, toShare } from '../figures.ts'
import { isWithin } from '../insight/cluster-rows.ts'
import { measures, readMeasure, type MeasureKey } from '../measures/measures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { toTiles, type Tile } from './tiles.ts'

const steps = 5

/**
 * Every cluster as a rectangle as large as its share. The colour is its topic, or a measure in steps of one hue, which
 * does not depend on telling colours apart. Arrow keys move between the tiles.
 */
export function ClusterTreemap(props: {
  answer: ClustersAnswer
  color: MeasureKey | undefined
  selected: string | undefined
  onSelect: (cluster: string) => void
}) {
  const { answer, color, selected, onSelect } = props
  const box = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height })
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const tiles = useMemo(() => toTiles(answer.clusters, size), [answer, size])
  const scale = useMemo(() => toColorScale(tiles, color), [tiles, color])
  const current = tiles.find(({ cluster }) => cluster.id === selected)?.cluster.id ?? tiles[0]?.cluster.id

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (step === undefined) return
    const index = tiles.findIndex(({ cluster }) => cluster.id === current)
    const next = tiles[Math.min(tiles.length - 1, Math.max(0, index + step))]
    if (next === undefined) return
    event.preventDefault()
    onSelect(next.cluster.id)
    box.current?.querySelector<HTMLElement>(`[data-cluster="${next.cluster.id}"]`)?.focus()
  }

  return (
    <>
      <div className="treemap" ref={box} role="group" aria-label="Treemap of the clusters" onKeyDown={onKeyDown}>
        {tiles.map((tile) => (
          <TileButton
            key={tile.cluster.id}
            tile={tile}
            look={scale.look(tile)}
            value={scale.say(tile)}
            isTabStop={tile.cluster.id === current}
            state={
              selected === undefined || !/^\d/.test(selected)
                ? 'plain'
                : tile.cluster.id === selected
                  ? 'chosen'
                  : isWithin(tile.cluster.id, selected) || isWithin(selected, tile.cluster.id)
                    ? 'plain'
                    : 'faint'
            }
            onSelect={onSelect}
          />
        ))}
      </div>
      <p className="picture-legend small quiet">
        Size: number of traces. {color === undefined ? 'Colour: the topic it belongs to.' : null}
        {color !== undefined && scale.range !== undefined && (
          <>
            Colour: {measures[color].words}, from <span className="step-mark step-0" aria-hidden="true" />{' '}
            {measures[color].write(scale.range.low)} to{' '}
            <span className={`step-mark step-${steps - 1}`} aria-hidden="true" />{' '}
            {measures[color].write(scale.range.high)}.{scale.isPartial && ' Striped: not known.'}
          </>
        )}
        {color !== undefined && scale.range === undefined && 'No cluster has this number.'}
      </p>
    </>
  )
}

type Look = { className: string; style: CSSProperties }

function toColorScale(tiles: readonly Tile[], color: MeasureKey | undefined) {
  const measure = color === undefined ? undefined : measures[color]
  const read = ({ cluster }: Tile) => (measure === undefined ? undefined : readMeasure(measure, cluster))
  const leaves = tiles.filter(({ kind }) => kind === 'tile')
  const values = leaves.flatMap((tile) => read(tile) ?? [])
  const range = values.length === 0 ? undefined : { low: Math.min(...values), high: Math.max(...values) }
  return {
    range,
    isPartial: values.length < leaves.length,
    say: (tile: Tile): string | undefined => {
      const value = read(tile)
      return value === undefined ? undefined : measure?.write(value)
    },
    look: (tile: Tile): Look => {
      if (measure === undefined)
        return { className: 'by-topic', style: { '--hue': toHue(tile.cluster.id) } as CSSProperties }
      const value = read(tile)
      if (tile.kind === 'group' || value === undefined || range === undefined)
        return { className: 'no-value', style: {} }
      const share = range.high === range.low ? 0 : (value - range.low) / (range.high - range.low)
      return { className: `step-${Math.min(steps - 1, Math.floor(share * steps))}`, style: {} }
    },
  }
}

function TileButton(props: {
  tile: Tile
  look: Look
  value: string | undefined
  isTabStop: boolean
  state: 'plain' | 'chosen' | 'faint'
  onSelect: (cluster: string) => void
}) {
  const { tile, look, value, state } = props
  const { cluster } = tile
  const roomy = tile.width >= 52 && tile.height >= 20
  const size = `${toCount(cluster.size)} (${toShare(cluster.share)})`
  const said = value === undefined ? size : `${size} · ${value}`
  return (
    <button
      type="button"
      data-cluster={cluster.id}
      className={`tile ${tile.kind} ${look.className} ${state}${isTight(tile) ? ' tight' : ''}`}
      style={{ ...look.style, ...toPlace(tile) }}
      title={`${cluster.title}: ${said}`}
      aria-label={roomy ? undefined : `${cluster.title}: ${said}`}
      aria-pressed={state === 'chosen'}
      tabIndex={props.isTabStop ? 0 : -1}
      onClick={() => props.onSelect(cluster.id)}
    >
      {roomy && (
        <span className="tile-text">
          <FromTrace text={cluster.title} className="tile-title" />
          {tile.kind === 'group' && <span className="numbers">{said}</span>}
          {tile.kind === 'tile' && tile.height >= 40 && <span className="numbers">{toShortWords(tile, value)}</span>}
        </span>
      )}
    </button>
  )
}

const linePixels = 14
const padPixels = { across: 12, along: 6 }
const boldCharPixels = 6.6

/** Where it lies, and how many lines of its name fit above its numbers. */
function toPlace({ x, y, width, height }: Tile): CSSProperties {
  const lines = Math.max(1, Math.floor((height - padPixels.along) / linePixels) - 1)
  return { left: x, top: y, width, height, '--lines': lines } as CSSProperties
}

/** True where the tile is narrower than the longest word of its name. */
function isTight({ kind, cluster, width }: Tile): boolean {
  const longest = Math.max(0, ...cluster.title.split(/\s+/).map((word) => word.length))
  return kind === 'tile' && longest * boldCharPixels > width - padPixels.across
}

const charPixels = 5.8

/** What fits on one line of a tile: the number that gives it its colour, and how many traces it holds. */
function toShortWords({ cluster, width }: Tile, value: string | undefined): string {
  const [lead, more] =
    value === undefined
      ? [toCount(cluster.size), ` (${toShare(cluster.share)})`]
      : [value, ` · ${toCount(cluster.size)}`]
  return (lead.length + more.length) * charPixels <= width - padPixels.across ? lead + more : lead
}
