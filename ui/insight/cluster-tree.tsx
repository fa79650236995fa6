import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import { toCount, toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { Icon } from '../parts/icon.tsx'
import { ShareBar } from '../parts/share-bar.tsx'
import { findByWords, findCluster, parentOf, toRows, type ClusterRow } from './cluster-rows.ts'

type Row = { id: string } & (
  | { kind: 'cluster'; row: ClusterRow }
  | { kind: 'place'; label: string; size: number; share?: number }
)

/**
 * The hierarchy as a tree: up and down move, right opens, left closes or goes up, Home and End jump. The chosen row
 * follows the focus, as the URL does; nothing is loaded twice.
 */
export function ClusterTree(props: {
  answer: ClustersAnswer
  total: number
  selected: string | undefined
  /** Shows only the clusters that say this, below those that lead to them. */
  find: string | undefined
  onSelect: (cluster: string | undefined) => void
  /** Told what the pointer is over, since that may be chosen next, and when it leaves it. */
  onNear: (cluster: string | undefined) => void
  onAway: () => void
}) {
  const { answer, selected, find, onSelect } = props
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(() => new Map())
  const list = useRef<HTMLUListElement>(null)
  const fewTops = answer.clusters.length <= 8
  const found = useMemo(() => (find === undefined ? undefined : findByWords(answer.clusters, find)), [answer, find])
  const isOpen = (id: string) =>
    found !== undefined ||
    (toggled.get(id) ?? (selected?.startsWith(`${id}.`) === true || (fewTops && !id.includes('.'))))
  const toggle = useCallback((id: string, open: boolean) => setToggled((before) => new Map(before).set(id, open)), [])

  const rows: Row[] = [
    { id: 'all', kind: 'place', label: 'All summarized traces', size: props.total },
    ...toRows(answer.clusters, isOpen)
      .filter(({ cluster }) => found?.has(cluster.id) !== false)
      .map((row) => ({ id: row.cluster.id, kind: 'cluster' as const, row })),
    {
      id: 'unassigned',
      kind: 'place',
      label: 'Unassigned',
      size: answer.unassigned.size,
      share: answer.unassigned.share,
    },
    { id: 'failed', kind: 'place', label: 'Failed', size: answer.failed.size },
    { id: 'skipped', kind: 'place', label: 'Skipped', size: answer.skipped.size },
  ]
  const chosen = rows.some(({ id }) => id === selected) ? (selected ?? 'all') : visibleAncestor(selected, rows)

  // Where a choice came from elsewhere (the map, a key point), the tree shows it; the page itself does not jump.
  useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>('[aria-selected="true"]')
    const box = list.current
    if (row === null || row === undefined || box === null) return
    if (row.offsetTop < box.scrollTop || row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = row.offsetTop - box.clientHeight / 3
    }
  }, [chosen])

  const choose = (id: string) => onSelect(toCluster(id))
  const focus = (id: string) => {
    choose(id)
    list.current?.querySelector<HTMLElement>(`[data-id="${id}"]`)?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const index = rows.findIndex(({ id }) => id === chosen)
    const current = rows[index]
    const children = current?.kind === 'cluster' ? current.row.cluster.children : []
    const act: Record<string, (() => void) | undefined> = {
      ArrowDown: () => focus(rows[Math.min(index + 1, rows.length - 1)]?.id ?? 'all'),
      ArrowUp: () => focus(rows[Math.max(index - 1, 0)]?.id ?? 'all'),
      Home: () => focus('all'),
      End: () => focus(rows.at(-1)?.id ?? 'all'),
      ArrowRight: () => {
        if (children.length === 0) return
        if (isOpen(chosen)) focus(children[0]?.id ?? chosen)
        else toggle(chosen, true)
      },
      ArrowLeft: () => {
        if (children.length > 0 && isOpen(chosen)) toggle(chosen, false)
        else focus(parentOf(chosen) ?? 'all')
      },
    }
    const action = act[event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
  }

  return (
    <>
      {found?.size === 0 && (
        <p className="quiet small tree-none" role="status">
          No cluster says “{find}”.
        </p>
      )}
      <ul className="tree" role="tree" aria-label="Clusters" ref={list} onKeyDown={onKeyDown}>
        {rows.map((row) => {
          const cluster = row.kind === 'cluster' ? row.row.cluster : undefined
          const isParent = cluster !== undefined && cluster.children.length > 0
          return (
            <TreeRow
              key={row.id}
              id={row.id}
              title={cluster?.title}
              label={row.kind === 'place' ? row.label : undefined}
              size={row.kind === 'place' ? row.size : row.row.cluster.size}
              share={row.kind === 'place' ? row.share : row.row.cluster.share}
              depth={row.kind === 'cluster' ? row.row.depth : 1}
              position={row.kind === 'cluster' ? row.row.position : undefined}
              siblings={row.kind === 'cluster' ? row.row.siblings : undefined}
              open={isParent ? isOpen(row.id) : undefined}
              isChosen={row.id === chosen}
              onSelect={onSelect}
              onToggle={toggle}
              onNear={props.onNear}
              onAway={props.onAway}
            />
          )
        })}
      </ul>
    </>
  )
}

const toCluster = (id: string) => (id === 'all' ? undefined : id)

/** One cluster or place. Drawn again only where it changed: a choice changes two of the hundreds that may be open. */
const TreeRow = memo(function TreeRow(props: {
  id: string
  /** A cluster's own name. */
  title: string | undefined
  /** What a place is called. */
  label: string | undefined
  size: number
  share: number | undefined
  depth: number
  position: number | undefined
  siblings: number | undefined
  /** Whether what is below it is shown; none where nothing is. */
  open: boolean | undefined
  isChosen: boolean
  onSelect: (cluster: string | undefined) => void
  onToggle: (id: string, open: boolean) => void
  onNear: (cluster: string | undefined) => void
  onAway: () => void
}) {
  const { id, title, size, share, depth, open, isChosen } = props
  const isPlace = title === undefined
  return (
    <li
      role="treeitem"
      data-id={id}
      className={`tree-row${isPlace ? ' place' : ''}`}
      style={{ paddingInlineStart: 6 + (depth - 1) * 16 }}
      aria-level={depth}
      aria-selected={isChosen}
      aria-expanded={open}
      aria-posinset={props.position}
      aria-setsize={props.siblings}
      tabIndex={isChosen ? 0 : -1}
      onClick={() => props.onSelect(toCluster(id))}
      onPointerEnter={() => props.onNear(toCluster(id))}
      onPointerLeave={props.onAway}
    >
      <span
        className={`tree-toggle${open === undefined ? ' leaf' : ''}${open === true ? ' open' : ''}`}
        aria-hidden="true"
        onClick={(event) => {
          if (open === undefined) return
          event.stopPropagation()
          props.onToggle(id, !open)
        }}
      >
        {open !== undefined && <Icon name="chevron" size={12} />}
      </span>
      <span
        className={`hue-dot${id === 'unassigned' ? ' hollow' : ''}`}
        style={isPlace ? {} : { background: toHue(id) }}
        hidden={isPlace && id !== 'unassigned'}
        aria-hidden="true"
      />
      <span className="tree-label">{title === undefined ? props.label : <FromTrace text={title} />}</span>
      <span className="tree-size numbers">
        {toCount(size)}
        {share !== undefined && <span className="quiet share"> {toShare(share)}</span>}
      </span>
      {share !== undefined && <ShareBar share={share} color={toHue(isPlace ? null : id)} />}
    </li>
  )
})

/** The nearest row that is on the screen for a choice that is folded away; `all` for one that does not exist. */
function visibleAncestor(selected: string | undefined, rows: readonly Row[]): string {
  let id = selected === undefined ? undefined : parentOf(selected)
  while (id !== undefined) {
    const at = id
    if (rows.some((row) => row.id === at)) return at
    id = parentOf(at)
  }
  return 'all'
}

const places: ReadonlySet<string> = new Set(['unassigned', 'failed', 'skipped'])

/** True when the chosen cluster is in the tree, or one of the places beside it. */
export function isKnownCluster(answer: ClustersAnswer, id: string): boolean {
  return places.has(id) || findCluster(answer.clusters, id) !== undefined
}
