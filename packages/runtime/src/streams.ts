// Web streams over what runtimes have, with back-pressure: nothing is read before it is asked for, no write is over before it is taken.

import { RuntimeFailure } from "./failure.ts";

/** A stream that takes the next piece from an iterator only when its reader wants one. */
export function pulled(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done === true) return controller.close();
        const { buffer, byteOffset, byteLength } = next.value;
        controller.enqueue(new Uint8Array(buffer, byteOffset, byteLength));
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A pair of callbacks of Node's writable streams, as promises. */
interface CallbackWriter {
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  end(done: () => void): unknown;
  destroy(): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** A web stream over one of Node's: a write resolves when the system has taken its bytes. */
export function writableOver(writer: CallbackWriter): WritableStream<Uint8Array> {
  let broken: Error | undefined;
  writer.on("error", (error) => {
    broken = error;
  });
  return new WritableStream<Uint8Array>({
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) reject(broken);
        else writer.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    close: () =>
      new Promise((resolve) => {
        if (broken !== undefined) resolve();
        else writer.end(resolve);
      }),
    abort: () => void writer.destroy(),
  });
}

/** All of a stream. Fails with `too_large` when it is more than `bytesMax`. */
export async function collect(stream: ReadableStream<Uint8Array> | undefined, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = stream?.getReader();
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    size += next.value.length;
    if (size > bytesMax) {
      await reader?.cancel();
      throw new RuntimeFailure("too_large", `more than ${bytesMax} bytes of output`);
    }
    pieces.push(next.value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
