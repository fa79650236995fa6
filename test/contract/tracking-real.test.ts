import { test } from 'vitest'
import { askForMlflowServer } from '#/test/support/mlflow-server.ts'
import { trackingSuite } from './tracking-suite.ts'

const server = await askForMlflowServer()

if ('missing' in server) test.skip(`a real mlflow server: ${server.missing}`)
else trackingSuite(`a real mlflow server (${server.version})`, () => server)
