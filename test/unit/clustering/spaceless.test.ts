import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { leavesOf } from '#/clustering/tree.ts'
import { agreementOf } from './agreement.ts'
import themes from './spaceless-texts.json' with { type: 'json' }

// 48 questions of customers a language, twelve of each of four themes.
test.each([
  ['Chinese', themes.zh, 0.35],
  ['Japanese', themes.ja, 0.5],
  ['Thai', themes.th, 0.55],
])('themes of %s texts are found, the number of them unknown', (_, byTheme, least) => {
  const labelled = Object.entries(byTheme).flatMap(([theme, texts]) => texts.map((text) => ({ theme, text })))
  // Dealt out, so that their order says nothing.
  const dealt = labelled.map((_, i) => labelled[(i * 13) % labelled.length]!)
  const texts = dealt.map(({ text }) => text)
  const { roots } = clusterTree(featurize(texts, { seed: 1 }), { seed: 1, texts })
  const leafOf = new Int32Array(texts.length).fill(-1)
  leavesOf(roots).forEach(({ members }, leaf) => members.forEach((row) => (leafOf[row] = leaf)))
  const themesOf = dealt.map(({ theme }) => theme)
  expect(agreementOf(themesOf, leafOf).ARI).toBeGreaterThanOrEqual(least)
})
