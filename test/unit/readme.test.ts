import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { renderConfigTable } from '#/server/config.ts'

test('the README’s table of variables is the configuration’s own', async () => {
  const readme = await readFile('README.md', 'utf8')
  expect(readme).toContain(renderConfigTable().trimEnd())
})
