import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
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
  const toggle = (id: string, open: boolean) => setToggled((before) => new Map(before).set(id, open))

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

  const toCluster = (id: string) => (id === 'all' ? undefined : id)
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
          const parent = cluster !== undefined && cluster.children.length > 0
          const open = parent && isOpen(row.id)
          const depth = row.kind === 'cluster' ? row.row.depth : 1
          const size = row.kind === 'cluster' ? row.row.cluster.size : row.size
          const share = row.kind === 'cluster' ? row.row.cluster.share : row.share
          return (
            <li
              key={row.id}
              role="treeitem"
              data-id={row.id}
              className={`tree-row${row.kind === 'place' ? ' place' : ''}`}
              style={{ paddingInlineStart: 6 + (depth - 1) * 16 }}
              aria-level={depth}
              aria-selected={row.id === chosen}
              {...(parent ? { 'aria-expanded': open } : {})}
              {...(row.kind === 'cluster'
                ? { 'aria-posinset': row.row.position, 'aria-setsize': row.row.siblings }
                : {})}
              tabIndex={row.id === chosen ? 0 : -1}
              onClick={() => choose(row.id)}
              onPointerEnter={() => props.onNear(toCluster(row.id))}
              onPointerLeave={props.onAway}
            >
              <span
                className={`tree-toggle${parent ? '' : ' leaf'}${open ? ' open' : ''}`}
                aria-hidden="true"
                onClick={(event) => {
                  if (!parent) return
                  event.stopPropagation()
                  toggle(row.id, !open)
                }}
              >
                {parent && <Icon name="chevron" size={12} />}
              </span>
              <span
                className={`hue-dot${row.id === 'unassigned' ? ' hollow' : ''}`}
                style={row.kind === 'cluster' ? { background: toHue(row.id) } : {}}
                hidden={row.kind === 'place' && row.id !== 'unassigned'}
                aria-hidden="true"
              />
              <span className="tree-label">
                {row.kind === 'cluster' ? <FromTrace text={row.row.cluster.title} /> : row.label}
              </span>
              <span className="tree-size numbers">
                {toCount(size)}
                {share !== undefined && <span className="quiet share"> {toShare(share)}</span>}
              </span>
              {share !== undefined && <ShareBar share={share} color={toHue(cluster?.id ?? null)} />}
            </li>
          )
        })}
      </ul>
    </>
  )
}

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
