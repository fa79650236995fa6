// The analyst that needs no key and no network: everything it says is picked from the traces and counted.
import { featurize } from '#/clustering/text/featurize.ts'
import { noUsage } from '../insight.ts'
import type { Lens as QuestionLens } from '../lens.ts'
import type { Analyst } from '../ports.ts'
import { deriveLens } from './derive-lens.ts'
import { describeNode } from './describe.ts'
import { toLens, type Lens } from './lens.ts'
import { toOverview } from './overview.ts'
import { summarizeTranscript } from './summarize.ts'
import { toShares } from './shares.ts'
import { titleNodes } from './title.ts'

/**
 * The built-in analyst. Same input, same answer to the byte. `summarize` throws `trace.empty` for a trace that says
 * nothing; nothing else here fails except by the signal.
 */
export function createBuiltinAnalyst(): Analyst {
  const lensOf = rememberLast()
  return {
    models: { thinking: 'builtin', summary: 'builtin', embedding: 'builtin', reasoningEffort: 'none' },
    prompts: [],
    deriveLens: async (instruction, { signal }) => {
      signal.throwIfAborted()
      return { lens: deriveLens(instruction), by: 'builtin', usage: noUsage }
    },
    summarize: async ({ instruction, lens, transcript }, { signal }) => {
      signal.throwIfAborted()
      return summarizeTranscript(transcript, lensOf(instruction, lens), lens)
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
    nameClusters: async ({ instruction, lens: asked, nodes, total, outcomes }, { signal, onProgress }) => {
      signal.throwIfAborted()
      const lens = lensOf(instruction, asked)
      const { titled, inPlural } = titleNodes(nodes, lens)
      const whole = toShares(outcomes, total)
      const names = nodes.map((node) => {
        const { title, ranked } = titled.get(node.id) ?? { title: node.id, ranked: [] }
        const shares = toShares(node.outcomes, node.size)
        return { id: node.id, title, summary: describeNode(node, { ranked, inPlural, shares, whole, total }, lens) }
      })
      onProgress?.(nodes.length)
      return { names, usage: noUsage }
    },
    writeOverview: async ({ instruction, lens, ...input }, { signal }) => {
      signal.throwIfAborted()
      return toOverview(input, lensOf(instruction, lens))
    },
  }
}

/** A job asks the same question of every trace: it is read once. */
function rememberLast(): (instruction: string, asked: QuestionLens | undefined) => Lens {
  let last: { instruction: string; asked: QuestionLens | undefined; lens: Lens } | undefined
  return (instruction, asked) => {
    if (last?.instruction !== instruction || last.asked !== asked) {
      last = { instruction, asked, lens: readLens(instruction, asked) }
    }
    return last.lens
  }
}

/** What is to be extracted decides what is told; the language stays that of the question. */
function readLens(instruction: string, asked: QuestionLens | undefined): Lens {
  const lens = toLens(instruction)
  if (asked === undefined || asked.extract.trim() === '') return lens
  const { kind, terms } = toLens(asked.extract)
  return { ...lens, kind, terms }
}
