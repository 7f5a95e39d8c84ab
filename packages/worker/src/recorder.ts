// The flight recorder: which step functions are executing, in shared memory that outlives the process, so that a crash,
// a kill or a blocked thread leaves evidence. Noting a step costs a few memory writes and no system call.

/** Steps that can be noted at once; further ones leave no evidence. */
export const recorderSlots = 4_096;
const slotBytes = 256;
const runBytesMax = 64;
const nameBytesMax = slotBytes - 8 - runBytesMax;
/** Size of the recorder's memory. */
export const recorderBytes = recorderSlots * slotBytes;

/** A step that was executing. */
export interface ExecutingStep {
  readonly run: string;
  readonly step: string;
}

/*
 * A slot: u32 number of the begin (0: free), u8 length of the run's id, u8 length of the step's name, 2 bytes unused, then
 * 64 bytes of id and 184 of name. The number is written last when a step begins and first when it ends.
 */

/** Notes steps; one writer for each memory, which starts out as zeroes. */
export class RecorderWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #free: number[] = [];
  readonly #encoder = new TextEncoder();
  #used = 0;
  #begun = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length < recorderBytes)
      throw new RangeError(`a recorder has ${recorderBytes} bytes, not ${bytes.length}`);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Notes that a step begins; returns the slot for `end`, or -1 when all are taken. */
  begin(run: string, step: string): number {
    const slot = this.#free.pop() ?? (this.#used < recorderSlots ? this.#used++ : -1);
    if (slot < 0) return -1;
    const at = slot * slotBytes;
    this.#bytes[at + 4] = this.#text(at + 8, run, runBytesMax);
    this.#bytes[at + 5] = this.#text(at + 8 + runBytesMax, step, nameBytesMax);
    this.#begun = (this.#begun % 0xffff_ffff) + 1;
    this.#view.setUint32(at, this.#begun);
    return slot;
  }

  end(slot: number): void {
    if (slot < 0) return;
    this.#view.setUint32(slot * slotBytes, 0);
    this.#free.push(slot);
  }

  #text(at: number, text: string, bytesMax: number): number {
    return this.#encoder.encodeInto(text, this.#bytes.subarray(at, at + bytesMax)).written;
  }
}

/** The steps that were executing when the memory was last written, the last one begun first. */
export function readRecorder(bytes: Uint8Array): ExecutingStep[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const found: { readonly begun: number; readonly executing: ExecutingStep }[] = [];
  for (let at = 0; at + slotBytes <= bytes.length; at += slotBytes) {
    const begun = view.getUint32(at);
    if (begun === 0) continue;
    const runLength = Math.min(bytes[at + 4] ?? 0, runBytesMax);
    const nameLength = Math.min(bytes[at + 5] ?? 0, nameBytesMax);
    const run = decoder.decode(bytes.subarray(at + 8, at + 8 + runLength));
    const nameAt = at + 8 + runBytesMax;
    found.push({ begun, executing: { run, step: decoder.decode(bytes.subarray(nameAt, nameAt + nameLength)) } });
  }
  return found.toSorted((a, b) => b.begun - a.begun).map((each) => each.executing);
}
