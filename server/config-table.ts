// Prints the README's table of variables: `npm run docs:config`.
import { renderConfigTable } from './config.ts'

process.stdout.write(renderConfigTable())
