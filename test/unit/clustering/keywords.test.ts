import { expect, test } from 'vitest'
import { createPhraseReader } from '#/clustering/describe/keywords.ts'

const rank = (node: string[], others: string[]) => {
  const reader = createPhraseReader()
  return reader.rank(reader.readLeaf(node), reader.readLeaf(others))
}

test('what a node has and its siblings have not comes first, as it was written', () => {
  const node = [
    'Refunds for my virtual card',
    'a virtual card was declined',
    'my virtual card expired',
    'new virtual card please',
  ]
  const others = ['my card was declined', 'a new card please', 'refunds for my card', 'the card expired']
  expect(rank(node, others)[0]).toBe('virtual card')
})

test('function words, greetings and bare numbers are no keywords', () => {
  const words = rank(['Hello, why is it not 42?', 'hello, why not 42'], ['a parcel'])
  expect(words).toEqual([])
})

test('words with a particle stay whole', () => {
  expect(rank(['how do I top up', 'top up failed', 'cannot top up'], ['card lost', 'card stolen'])).toContain('top up')
})

test('Chinese phrases are taken from the text as they stand', () => {
  const words = rank(['我想退款', '请尽快退款', '退款什么时候到'], ['更改密码', '忘记密码'])
  expect(words[0]).toContain('退款')
})
