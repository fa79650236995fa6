import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createProgress, renderProgress, toDuration } from '#/server/cli/progress.ts'
import { renderTree, toPercent } from '#/server/cli/render-tree.ts'
import { readEvents } from '#/server/cli/sse.ts'
import { cutToWidth, toJsonText, toLine, toLines, toPrintable, widthOf, wrap } from '#/server/cli/terminal-text.ts'
import { isHarmless } from './cli-world.ts'

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001b', '[', ']', '\u0007', '\u009b', '\u202e', '日', '👩‍🚀', 'e\u0301', ' ', '\n', 'ab'),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
  ),
})

describe('text for a terminal', () => {
  test('is one harmless line, whatever the text was', () => {
    fc.assert(fc.property(anyText, (text) => isHarmless(toLine(text)) && !toLine(text).includes('\n')))
    fc.assert(fc.property(anyText, (text) => isHarmless(toPrintable(text).replaceAll('\t', ''))))
    fc.assert(fc.property(anyText, (text) => toLines(text).every((line) => isHarmless(line))))
  })

  test('loses whole escape sequences and keeps every language', () => {
    expect(toLine('a\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link')).toBe('ared link')
    expect(toLine('日本語 العربية עברית 👩‍🚀 فارسی‌ها')).toBe('日本語 العربية עברית 👩‍🚀 فارسی‌ها')
  })

  test('as JSON is harmless and reads back the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = toJsonText({ [text]: [text] })
        return isHarmless(json) && JSON.stringify(JSON.parse(json)) === JSON.stringify({ [text]: [text] })
      }),
    )
  })

  test('is measured in columns: East Asian letters and emoji take two, combining marks none', () => {
    expect(['abc', '日本', '👩‍🚀', 'e\u0301'].map(widthOf)).toEqual([3, 4, 2, 1])
    expect(cutToWidth('日本語の文', 6)).toBe('日本…')
  })

  test('is wrapped so that no line is too wide and no word is lost', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 30 }), (text, columns) => {
        const lines = wrap(toLine(text), columns)
        expect(lines.every((line) => widthOf(line) <= columns)).toBe(true)
        expect(lines.join('').replaceAll(' ', '')).toBe(toLine(text).replaceAll(' ', ''))
      }),
    )
  })
})

describe('the tree', () => {
  const leaf = (id: string, title: string, size: number) => ({
    id,
    title,
    size,
    share: size / 40,
    summary: '',
    children: [],
  })
  const style = { bold: (text: string) => text, dim: (text: string) => text }

  test('is drawn with sizes, shares and descriptions of at most two lines', () => {
    const lines = renderTree(
      [
        {
          id: '1',
          title: 'Orders',
          size: 30,
          share: 0.75,
          summary:
            'Everything about orders that were placed, changed, lost, found, or never asked for in the first place.',
          children: [
            leaf('1.1', 'A title so long that it has to go on in the line below it', 20),
            leaf('1.2', 'Late', 10),
          ],
        },
        { ...leaf('2', '注文が届かない', 10), summary: '届かない。' },
        { title: 'Failed', size: 2, summary: '', children: [] },
      ],
      { columns: 44, style },
    )
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ├─ 1 Orders · 30 (75 %)
      │  │  Everything about orders that were
      │  │  placed, changed, lost, found, or neve…
      │  ├─ 1.1 A title so long that it has to go
      │  │     on in the line below it · 20 (50 %)
      │  └─ 1.2 Late · 10 (25 %)
      ├─ 2 注文が届かない · 10 (25 %)
      │     届かない。
      └─ Failed · 2
      "
    `)
    expect(lines.every((line) => widthOf(line) <= 44)).toBe(true)
  })

  test('gives shares as whole percent, except next to none and all', () => {
    expect([0, 0.004, 0.0999, 0.5, 0.996, 1].map(toPercent)).toEqual([
      '0 %',
      '0.4 %',
      '10 %',
      '50 %',
      '99.6 %',
      '100 %',
    ])
  })
})

describe('progress', () => {
  const record = (isTty: boolean) => {
    let written = ''
    let nowMs = 0
    const progress = createProgress(
      { write: (text) => void (written += String(text)), isTty, hasColors: false, columns: 60 },
      () => nowMs,
    )
    return { progress, pass: (ms: number) => void (nowMs += ms), written: () => written }
  }

  test('rewrites one line on a terminal and leaves it when the stage ends', () => {
    const { progress, pass, written } = record(true)
    for (const done of [0, 1, 2]) {
      progress.update({ stage: 'summarize', done, total: 4 })
      pass(200)
    }
    progress.update({ stage: 'cluster', done: 0, total: 4 })
    progress.close({ isComplete: true })
    expect(
      written()
        .split('\r')
        .map((line) => line.trimEnd())
        .slice(1),
    ).toEqual([
      'summarize  ░░░░░░░░░░░░░░░░░░░░░░░░  0/4  0 %',
      'summarize  ██████░░░░░░░░░░░░░░░░░░  1/4  25 %',
      'summarize  ████████████░░░░░░░░░░░░  2/4  50 %',
      'summarize  ████████████████████████  4/4  100 %',
      'cluster    ░░░░░░░░░░░░░░░░░░░░░░░░  0/4  0 %',
      'cluster    ████████████████████████  4/4  100 %',
    ])
    expect(written().match(/\n/g)).toHaveLength(2)
  })

  test('writes few lines to a log, the last of each stage among them, and never a carriage return', () => {
    const { progress, pass, written } = record(false)
    for (let done = 0; done <= 1000; done++) {
      progress.update({ stage: 'summarize', done, total: 1000 })
      pass(10)
    }
    progress.close({ isComplete: true })
    const lines = written().trimEnd().split('\n')
    expect(lines.length).toBeLessThan(6)
    expect(lines.at(-1)).toContain('1000/1000  100 %')
    expect(written()).not.toContain('\r')
  })

  test('tells rate, time left and failures', () => {
    expect(renderProgress({ stage: 'summarize', done: 5, total: 10, failed: 2, ratePerS: 0.5, etaS: 10 })).toBe(
      'summarize  ████████████░░░░░░░░░░░░  5/10  50 %  0.5 a second, 10 s left  2 failed',
    )
    expect([0, 1.24, 59.6, 200, 7500].map(toDuration)).toEqual(['0 s', '1.2 s', '1 min 0 s', '3 min 20 s', '2 h 5 min'])
  })
})

describe('server-sent events', () => {
  const text =
    ': hi\n\nevent: a\r\ndata: {"x":\r\ndata: "é"}\r\nid: 7\r\n\r\ndata:no space\rdata: two\r\revent: empty\n\ndata: cut off'
  const expected = [
    { event: 'a', data: '{"x":\n"é"}', id: '7' },
    { event: 'message', data: 'no space\ntwo', id: undefined },
  ]

  test('are read alike however the bytes are cut', async () => {
    const bytes = new TextEncoder().encode(text)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 100 }), async (sizes) => {
        async function* chunks(): AsyncGenerator<Uint8Array> {
          let at = 0
          for (const size of sizes) yield bytes.subarray(at, (at += size))
          yield bytes.subarray(at)
        }
        const events = []
        for await (const event of readEvents(chunks())) events.push(event)
        expect(events).toEqual(expected)
      }),
    )
  })
})
