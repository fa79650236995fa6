// What the main thread and the thread of the embedded database say to each other.

export type ThreadData = { dir: string }

export type ToThread = { type: 'execute'; id: number; bytes: Uint8Array<ArrayBuffer> } | { type: 'close' }

export type FromThread =
  | { type: 'ready' }
  | { type: 'bytes'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'failed'; id: number; message: string }
  | { type: 'closed' }
