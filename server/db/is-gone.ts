/** PostgreSQL shuts down or refuses connections (classes 08, 53 and 57P), or the connection broke. */
const goneCode = /^(08|53|57P)|^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/
const goneMessage = /connection terminated|timeout exceeded when trying to connect|connection ended/i

/** Whether the error says that the database, or the connection to it, is gone: what fails with it may succeed in a moment. */
export function isDatabaseGone(error: unknown): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause, depth++) {
    if ('code' in link && goneCode.test(String(link.code))) return true
    if (goneMessage.test(link.message)) return true
  }
  return false
}
