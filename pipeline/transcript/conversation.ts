// The conversation of a trace, read once: messages in order, what happened between them in time.
import type { Piece } from './pieces.ts'

/** A piece with the span that holds it and the time it was said or done. */
export type Item = Piece & { spanId: string; timeMs: number }

/**
 * Collects what the spans of a trace say without saying anything twice. Model calls carry the growing history of the
 * conversation again and again; a message counts as new only when it occurs more often than it was taken in so far.
 */
export class Conversation {
  /** In the order it was said. */
  readonly #said: Item[] = []
  /** What happened besides, each with its time. */
  readonly #happened: Item[] = []
  readonly #counts = new Map<string, number>()
  readonly #texts = new Set<string>()

  /** The trace's own conversation (its root's inputs or outputs): taken as it is, repeated words included. */
  say(items: readonly Item[]): void {
    for (const item of items) {
      this.#said.push(item)
      this.#note(item)
    }
  }

  /** Adds what is new among `items` (the messages of one model call, say) as something that happened at its time. */
  add(items: readonly Item[]): void {
    const here = new Map<string, number>()
    for (const item of items) {
      const key = keyOf(item)
      const count = (here.get(key) ?? 0) + 1
      here.set(key, count)
      if (count <= (this.#counts.get(key) ?? 0)) continue
      if (item.kind !== 'user' && item.kind !== 'assistant' && this.#texts.has(item.text.trim())) continue
      this.#happened.push(item)
      this.#note(item)
    }
  }

  /** Adds an item unless its very text is known, whoever said it. */
  addUnlessKnown(item: Item): void {
    if (this.#texts.has(item.text.trim())) return
    this.#happened.push(item)
    this.#note(item)
  }

  /** Whether somebody is known to have asked something; later `user` text then comes from prompts, not from people. */
  get hasUser(): boolean {
    return this.#said.some((item) => item.kind === 'user') || this.#happened.some((item) => item.kind === 'user')
  }

  /** The messages known so far that call tools or answer for them, in order. */
  toolItems(): Item[] {
    return [...this.#said, ...this.#happened].filter(
      (item) => item.kind === 'tool_call' || item.kind === 'tool_result' || item.kind === 'error',
    )
  }

  /** Puts an item right behind one that is there; in time order when that one is not found. */
  addAfter(anchor: Item, item: Item): void {
    for (const list of [this.#said, this.#happened]) {
      const at = list.indexOf(anchor)
      if (at === -1) continue
      list.splice(at + 1, 0, { ...item, timeMs: anchor.timeMs })
      this.#note(item)
      return
    }
    this.#happened.push(item)
    this.#note(item)
  }

  /**
   * Everything in order. `times` says when a message was first heard (model calls know); a message without a time is as
   * late as the one before it, and what happened comes behind the last message that is not later.
   */
  inOrder(times: ReadonlyMap<string, number>): Item[] {
    let latest = -Infinity
    const said = this.#said.map((item) => {
      latest = Math.max(latest, times.get(keyOf(item)) ?? item.timeMs)
      return { item, timeMs: latest }
    })
    const happened = this.#happened
      .map((item, index) => ({ item, index }))
      .sort((a, b) => a.item.timeMs - b.item.timeMs || a.index - b.index)
    const all: Item[] = []
    let next = 0
    for (const { item, timeMs } of said) {
      while (next < happened.length && (happened[next]?.item.timeMs ?? 0) < timeMs) all.push(happened[next++]!.item)
      all.push(item)
    }
    while (next < happened.length) all.push(happened[next++]!.item)
    return all
  }

  #note(item: Item): void {
    const key = keyOf(item)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    this.#texts.add(item.text.trim())
  }
}

/** Two pieces with one key say the same. */
export function keyOf(piece: Piece): string {
  return `${piece.kind} ${piece.kind === 'tool_call' ? (piece.name ?? '') : ''} ${piece.text.trim()}`
}
