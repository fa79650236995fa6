/** The colour of a top-level cluster and everything below it: by its place, so that tree, map and panel agree. */
export function toHue(clusterId: string | null): string {
  if (clusterId === null) return 'var(--hue-none)'
  const top = Number.parseInt(clusterId, 10)
  return Number.isNaN(top) ? 'var(--hue-none)' : `var(--hue-${(top - 1 + hueCount) % hueCount})`
}

export const hueCount = 10
