// The analyst that needs no key and no network: everything it says is picked from the traces and counted.
import { featurize } from '#/clustering/featurize.ts'
import { noUsage } from '../insight.ts'
import type { Analyst } from '../ports.ts'
import { describeNode } from './describe.ts'
import { toLens, type Lens } from './lens.ts'
import { toOverview } from './overview.ts'
import { summarizeTranscript } from './summarize.ts'
import { sharesOfLeaves } from './shares.ts'
import { leavesOf, titleNodes } from './title.ts'

/**
 * The built-in analyst. Same input, same answer to the byte. `summarize` throws `trace.empty` for a trace that says
 * nothing; nothing else here fails except by the signal.
 */
export function createBuiltinAnalyst(): Analyst {
  const lensOf = rememberLast(toLens)
  return {
    models: { thinking: 'builtin', summary: 'builtin', embedding: 'builtin', reasoningEffort: 'none' },
    prompts: [],
    summarize: async ({ instruction, transcript }, { signal }) => {
      signal.throwIfAborted()
      return summarizeTranscript(transcript, lensOf(instruction))
    },
    embed: async (texts, { signal, seed, onProgress }) => {
      signal.throwIfAborted()
      const vectors = featurize(texts, {
        seed,
        onProgress: (share) => {
          signal.throwIfAborted()
          onProgress?.(Math.round(share * texts.length))
        },
      })
      return { vectors, usage: noUsage }
    },
    nameClusters: async ({ instruction, nodes, total }, { signal, onProgress }) => {
      signal.throwIfAborted()
      const lens = lensOf(instruction)
      const { titled, inPlural } = titleNodes(nodes, lens)
      const byId = new Map(nodes.map((node) => [node.id, node]))
      const whole = sharesOfLeaves(nodes.filter(({ childIds }) => childIds.length === 0))
      const names = nodes.map((node) => {
        const { title, ranked } = titled.get(node.id) ?? { title: node.id, ranked: [] }
        const shares = sharesOfLeaves(leavesOf(node, byId))
        return { id: node.id, title, summary: describeNode(node, { ranked, inPlural, shares, whole, total }, lens) }
      })
      onProgress?.(nodes.length)
      return { names, usage: noUsage }
    },
    writeOverview: async ({ instruction, ...input }, { signal }) => {
      signal.throwIfAborted()
      return toOverview(input, lensOf(instruction))
    },
  }
}

/** A job asks the same question of every trace: it is read once. */
function rememberLast(read: (instruction: string) => Lens): (instruction: string) => Lens {
  let last: { instruction: string; lens: Lens } | undefined
  return (instruction) => {
    if (last?.instruction !== instruction) last = { instruction, lens: read(instruction) }
    return last.lens
  }
}
