// Pieces of a long trace that each fit a model: the map of map–reduce.
import { renderTurn } from './render-turns.ts'
import type { Transcript, Turn } from './transcript.ts'

/**
 * Chunks of whole turns in order; rendered with `renderTurns`, none is longer than `maxChars`. A single turn over the
 * limit is split at ends of paragraphs, lines, sentences or words, whichever come late enough. Nothing is left out.
 */
export function chunkTurns(transcript: Pick<Transcript, 'turns'>, { maxChars }: { maxChars: number }): Turn[][] {
  const chunks: Turn[][] = []
  let chunk: Turn[] = []
  let used = 0
  for (const whole of transcript.turns) {
    for (const turn of fit(whole, maxChars)) {
      const length = renderedLength(turn)
      if (chunk.length > 0 && used + length > maxChars) {
        chunks.push(chunk)
        chunk = []
        used = 0
      }
      chunk.push(turn)
      used += length
    }
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}

/** With room for a number of six digits and the line break between two turns. */
function renderedLength(turn: Turn): number {
  return renderTurn(turn, 100_000).length + 1
}

function fit(turn: Turn, maxChars: number): Turn[] {
  if (renderedLength(turn) <= maxChars) return [turn]
  const parts: Turn[] = []
  const label = renderedLength({ ...turn, text: '' })
  const room = Math.max(1, maxChars - label)
  let rest = turn.text
  while (rest.length > 0) {
    let size = Math.min(room, rest.length)
    // Escaping makes hostile text longer than it is: shrink until the rendered part fits.
    while (size > 1 && renderedLength({ ...turn, text: rest.slice(0, size) }) > maxChars) size = Math.floor(size * 0.8)
    const cut = size < rest.length ? cutPoint(rest, size) : size
    parts.push({ ...turn, text: rest.slice(0, cut) })
    rest = rest.slice(cut)
  }
  return parts
}

/** The last good end in the second half of what fits: paragraph, line, sentence, word; else right there. */
function cutPoint(text: string, size: number): number {
  const window = text.slice(0, size)
  const earliest = Math.floor(size / 2)
  for (const [mark, length] of [
    ['\n\n', 2],
    ['\n', 1],
    ['. ', 2],
    ['? ', 2],
    ['! ', 2],
    [' ', 1],
  ] as const) {
    const at = window.lastIndexOf(mark)
    if (at >= earliest) return at + length
  }
  const code = text.charCodeAt(size - 1)
  return code >= 0xd800 && code <= 0xdbff && size > 1 ? size - 1 : size
}
