// Hands on the map: drag to move, pinch or ctrl and wheel to zoom, keys for both, and the lasso.
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent, type RefObject } from 'react'
import type { Point } from './dots.ts'
import { panBy, parseView, toShare, wholeMap, writeView, zoomAt, type Size, type View } from './view.ts'

const settleMs = 250
/** A press that moves less than this is a click. */
const clickPixels = 4

/** The view follows the hand at once and the URL once the hand rests; a URL that changes by itself is followed as well. */
function useView(at: string | undefined, onAt: (at: string | undefined) => void) {
  const [view, setView] = useState<View>(() => parseView(at))
  const written = useRef(at)
  useEffect(() => {
    if (at === written.current) return
    written.current = at
    setView(parseView(at))
  }, [at])
  useEffect(() => {
    const next = writeView(view)
    if (next === written.current) return undefined
    const timer = setTimeout(() => {
      written.current = next
      // To the digit what the URL says: whoever opens it sees the same.
      setView(parseView(next))
      onAt(next)
    }, settleMs)
    return () => clearTimeout(timer)
  }, [view, onAt])
  return [view, setView] as const
}

export function useMapGestures(options: {
  box: RefObject<HTMLDivElement | null>
  size: Size
  at: string | undefined
  onAt: (at: string | undefined) => void
  isLasso: boolean
  onLasso: (path: Point[]) => void
  onClick: (pixel: Point) => void
}) {
  const { box, size, isLasso } = options
  const [view, setView] = useView(options.at, options.onAt)
  const [path, setPath] = useState<readonly Point[]>([])
  const press = useRef<{ start: Point; last: Point; moved: boolean } | undefined>(undefined)

  const middle = { x: size.width / 2, y: size.height / 2 }
  const zoom = (factor: number, pixel: Point = middle) => setView((before) => zoomAt(before, size, pixel, factor))

  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    // A plain wheel scrolls the page. Listened to by hand, since React's wheel listeners cannot prevent the page's zoom.
    const listen = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const place = element.getBoundingClientRect()
      const pixel = { x: event.clientX - place.left, y: event.clientY - place.top }
      setView((before) => zoomAt(before, size, pixel, Math.exp(-event.deltaY / 300)))
    }
    element.addEventListener('wheel', listen, { passive: false })
    return () => element.removeEventListener('wheel', listen)
  }, [box, size, setView])

  const pixelOf = (event: PointerEvent): Point => {
    const place = event.currentTarget.getBoundingClientRect()
    return { x: event.clientX - place.left, y: event.clientY - place.top }
  }
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return
      const start = pixelOf(event)
      press.current = { start, last: start, moved: false }
      if (isLasso) setPath([toShare(view, size, start)])
    },
    onPointerMove: (event: PointerEvent) => {
      const held = press.current
      if (held === undefined) return
      const now = pixelOf(event)
      if (!held.moved && Math.hypot(now.x - held.start.x, now.y - held.start.y) < clickPixels) return
      if (!held.moved) event.currentTarget.setPointerCapture(event.pointerId)
      const by = { x: now.x - held.last.x, y: now.y - held.last.y }
      press.current = { ...held, last: now, moved: true }
      if (isLasso) setPath((before) => [...before, toShare(view, size, now)])
      else setView((before) => panBy(before, size, by))
    },
    onPointerUp: (event: PointerEvent) => {
      const held = press.current
      press.current = undefined
      setPath([])
      if (held === undefined) return
      if (!held.moved) options.onClick(pixelOf(event))
      else if (isLasso) options.onLasso([...path])
    },
    onPointerCancel: () => {
      press.current = undefined
      setPath([])
    },
    onKeyDown: (event: KeyboardEvent) => {
      const by = 60
      const act: Record<string, (() => void) | undefined> = {
        '+': () => zoom(1.5),
        '=': () => zoom(1.5),
        '-': () => zoom(1 / 1.5),
        '0': () => setView(wholeMap),
        ArrowLeft: () => setView((before) => panBy(before, size, { x: by, y: 0 })),
        ArrowRight: () => setView((before) => panBy(before, size, { x: -by, y: 0 })),
        ArrowUp: () => setView((before) => panBy(before, size, { x: 0, y: by })),
        ArrowDown: () => setView((before) => panBy(before, size, { x: 0, y: -by })),
      }
      const action = act[event.key]
      if (action === undefined || event.target !== event.currentTarget || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      action()
    },
  }
  return { view, path, handlers, zoom, reset: () => setView(wholeMap), isHeld: () => press.current?.moved === true }
}
