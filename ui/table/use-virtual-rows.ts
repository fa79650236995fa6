// Rows of a long table inside the page's own scroll: only what can be seen is in the document.
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'

/** Which rows to draw, and how much space to keep above and below them. */
export function useVirtualRows({ count, rowHeight }: { count: number; rowHeight: number }) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const measure = () => {
      if (body.current !== null) setTop(Math.round(body.current.getBoundingClientRect().top + window.scrollY))
    }
    measure()
    // What is above the table (a panel, a filter row) may grow or shrink at any time.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
  })
  const rows = virtualizer.getVirtualItems()
  const first = rows[0]
  const last = rows.at(-1)
  return {
    body,
    rows,
    above: first === undefined ? 0 : Math.max(0, first.start - top),
    below: last === undefined ? 0 : Math.max(0, virtualizer.getTotalSize() - (last.end - top)),
  }
}
