// The output of a session with its changes of size in their places, which is what viewers are sent.
import { ByteRing } from "./byte-ring.ts";
import type { Bytes, PtyPlace, TerminalSize } from "./ports.ts";

/** Where a viewer is. */
export type LogPlace = PtyPlace;

interface Resize extends LogPlace, TerminalSize {}

/** What comes next at a place. */
export type LogEntry =
  | { readonly kind: "output"; readonly lengthBytes: number }
  | ({ readonly kind: "resized" } & Resize);

/** Changes of size between two bytes of output that are told apart; a window that is dragged makes many. */
const resizesMax = 256;

export class OutputLog {
  readonly #ring: ByteRing;
  #resizes: Resize[] = [];
  /** Before the first change that is kept. */
  #before: Resize;
  #last: Resize;

  /** `from`: where it begins. */
  constructor(bytesMax: number, { cols, rows }: TerminalSize, { offset, mark }: LogPlace = { offset: 0, mark: 0 }) {
    this.#ring = new ByteRing(bytesMax, offset);
    this.#before = { cols, rows, offset, mark };
    this.#last = this.#before;
  }

  get end(): LogPlace {
    return { offset: this.#ring.end, mark: this.#last.mark };
  }

  get start(): number {
    return this.#ring.start;
  }

  /** As of the last change. */
  get size(): TerminalSize {
    return { cols: this.#last.cols, rows: this.#last.rows };
  }

  push(bytes: Uint8Array): void {
    this.#ring.push(bytes);
    this.#trim();
  }

  /** Answers the number of the change. */
  resize({ cols, rows }: TerminalSize): number {
    const { end } = this.#ring;
    this.#last = { cols, rows, offset: end, mark: this.#last.mark + 1 };
    this.#resizes.push(this.#last);
    this.#trim();
    return this.#last.mark;
  }

  /** Whether everything behind a place is still there. */
  has({ offset, mark }: LogPlace): boolean {
    const { start, end } = this.#ring;
    if (!(offset >= start && offset <= end && mark >= this.#before.mark && mark <= this.#last.mark)) return false;
    const next = this.#resizeAfter(mark);
    const at = mark === this.#before.mark ? this.#before : this.#resizeAfter(mark - 1);
    return at !== undefined && at.offset <= offset && (next === undefined || next.offset >= offset);
  }

  /** The size at a place that is there. */
  sizeAt({ mark }: LogPlace): TerminalSize {
    const { cols, rows } = (mark === this.#before.mark ? this.#before : this.#resizeAfter(mark - 1)) ?? this.#before;
    return { cols, rows };
  }

  /** What comes next; undefined at the end. The place has to be there. */
  next(place: LogPlace): LogEntry | undefined {
    const { end } = this.#ring;
    const resize = this.#resizeAfter(place.mark);
    if (resize !== undefined && resize.offset === place.offset) return { kind: "resized", ...resize };
    const lengthBytes = (resize?.offset ?? end) - place.offset;
    return lengthBytes > 0 ? { kind: "output", lengthBytes } : undefined;
  }

  /** Output from an offset on into `target`, all of which must be there. */
  copyTo(target: Uint8Array, offset: number): void {
    this.#ring.copyTo(target, offset);
  }

  read(offset: number, bytesMax: number): Bytes {
    return this.#ring.read(offset, bytesMax);
  }

  #resizeAfter(mark: number): Resize | undefined {
    return this.#resizes[mark - this.#before.mark];
  }

  /** Lets go of changes that nobody can ask for any more. */
  #trim(): void {
    const { start } = this.#ring;
    let gone = Math.max(0, this.#resizes.length - resizesMax);
    while ((this.#resizes[gone]?.offset ?? Infinity) < start) gone++;
    if (gone === 0) return;
    this.#before = this.#resizes[gone - 1] ?? this.#before;
    this.#resizes = this.#resizes.slice(gone);
  }
}
