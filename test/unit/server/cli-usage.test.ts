import { describe, expect, test } from 'vitest'
import { createTestWorld, runInWorld } from './cli-world.ts'

const run = (...args: string[]) => runInWorld(createTestWorld(), ...args)
const commands =
  'serve create list show export cancel resume retry-failed recompute delete restore import cluster config'.split(' ')

describe('the command line', () => {
  test.each(commands)('%s --help shows an example and leaves with 0', async (command) => {
    const { exitCode, stdout, stderr } = await run(command, '--help')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`Example:\\n  .*trace-insights ${command}`))
  })

  test('--help lists every command and the exit codes', async () => {
    const { exitCode, stdout } = await run('--help')
    expect(exitCode).toBe(0)
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect(stdout).toContain('Exit codes: 0')
  })

  test.each([
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['an unknown option', ['list', '--frobnicate']],
    ['a missing argument', ['show']],
    ['a superfluous argument', ['config', 'x']],
    ['a missing required option', ['create', '--experiment', 'x']],
    ['a number that is none', ['cluster', 'x', '--text', 't', '--out', 'o', '--k', '1.5']],
    ['a number out of range', ['cluster', 'x', '--text', 't', '--out', 'o', '--levels', '9']],
    ['a word that is no choice', ['export', 'x', '--format', 'xml']],
  ])('%s leaves with 2, says so on stderr and prints nothing', async (_, args) => {
    const { exitCode, stdout, stderr } = await run(...args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).not.toBe('')
  })

  test('says how to start the service when nothing answers, and leaves with 2', async () => {
    expect(await run('list')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'Nothing answers at http://127.0.0.1:5055. Start the service with npm start, or name another address with --url or INSIGHTS_URL.\n',
    })
  })

  test('asks the address of --url, else of INSIGHTS_URL', async () => {
    const env = { INSIGHTS_URL: 'http://insights:1/base/' }
    expect((await runInWorld(createTestWorld({ env }), 'list')).stderr).toContain('at http://insights:1/base.')
    const flag = await runInWorld(createTestWorld({ env }), 'list', '--url', 'http://other:2')
    expect(flag.stderr).toContain('at http://other:2.')
    expect(await run('list', '--url', 'ftp://x')).toMatchObject({ exitCode: 2 })
  })

  test('tells another program’s answer from the service’s', async () => {
    const html = () => Promise.resolve(new Response('<html>', { headers: { 'content-type': 'text/html' } }))
    const other = await runInWorld(createTestWorld({ fetch: html }), 'list')
    expect(other).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is not this version of Trace Insights'),
    })
  })

  test('config prints the table of the README', async () => {
    const { exitCode, stdout } = await run('config')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('| `PORT` | `5055` |')
  })
})
