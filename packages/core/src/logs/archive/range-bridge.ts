// How a thread that cannot wait for a promise reads from a store over the network: it asks the thread above it, and sleeps until the
// bytes stand in the memory they share.
import { targetAt } from "./target.ts";
import type { ArchivePlace } from "./target.ts";
import type { ReadRange } from "./archive-reads.ts";

const [waiting, done, failed] = [0, 1, 2];
const stateBytes = 8;

export interface RangeAsked {
  readonly fetch: {
    readonly place: ArchivePlace;
    readonly name: string;
    readonly from: number;
    readonly length: number;
    /** State, length of what stands there, then the bytes, or why there are none. */
    readonly shared: SharedArrayBuffer;
  };
}

/** Reads through `post`, which reaches the thread above. */
export function bridgedRange(
  post: (asked: RangeAsked) => void,
  { place, timeMsMax }: { readonly place: ArchivePlace; readonly timeMsMax: number },
): ReadRange {
  return (name, { from, length }) => {
    const room = Math.max(length, 256);
    const shared = new SharedArrayBuffer(stateBytes + room);
    const state = new Int32Array(shared, 0, 2);
    post({ fetch: { place, name, from, length, shared } });
    Atomics.wait(state, 0, waiting, timeMsMax);
    const found = Atomics.load(state, 0);
    const bytes = new Uint8Array(shared, stateBytes, Atomics.load(state, 1)).slice();
    if (found === done) return bytes;
    const why = found === failed ? new TextDecoder().decode(bytes) : `no answer within ${timeMsMax} ms`;
    throw new RangeError(`${name} could not be read: ${why}`);
  };
}

/** Answers on the side of the thread above. */
export async function answerRange({ fetch: { place, name, from, length, shared } }: RangeAsked): Promise<void> {
  const state = new Int32Array(shared, 0, 2);
  const room = new Uint8Array(shared, stateBytes);
  let [bytes, outcome]: [Uint8Array, number] = [new Uint8Array(0), done];
  try {
    bytes = await targetAt(place).range(name, { from, length });
  } catch (error) {
    bytes = new TextEncoder().encode(error instanceof Error ? error.message : String(error)).subarray(0, room.length);
    outcome = failed;
  }
  room.set(bytes);
  Atomics.store(state, 1, bytes.length);
  Atomics.store(state, 0, outcome);
  Atomics.notify(state, 0);
}
