// A live tail for one client as server-sent events: read when the client takes more; what it cannot take in time it is told of.
import type { Tail, TailPiece } from "@sluice/core/logs";
import type { HttpParts } from "../call.ts";
import { shownEntry } from "./show-logs.ts";

const encoder = new TextEncoder();

export class TailFeed {
  readonly #parts: Pick<HttpParts, "clock" | "limits">;
  readonly #tail: Tail;
  readonly #closed: () => void;
  #next: Promise<TailPiece | undefined> | undefined;

  /** `closed` is called once, when nothing is sent any more. */
  constructor(parts: Pick<HttpParts, "clock" | "limits">, p: { readonly tail: Tail; readonly closed: () => void }) {
    this.#parts = parts;
    this.#tail = p.tail;
    this.#closed = p.closed;
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        // Whoever asks has an answer at once, though nothing may come for long.
        start: (controller) => controller.enqueue(encoder.encode(": here\n\n")),
        pull: async (controller) => {
          try {
            const text = await this.#text();
            if (text === undefined) controller.close();
            else controller.enqueue(encoder.encode(text));
          } catch (error) {
            this.end();
            throw error;
          }
        },
        cancel: () => this.end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: this.#parts.limits.watchBytesMax }),
    );
  }

  end(): void {
    if (this.#tail.over) return;
    this.#tail.end();
    this.#closed();
  }

  async #text(): Promise<string | undefined> {
    this.#next ??= this.#tail.next();
    const { clock, limits } = this.#parts;
    let cancel = (): void => undefined;
    const quiet = new Promise<"quiet">((resolve) => {
      cancel = clock.after(limits.heartbeatMs, () => resolve("quiet"));
    });
    const piece = await Promise.race([this.#next, quiet]);
    cancel();
    if (piece === "quiet") return ": still here\n\n";
    this.#next = undefined;
    return piece === undefined ? undefined : textOf(piece);
  }
}

/** The number of the last entry is the id: with it a client goes on where it was. */
function textOf({ entries, missed }: TailPiece): string {
  let text = "";
  for (const entry of entries) {
    text += `id: ${entry.seq}\nevent: entry\ndata: ${JSON.stringify(shownEntry(entry))}\n\n`;
  }
  if (missed !== undefined) text += `id: ${missed.toSeq}\nevent: missed\ndata: ${JSON.stringify(missed)}\n\n`;
  return text;
}
