// What MLflow's middleware refuses before any handler: foreign hosts, foreign origins, and workspaces it does not have.
import type { MiddlewareHandler } from 'hono'
import { TrackingError } from './errors.ts'

// Localhost under any port, and the private IPv4 ranges.
const knownHost =
  /^(localhost|127(\.\d{1,3}){3}|\[::1\]|0\.0\.0\.0|10(\.\d{1,3}){3}|192\.168(\.\d{1,3}){2}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2})(:\d+)?$/i

const localOrigin = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export const guard: MiddlewareHandler = async (c, next) => {
  const isProbe = c.req.path === '/health' || c.req.path === '/version'
  if (!isProbe) {
    if (!knownHost.test(c.req.header('host') ?? '')) {
      return c.body('Invalid Host header - possible DNS rebinding attack detected', 403, {
        'content-type': 'text/plain',
      })
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && changing.has(c.req.method) && !localOrigin.test(origin)) {
      return c.body('Cross-origin request blocked', 403, { 'content-type': 'text/plain' })
    }
    if (c.req.header('x-mlflow-workspace') !== undefined) {
      throw new TrackingError(
        'FEATURE_DISABLED',
        'Workspace APIs are not available: workspaces are not enabled on this server',
      )
    }
  }
  await next()
  c.header('x-frame-options', 'SAMEORIGIN')
  c.header('x-content-type-options', 'nosniff')
  return undefined
}
