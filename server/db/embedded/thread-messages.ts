// What the main thread and the thread of the embedded database say to each other.

/** `template`: a dump to start a new folder from, instead of building one. */
export type ThreadData = { dir: string; template?: Uint8Array<ArrayBuffer> }

export type ToThread =
  | { type: 'execute'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'dump'; id: number }
  | { type: 'close' }

export type FromThread =
  | { type: 'ready'; isNew: boolean }
  | { type: 'bytes'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'failed'; id: number; message: string }
  | { type: 'closed' }
