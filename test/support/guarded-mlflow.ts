// A real `mlflow server --app-name basic-auth`, with users of every standing and a token for robots.
import { startMlflow } from './mlflow-server.ts'

const admin = { name: 'admin', password: 'the-admin-of-these-tests' }
export const password = 'a-password-for-tests'
/** Bearer tokens are what a proxy or a plugin of MLflow's brings: here a plugin that knows one. */
export const robotToken = 'the-token-of-the-robot'

export const basic = (user: string, secret = password) => ({
  authorization: `Basic ${btoa(`${user}:${secret}`)}`,
})

// MLflow itself knows only passwords; `authorization_function` is its door for anything else.
const plugin = `
from flask import request
from mlflow.server.auth import authenticate_request_basic_auth, make_basic_auth_response
from werkzeug.datastructures import Authorization


def authenticate():
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer "):
        return authenticate_request_basic_auth()
    if header == "Bearer ${robotToken}":
        return Authorization("basic", {"username": "robot", "password": "unused"})
    return make_basic_auth_response()
`
// Without the cache every request costs half a second of password hashing.
const settings = `[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///auth.db
admin_username = ${admin.name}
admin_password = ${admin.password}
authorization_function = tokens:authenticate
auth_cache_ttl_seconds = 600
`

export type GuardedMlflow = {
  url: string
  version: string
  /** Lets a user of `createUser` do something with an experiment: MLflow's words `READ`, `EDIT`, `MANAGE`. */
  grant: (user: string, permission: 'READ' | 'EDIT', experimentId: string) => Promise<void>
  createUser: (user: string) => Promise<void>
  stop: () => Promise<void>
}

/** Throws with the reason where it cannot be had: ask for the shared server first. */
export async function startGuardedMlflow(): Promise<GuardedMlflow> {
  const { server, stop } = await startMlflow({
    args: ['--app-name=basic-auth'],
    // Paths are relative to the server's own folder, where it is started.
    env: { MLFLOW_AUTH_CONFIG_PATH: 'auth.ini', MLFLOW_FLASK_SERVER_SECRET_KEY: 'of-these-tests', PYTHONPATH: '.' },
    files: { 'auth.ini': settings, 'tokens.py': plugin },
  })
  const asAdmin = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...basic(admin.name, admin.password) },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  return {
    url: server.url,
    version: server.version,
    createUser: (user) => asAdmin('/api/2.0/mlflow/users/create', { username: user, password }),
    grant: (user, permission, experimentId) =>
      asAdmin('/api/3.0/mlflow/users/permissions/grant', {
        username: user,
        resource_type: 'experiment',
        resource_id: experimentId,
        permission,
      }),
    stop,
  }
}
