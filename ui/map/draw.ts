// Dots as pixels, written straight into an image. 100,000 of them take a few milliseconds without any graphics card,
// where arcs of a canvas take hundreds and WebGL in software tens; it also looks the same on every machine.
import { hueCount } from '../parts/hues.ts'
import type { Dots } from './dots.ts'
import { toScale, type Size, type View } from './view.ts'

/** Colours as 0xBBGGRR, the order of an image's bytes read as one number: the hues, then the one of unassigned traces. */
export type Palette = { page: number; dots: readonly number[] }

/** The pixels that a dot touches, from its middle, and how much of each it paints, 0 to 255. */
type Stamp = { reach: number; dx: Int8Array; dy: Int8Array; shares: Uint8Array }

/** A disc (or ring) of this radius; pixels it leaves as they are, its corners above all, are not in it. */
function toStamp({ radius, hollow, strength }: { radius: number; hollow: boolean; strength: number }): Stamp {
  const reach = Math.ceil(radius)
  const line = Math.max(1, radius / 3)
  const touched: { dx: number; dy: number; share: number }[] = []
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const distance = Math.hypot(dx, dy)
      const disc = Math.min(1, Math.max(0, radius + 0.5 - distance))
      const hole = hollow ? Math.min(1, Math.max(0, radius - line + 0.5 - distance)) : 0
      const share = (Math.round(255 * (disc - hole)) * strength) >> 8
      if (share > 0) touched.push({ dx, dy, share })
    }
  }
  return {
    reach,
    dx: Int8Array.from(touched, ({ dx }) => dx),
    dy: Int8Array.from(touched, ({ dy }) => dy),
    shares: Uint8Array.from(touched, ({ share }) => share),
  }
}

/** Radius of a dot in CSS pixels: smaller where there are many, larger as one looks closer. */
function radiusOf(count: number, zoom: number): number {
  const base = count > 50_000 ? 0.9 : count > 20_000 ? 1.2 : count > 3_000 ? 1.7 : count > 800 ? 2.4 : 3.4
  return Math.min(5, base * zoom ** 0.4)
}

/** `size` is in CSS pixels, and an image has `density` of its own for each of them. */
export type Picture = { dots: Dots; view: View; size: Size; palette: Palette }
type Image = { pixels: Uint32Array; width: number; height: number; density: number }

const faintStrength = 36

/**
 * Draws the dots over the page's colour; where `lit` is given all are faint, and those drawn over. The faint picture is
 * kept while the place stays the same: another choice of a few then costs these few, not all 100,000.
 */
export function createDotPainter(): (image: Image, picture: Picture, lit: Uint8Array | undefined) => void {
  let faint: { pixels: Uint32Array; picture: Picture } | undefined
  return (image, picture, lit) => {
    const solid = picture.dots.count > 20_000 ? 150 : 215
    if (lit === undefined) {
      fillPage(image, picture)
      drawDots(image, picture, { strength: solid, only: undefined })
      return
    }
    if (faint?.pixels.length === image.pixels.length && isSamePicture(faint.picture, picture)) {
      image.pixels.set(faint.pixels)
    } else {
      fillPage(image, picture)
      drawDots(image, picture, { strength: faintStrength, only: undefined })
      const kept = faint?.pixels.length === image.pixels.length ? faint.pixels : new Uint32Array(image.pixels.length)
      kept.set(image.pixels)
      faint = { pixels: kept, picture }
    }
    drawDots(image, picture, { strength: solid, only: lit })
  }
}

const isSamePicture = (one: Picture, other: Picture): boolean =>
  one.dots === other.dots && one.view === other.view && one.size === other.size && one.palette === other.palette

function fillPage(image: Image, { palette }: Picture): void {
  image.pixels.fill((0xff000000 | palette.page) >>> 0)
}

function drawDots(image: Image, picture: Picture, how: { strength: number; only: Uint8Array | undefined }): void {
  const { dots, view, palette } = picture
  const { density } = image
  const { strength, only } = how
  const scale = toScale(view, picture.size)
  const [scaleX, scaleY] = [scale.scaleX * density, scale.scaleY * density]
  const [offsetX, offsetY] = [scale.offsetX * density, scale.offsetY * density]
  const radius = radiusOf(dots.count, view.zoom) * density
  const disc = toStamp({ radius, hollow: false, strength })
  const ring = toStamp({ radius: Math.max(radius, 1.5 * density), hollow: true, strength })
  for (let index = 0; index < dots.count; index++) {
    if (only !== undefined && only[index] !== 1) continue
    const x = Math.round((dots.x[index] ?? 0) * scaleX + offsetX)
    const y = Math.round((dots.y[index] ?? 0) * scaleY + offsetY)
    const hue = dots.hue[index] ?? hueCount
    const stamp = hue === hueCount ? ring : disc
    if (x < -stamp.reach || y < -stamp.reach || x >= image.width + stamp.reach || y >= image.height + stamp.reach)
      continue
    blend(image.pixels, image, stamp, x, y, palette.dots[hue] ?? 0)
  }
}

function blend(pixels: Uint32Array, { width, height }: Size, stamp: Stamp, x: number, y: number, color: number): void {
  const redBlue = color & 0xff00ff
  const green = color & 0x00ff00
  const { reach, dx, dy, shares } = stamp
  const isWhole = x >= reach && y >= reach && x < width - reach && y < height - reach
  for (let index = 0; index < shares.length; index++) {
    const px = x + (dx[index] ?? 0)
    const py = y + (dy[index] ?? 0)
    if (!isWhole && (px < 0 || py < 0 || px >= width || py >= height)) continue
    const share = shares[index] ?? 0
    const rest = 256 - share
    const at = py * width + px
    const under = pixels[at] ?? 0
    const mixedRedBlue = ((redBlue * share + (under & 0xff00ff) * rest) >>> 8) & 0xff00ff
    const mixedGreen = ((green * share + (under & 0x00ff00) * rest) >>> 8) & 0x00ff00
    pixels[at] = (0xff000000 | mixedRedBlue | mixedGreen) >>> 0
  }
}

/** The palette as an image needs it: custom properties resolved for the theme that is shown. */
export function readPalette(inside: HTMLElement): Palette {
  const probe = document.createElement('span')
  inside.append(probe)
  const resolve = (property: string): number => {
    probe.style.color = `var(${property})`
    const [red = 0, green = 0, blue = 0] = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number)
    return (blue << 16) | (green << 8) | red
  }
  const palette = {
    page: resolve('--raised'),
    dots: [...Array.from({ length: hueCount }, (_, index) => resolve(`--hue-${index}`)), resolve('--hue-none')],
  }
  probe.remove()
  return palette
}

/** The dot nearest to a share of the map, if one is within reach of the pointer. */
export function findNearest(
  dots: Dots,
  at: { x: number; y: number },
  scale: { scaleX: number; scaleY: number },
): number | undefined {
  let best: number | undefined
  let bestDistance = 12 * 12
  for (let index = 0; index < dots.count; index++) {
    const dx = ((dots.x[index] ?? 0) - at.x) * scale.scaleX
    const dy = ((dots.y[index] ?? 0) - at.y) * scale.scaleY
    const distance = dx * dx + dy * dy
    if (distance < bestDistance) {
      best = index
      bestDistance = distance
    }
  }
  return best
}
