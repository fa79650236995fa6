import { useMemo } from 'react'
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'
import { FromTrace } from '../parts/from-trace.tsx'

/** The overview's sentences, in which the name of a cluster opens it. */
export function LinkedText(props: {
  text: string
  clusters: readonly ClusterAnswer[]
  onShow: (cluster: string) => void
}) {
  const { text, clusters } = props
  const pieces = useMemo(() => linkTitles(text, clusters), [text, clusters])
  return pieces.map((piece, index) =>
    piece.clusterId === undefined ? (
      <FromTrace key={index} text={piece.text} />
    ) : (
      <a
        key={index}
        href={`?cluster=${encodeURIComponent(piece.clusterId)}`}
        className="claim inline"
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey) return
          event.preventDefault()
          props.onShow(piece.clusterId ?? '')
        }}
      >
        <FromTrace text={piece.text} />
      </a>
    ),
  )
}

type Piece = { text: string; clusterId?: string }

/** Cuts a text at the titles in it, longer titles first, in any case; a title stands as a whole word. */
function linkTitles(text: string, clusters: readonly ClusterAnswer[]): Piece[] {
  const byTitle = new Map<string, string>()
  const visit = (cluster: ClusterAnswer) => {
    const title = cluster.title.toLowerCase()
    if (title.length >= 4 && !byTitle.has(title)) byTitle.set(title, cluster.id)
    cluster.children.forEach(visit)
  }
  clusters.forEach(visit)
  if (byTitle.size === 0) return [{ text }]
  const titles = [...byTitle.keys()].sort((a, b) => b.length - a.length)
  const escaped = titles.map((title) => title.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'giu')
  const pieces: Piece[] = []
  let at = 0
  for (const found of text.matchAll(pattern)) {
    const clusterId = byTitle.get(found[0].toLowerCase())
    if (clusterId === undefined) continue
    if (found.index > at) pieces.push({ text: text.slice(at, found.index) })
    pieces.push({ text: found[0], clusterId })
    at = found.index + found[0].length
  }
  if (at < text.length) pieces.push({ text: text.slice(at) })
  return pieces
}
