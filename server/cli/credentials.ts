// Who asks, in the words of MLflow's own clients; the service passes it on where it wants to know.
import type { MlflowCredentials } from '#/server/mlflow/config.ts'
import type { World } from './world.ts'

/** The credentials in the environment: a token wins over user and password; a blank value counts as unset. */
export function credentialsOf(env: World['env']): MlflowCredentials {
  const [token, username, password] = ['TOKEN', 'USERNAME', 'PASSWORD'].map(
    (name) => env[`MLFLOW_TRACKING_${name}`]?.trim() ?? '',
  )
  if (token) return { kind: 'bearer', token }
  if (username) return { kind: 'basic', username, password: password ?? '' }
  return { kind: 'none' }
}
