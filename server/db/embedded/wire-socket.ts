import { Duplex } from 'node:stream'

type Execute = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>

const message = (type: string, body: Buffer) => {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const query = (sql: string) => message('Q', Buffer.from(`${sql}\0`))

const parameters = {
  server_version: '18.6',
  client_encoding: 'UTF8',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
}

/** What a server says to a client that needs no password: AuthenticationOk, parameters, BackendKeyData, ReadyForQuery. */
const greeting = Buffer.concat([
  message('R', Buffer.from([0, 0, 0, 0])),
  ...Object.entries(parameters).map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
  message('K', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])),
  message('Z', Buffer.from('I')),
])

/** Messages after which a server answers: Query, Sync, Flush, CopyDone, CopyFail. */
const answered = new Set(['Q', 'S', 'H', 'c', 'f'].map((letter) => letter.charCodeAt(0)))
const terminate = 'X'.charCodeAt(0)

/**
 * A socket for `pg` whose other end is the embedded database. It frames PostgreSQL's wire protocol (version 3: type byte,
 * length, body), hands over whole messages up to the next one that is answered, and plays the start of a connection itself.
 */
export class WireSocket extends Duplex {
  readonly #execute: Execute
  #rest: Buffer = Buffer.alloc(0)
  #isStarted = false

  constructor(execute: Execute) {
    super()
    this.#execute = execute
  }

  // What `pg` calls on a net.Socket besides reading and writing.
  connect(): this {
    queueMicrotask(() => this.emit('connect'))
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  override _read(): void {}

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    void this.#takeThen(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    void this.#takeThen(chunk, done)
  }

  async #takeThen(chunk: Buffer, done: (error?: Error | null) => void): Promise<void> {
    try {
      await this.#take(chunk)
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }
    done()
  }

  async #take(chunk: Buffer): Promise<void> {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    if (!this.#isStarted) {
      if (bytes.length < 4 || bytes.length < bytes.readInt32BE(0)) {
        this.#rest = bytes
        return
      }
      bytes = bytes.subarray(bytes.readInt32BE(0))
      this.#isStarted = true
      await this.#reset()
      this.push(greeting)
    }
    let position = 0
    let cut = 0
    let isOver = false
    while (!isOver && position + 5 <= bytes.length) {
      const next = position + 1 + bytes.readInt32BE(position + 1)
      if (next > bytes.length) break
      const type = bytes[position]!
      position = next
      if (answered.has(type)) cut = position
      isOver = type === terminate
    }
    // A copy: what is sent is handed over to the thread, and `pg` may write from the same memory again.
    const whole = new Uint8Array(bytes.subarray(0, cut))
    this.#rest = isOver ? Buffer.alloc(0) : Buffer.from(bytes.subarray(cut))
    if (whole.length > 0) {
      const answer = await this.#execute(whole)
      this.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength))
    }
    if (isOver) this.push(null)
  }

  /** PGlite has one session for ever: what a broken connection left open in it must not be met by the next one. */
  async #reset(): Promise<void> {
    for (const sql of ['ROLLBACK', 'DISCARD ALL', "SET TIME ZONE 'UTC'"])
      await this.#execute(new Uint8Array(query(sql)))
  }
}
