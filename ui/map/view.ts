// Which part of the map is looked at: a centre and a zoom, written into the URL as `zoom,x,y`.
import type { Dots, Point } from './dots.ts'

/** `x` and `y` are the share of the map in the middle of the picture; zoom 1 shows all of it. */
export type View = { zoom: number; x: number; y: number }

export type Size = { width: number; height: number }

export const wholeMap: View = { zoom: 1, x: 0.5, y: 0.5 }

const maxZoom = 64
/** Room around the outermost dots, in pixels. */
const margin = 26

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

/** Keeps the zoom sensible and some of the map in the picture. */
export function toView({ zoom, x, y }: View): View {
  const kept = clamp(zoom, 1, maxZoom)
  const slack = 0.5 / kept
  return { zoom: kept, x: clamp(x, slack, 1 - slack), y: clamp(y, slack, 1 - slack) }
}

export function parseView(text: string | undefined): View {
  const [zoom = Number.NaN, x = Number.NaN, y = Number.NaN] = (text ?? '').split(',').map(Number)
  return [zoom, x, y].every(Number.isFinite) ? toView({ zoom, x, y }) : wholeMap
}

/** What the URL keeps; nothing while the whole map is shown. */
export function writeView({ zoom, x, y }: View): string | undefined {
  return zoom < 1.001 ? undefined : `${zoom.toFixed(2)},${x.toFixed(4)},${y.toFixed(4)}`
}

/** Pixels of a share of the map: `pixel = share × scale + offset`. */
export function toScale(view: View, { width, height }: Size) {
  const scaleX = Math.max(1, width - 2 * margin) * view.zoom
  const scaleY = Math.max(1, height - 2 * margin) * view.zoom
  return { scaleX, scaleY, offsetX: width / 2 - view.x * scaleX, offsetY: height / 2 - view.y * scaleY }
}

export function toShare(view: View, size: Size, pixel: Point): Point {
  const { scaleX, scaleY, offsetX, offsetY } = toScale(view, size)
  return { x: (pixel.x - offsetX) / scaleX, y: (pixel.y - offsetY) / scaleY }
}

export function toPixel(view: View, size: Size, share: Point): Point {
  const { scaleX, scaleY, offsetX, offsetY } = toScale(view, size)
  return { x: share.x * scaleX + offsetX, y: share.y * scaleY + offsetY }
}

/** Zooms so that what is under the pixel stays under it. */
export function zoomAt(view: View, size: Size, pixel: Point, factor: number): View {
  const zoom = clamp(view.zoom * factor, 1, maxZoom)
  const held = toShare(view, size, pixel)
  const next = toShare({ ...view, zoom }, size, pixel)
  return toView({ zoom, x: view.x + held.x - next.x, y: view.y + held.y - next.y })
}

export function panBy(view: View, size: Size, pixels: Point): View {
  const { scaleX, scaleY } = toScale(view, size)
  return toView({ ...view, x: view.x - pixels.x / scaleX, y: view.y - pixels.y / scaleY })
}

// ---- areas drawn with the lasso ----------------------------------------------------------------------------------

const maxCorners = 60

/** The lasso's path as the URL and the server know it: few corners, in the server's coordinates, `x,y;x,y;x,y`. */
export function writeArea(dots: Dots, path: readonly Point[]): string | undefined {
  const every = Math.max(1, Math.ceil(path.length / maxCorners))
  const corners = path.filter((_, index) => index % every === 0)
  if (corners.length < 3) return undefined
  const write = (share: number, low: number, span: number) => Number((low + share * span).toFixed(4))
  return corners
    .map(({ x, y }) => `${write(x, dots.low.x, dots.span.x)},${write(y, dots.low.y, dots.span.y)}`)
    .join(';')
}

/** The corners as shares of the map; none for a text that is no area. */
export function parseArea(dots: Dots, text: string): Point[] {
  const corners = text.split(';').map((corner) => {
    const [x = Number.NaN, y = Number.NaN] = corner.split(',').map(Number)
    return { x: (x - dots.low.x) / dots.span.x, y: (y - dots.low.y) / dots.span.y }
  })
  return corners.length >= 3 && corners.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)) ? corners : []
}
