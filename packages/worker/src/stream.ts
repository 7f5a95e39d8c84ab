// Streamed output of a run: pieces are collected for a moment and sent together, before anything that is journaled after them.
import { encodeValue, SluiceError, streamPieceBytesMax } from "@sluice/protocol";
import type { ChunkOp } from "@sluice/protocol";
import type { Incarnation } from "./incarnation.ts";
import { repeats } from "./log.ts";
import type { RunningStep } from "./step-scope.ts";

/** How long pieces are collected. */
const collectMs = 25;
/** Pieces and bytes that are sent without waiting for more. */
const piecesMax = 128;
const collectedBytesMax = 64 * 1024;

type Pieces = Omit<ChunkOp, "values"> & { readonly values: Uint8Array[]; readonly source: RunningStep | undefined };

export class StreamBuffer {
  readonly #run: Incarnation;
  /** Number of the last result the workflow was given. */
  #ord = 0;
  /** Pieces of the workflow since then. */
  #index = 0;
  #pieces: Pieces | undefined;
  #bytes = 0;
  #cancel: (() => void) | undefined;

  constructor(run: Incarnation) {
    this.#run = run;
  }

  /** The workflow is given the result with this number. */
  follow(ord: number): void {
    this.#ord = ord;
    this.#index = 0;
  }

  /** Throws `value_not_serializable` or `payload_too_large`. */
  add(chunk: unknown): void {
    const run = this.#run;
    const step = run.host.stepScope.current;
    const index = step === undefined ? this.#index++ : step.pieces++;
    if (step === undefined ? repeats(run) : run.phase === "gone") return;
    const value = encodeValue(chunk);
    if (value.length > streamPieceBytesMax) {
      throw new SluiceError({
        code: "payload_too_large",
        message: `A piece of ${value.length} bytes was streamed; at most ${streamPieceBytesMax} are taken.`,
        hint: "Stream it in smaller pieces.",
      });
    }
    const pieces = this.#piecesOf(step, index);
    pieces.values.push(value);
    this.#bytes += value.length;
    if (pieces.values.length >= piecesMax || this.#bytes >= collectedBytesMax) this.#send();
  }

  /** Those of this source that are being collected. */
  #piecesOf(step: RunningStep | undefined, index: number): Pieces {
    const { host, assignment } = this.#run;
    const life = assignment.attempt;
    const known = this.#pieces;
    if (known !== undefined && known.source === step && known.place[1] === (step === undefined ? this.#ord : 0))
      return known;
    this.#send();
    const pieces: Pieces = {
      op: "chunk",
      at: host.clock.now(),
      ...(step === undefined ? {} : { step: { seq: step.seq, name: step.name, attempt: step.attempt } }),
      place: [life, step === undefined ? this.#ord : 0, index],
      values: [],
      source: step,
    };
    this.#pieces = pieces;
    this.#cancel = host.clock.after(collectMs, () => this.#send());
    return pieces;
  }

  #send(): void {
    if (this.#pieces !== undefined && this.#run.phase !== "gone") this.#run.host.flushSoon(this.#run, false);
    this.flush();
  }

  /** Puts what was collected among the operations to be sent. */
  flush(): void {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#pieces = undefined;
    this.#bytes = 0;
    const { source: _, ...op } = pieces;
    if (this.#run.phase !== "gone") this.#run.outbox.push(op);
  }
}
