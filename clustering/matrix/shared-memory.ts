// Typed arrays that several threads can read and write; ordinary ones where there is no shared memory.

function bytes(length: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length)
}

export function sharedFloat32(length: number): Float32Array {
  return new Float32Array(bytes(length * 4))
}

export function sharedFloat64(length: number): Float64Array {
  return new Float64Array(bytes(length * 8))
}

export function sharedInt32(length: number): Int32Array {
  return new Int32Array(bytes(length * 4))
}

/** The same numbers in memory that threads share: the array itself where it is there already. */
export function toShared<T extends Float32Array | Float64Array | Int32Array>(values: T): T {
  if (typeof SharedArrayBuffer === 'undefined' || values.buffer instanceof SharedArrayBuffer) return values
  const copy =
    values instanceof Float32Array
      ? sharedFloat32(values.length)
      : values instanceof Float64Array
        ? sharedFloat64(values.length)
        : sharedInt32(values.length)
  copy.set(values)
  return copy as T
}
