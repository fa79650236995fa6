// A process of its own that makes a new database folder and ends: `node make-folder.ts <folder>`.
// Making one takes 0.6 to 1 GB of memory, which a process never gives back; this one takes it along.
import { PGlite } from '@electric-sql/pglite'

const [dir = ''] = process.argv.slice(2)
process.on('disconnect', () => process.exit(1))
const db = await PGlite.create(dir)
await db.close()
process.exit(0)
