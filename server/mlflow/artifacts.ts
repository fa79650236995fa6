// Artifacts of runs: through the server where it takes them, straight to its artifact proxy where they are too large.
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable } from '#/pipeline/ports.ts'
import { artifactsAnswer, emptyAnswer, type Run } from './schemas.ts'
import { byteLengthOf, type HttpBody } from '../send.ts'
import type { Transport } from './transport.ts'

/** upload-artifact refuses more, and refuses an empty body. */
const uploadLimitBytes = 10 * 1024 * 1024
const proxyPath = '/api/2.0/mlflow-artifacts/artifacts'
const downloadLimitBytes = 512 * 1024 * 1024

export type ArtifactFile = { path: string; isDirectory: boolean; bytes?: number }

export function createArtifacts(
  transport: Transport,
  { getRun }: { getRun: (runId: string, options: Cancellable) => Promise<Run> },
) {
  /**
   * Writes a file of the run, over an older one. Throws `mlflow.unsupported` for a file above 10 MiB (or an empty one)
   * when the run's artifacts are not behind the server's proxy.
   */
  async function uploadArtifact(
    artifact: { runId: string; path: string; body: HttpBody },
    options: Cancellable,
  ): Promise<void> {
    const bytes = byteLengthOf(artifact.body)
    const body = { content: artifact.body, type: toMediaType(artifact.path) }
    if (bytes > 0 && bytes <= uploadLimitBytes) {
      await transport.json(emptyAnswer, {
        method: 'POST',
        path: '/ajax-api/2.0/mlflow/upload-artifact',
        query: { run_uuid: artifact.runId, path: artifact.path },
        body,
        replay: 'safe',
        signal: options.signal,
      })
      return
    }
    const { artifactUri } = await getRun(artifact.runId, options)
    const root = toProxyPath(artifactUri, transport.base)
    if (root === undefined) {
      throw new AppError(
        'mlflow.unsupported',
        `This run keeps its artifacts at ${toScheme(artifactUri)}, where MLflow takes files of 1 byte to 10 MiB from us, and ${artifact.path} has ${bytes} bytes. Start MLflow with --serve-artifacts and an --artifacts-destination to lift the limit.`,
      )
    }
    await transport.json(emptyAnswer, {
      method: 'PUT',
      path: `${proxyPath}/${encodePath(`${root}/${artifact.path}`)}`,
      body,
      replay: 'safe',
      signal: options.signal,
    })
  }

  /** The file whole, up to `maxBytes` (512 MiB). Throws `mlflow.not_found`. */
  async function downloadArtifact(
    artifact: { runId: string; path: string; maxBytes?: number },
    { signal }: Cancellable,
  ): Promise<Uint8Array> {
    return transport.bytes({
      method: 'GET',
      path: '/get-artifact',
      query: { run_uuid: artifact.runId, path: artifact.path },
      replay: 'safe',
      signal,
      maxBytes: artifact.maxBytes ?? downloadLimitBytes,
    })
  }

  /** Files and folders directly below `path`, or below the root. */
  async function listArtifacts(
    { runId, path }: { runId: string; path?: string },
    { signal }: Cancellable,
  ): Promise<ArtifactFile[]> {
    const files: ArtifactFile[] = []
    let pageToken: string | undefined
    do {
      const answer = await transport.json(artifactsAnswer, {
        method: 'GET',
        path: '/api/2.0/mlflow/artifacts/list',
        query: { run_id: runId, path, page_token: pageToken },
        replay: 'safe',
        signal,
      })
      for (const file of answer.files) {
        files.push({
          path: file.path,
          isDirectory: file.is_dir,
          ...(file.file_size === undefined ? {} : { bytes: file.file_size }),
        })
      }
      pageToken = answer.next_page_token
    } while (pageToken !== undefined)
    return files
  }

  return { uploadArtifact, downloadArtifact, listArtifacts }
}

/**
 * The path behind the artifact proxy for a run's artifact URI; `undefined` when it is not proxied, or by another host:
 * our credentials go to the tracking server and nowhere else.
 */
export function toProxyPath(artifactUri: string, base: string): string | undefined {
  if (artifactUri.startsWith('mlflow-artifacts:')) {
    const path = artifactUri.slice('mlflow-artifacts:'.length).replace(/^\/\/[^/]*/, '')
    return trimSlashes(path)
  }
  const proxied = `${base}${proxyPath}/`
  return artifactUri.startsWith(proxied) ? trimSlashes(artifactUri.slice(proxied.length)) : undefined
}

function trimSlashes(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, '')
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** Only the scheme: the rest of an artifact URI names buckets and folders that a reader need not know. */
function toScheme(artifactUri: string): string {
  return /^([a-z0-9+.-]+):/i.exec(artifactUri)?.[0] ?? 'a folder of the server'
}

function toMediaType(path: string): string {
  if (path.endsWith('.json')) return 'application/json'
  return path.endsWith('.txt') || path.endsWith('.md') ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}
