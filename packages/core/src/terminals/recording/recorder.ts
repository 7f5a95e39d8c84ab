// Records one session: what its program writes, how large it is, how it ended, and what is typed where somebody asked for that.
import type { Clock } from "../../kernel/clock.ts";
import type { PtyPlace, TerminalSize } from "../ports.ts";
import { eventLine, headLine, placeLine } from "@sluice/protocol/asciicast";
import type { CastCode, CastHead } from "@sluice/protocol/asciicast";
import { MaskedStream } from "./masking.ts";

/** What is recorded of a session. */
export type RecordedPart = "nothing" | "output" | "output and input";

/** Where a recording is written. */
export interface RecordingSink {
  /** Resolves once it is written; the order is that of the calls. Rejects where it cannot be. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface RecorderParts {
  readonly clock: Clock;
  readonly sink: RecordingSink;
  /** Longest recording; what comes after is left out, with a mark. */
  readonly bytesMax: number;
  /** Values that are never written. */
  readonly secrets: readonly string[];
  readonly withInput: boolean;
  /** So much less waits to be written than before. */
  readonly drained: () => void;
  /** It could not be written: the recording ends there, and the session goes on. */
  readonly failed: (error: unknown) => void;
}

/** What a recording has already that another server began. */
export interface RecordedSoFar {
  /** The output and the changes of size that it has. */
  readonly place: PtyPlace;
  readonly lastMs: number;
  readonly bytes: number;
  /** Where the output begins that comes now. */
  readonly from: PtyPlace;
}

/** Output is gathered for this long, so that a flood makes few lines. */
const gatherMs = 20;

export class Recorder {
  readonly #parts: RecorderParts;
  readonly #decoder = new TextDecoder();
  readonly #inputDecoder = new TextDecoder();
  readonly #output: MaskedStream;
  readonly #input: MaskedStream;
  readonly #startedAt: number;
  #beforeMs = 0;
  #gathered = "";
  #gatheredAtMs = 0;
  #stopGathering: (() => void) | undefined;
  #waitingBytes = 0;
  #writtenBytes = 0;
  #over = false;
  /** What was given to it, and what of that it had before. */
  #offset = 0;
  #mark = 0;
  readonly #had: PtyPlace;
  /** The last bytes of output: they may be the beginning of a character. */
  #tail: readonly number[] = [];
  #written: Promise<void> = Promise.resolve();
  #place = 0;

  /** `before`: it goes on with a recording that another server began. */
  constructor(parts: RecorderParts, head: CastHead, before?: RecordedSoFar) {
    this.#parts = parts;
    this.#had = before?.place ?? { offset: 0, mark: 0 };
    this.#startedAt = head.startedAt;
    this.#output = new MaskedStream(parts.secrets);
    this.#input = new MaskedStream(parts.secrets);
    if (before !== undefined) {
      ({ offset: this.#offset, mark: this.#mark } = before.from);
      this.#beforeMs = before.lastMs;
      this.#writtenBytes = before.bytes;
      this.#event("m", "another server goes on");
      return;
    }
    const masked = (text: string): string => {
      const stream = new MaskedStream(parts.secrets);
      return stream.push(text) + stream.end();
    };
    this.#append(headLine({ ...head, title: masked(head.title), command: masked(head.command) }));
  }

  /** Bytes that are not written yet. */
  get waitingBytes(): number {
    return this.#waitingBytes + this.#gathered.length;
  }

  /** Whether what was given to it up to an offset is written, so that somebody else can go on behind it; true where nothing is written any more. */
  async has(offset: number): Promise<boolean> {
    this.#flush();
    await this.#written;
    return this.#over || this.#place >= offset;
  }

  output(all: Uint8Array): void {
    const bytes = all.subarray(Math.max(0, Math.min(all.length, this.#had.offset - this.#offset)));
    this.#offset += all.length;
    if (this.#over || bytes.length === 0) return;
    this.#tail = [...this.#tail, ...bytes.subarray(-charBytesMax)].slice(-charBytesMax);
    const text = this.#output.push(this.#decoder.decode(bytes, { stream: true }));
    if (text === "") return;
    if (this.#gathered === "") this.#gatheredAtMs = this.#nowMs();
    this.#gathered += text;
    this.#stopGathering ??= this.#parts.clock.after(gatherMs, () => this.#flush());
  }

  input(bytes: Uint8Array): void {
    if (this.#over || !this.#parts.withInput) return;
    this.#flush();
    this.#event("i", this.#input.push(this.#inputDecoder.decode(bytes, { stream: true })));
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#mark++;
    if (this.#over || this.#mark <= this.#had.mark) return;
    this.#flush();
    this.#event("r", `${cols}x${rows}`);
  }

  /** Somebody else goes on with it: what has been written so far is there for them. */
  leave(): void {
    if (this.#over) return;
    this.#flush();
    this.#close();
  }

  /** The program has ended, or nobody knows how: undefined. */
  end(exitCode: number | undefined): void {
    if (this.#over) return;
    this.#gathered += this.#output.push(this.#decoder.decode()) + this.#output.end();
    this.#flush();
    this.#event("i", this.#input.end());
    if (exitCode !== undefined) this.#event("x", String(exitCode));
    this.#close();
  }

  #flush(): void {
    this.#stopGathering?.();
    this.#stopGathering = undefined;
    const text = this.#gathered;
    this.#gathered = "";
    this.#event("o", text, this.#gatheredAtMs);
  }

  #event(code: CastCode, data: string, atMs = this.#nowMs()): void {
    if (this.#over || (data === "" && code !== "m")) return;
    const at = Math.max(atMs, this.#beforeMs);
    const line = eventLine({ atMs: at, code, data }, this.#beforeMs);
    this.#beforeMs = at;
    // Where whoever goes on with it can go on: everything before is in the recording.
    const isWhole = this.#output.isEmpty && !endsWithin(this.#tail) && this.#gathered === "";
    if (isWhole) this.#place = this.#offset;
    const place = isWhole ? placeLine({ offset: this.#offset, mark: this.#mark }) : "";
    if (this.#writtenBytes + line.length <= this.#parts.bytesMax) return this.#append(line + place);
    this.#append(eventLine({ atMs: at, code: "m", data: "the recording is as long as it may be" }, at));
    return this.#close();
  }

  #append(text: string): void {
    this.#writtenBytes += text.length;
    this.#waitingBytes += text.length;
    this.#written = this.#parts.sink.append(text).then(
      () => {
        this.#waitingBytes -= text.length;
        this.#parts.drained();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#waitingBytes = 0;
    if (!this.#over) this.#parts.failed(error);
    this.#over = true;
    this.#gathered = "";
    this.#stopGathering?.();
    this.#parts.drained();
  }

  #close(): void {
    this.#over = true;
    this.#gathered = "";
    this.#stopGathering?.();
    this.#parts.sink.close().catch((error: unknown) => this.#parts.failed(error));
  }

  #nowMs(): number {
    return Math.max(0, this.#parts.clock.now() - this.#startedAt);
  }
}

/** Longest character of UTF-8, less its last byte. */
const charBytesMax = 3;

/** Whether bytes end within a character of UTF-8. */
function endsWithin(bytes: readonly number[]): boolean {
  for (let back = 1; back <= bytes.length; back++) {
    const byte = bytes.at(-back) ?? 0;
    if (byte < 0x80) return false;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back;
  }
  return false;
}
