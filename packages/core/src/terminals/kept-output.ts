// What a program has written since the last screen that was put beside it, with changes of size in their places.
import type { PtyPlace, TerminalSize } from "./ports.ts";

type Change = PtyPlace & TerminalSize;

export type KeptEntry =
  | { readonly kind: "output"; readonly bytes: Uint8Array }
  | { readonly kind: "resized"; readonly change: Change };

export class KeptOutput {
  /** As they came: what a screen says to a query is told apart by where a piece ends. */
  #pieces: Uint8Array[] = [];
  #changes: Change[] = [];
  #from: Change;
  #end = 0;

  constructor({ cols, rows }: TerminalSize) {
    this.#from = { cols, rows, offset: 0, mark: 0 };
  }

  /** Where it begins. */
  get from(): Change {
    return this.#from;
  }

  get bytes(): number {
    return this.#end - this.#from.offset;
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#end += bytes.length;
  }

  resize({ cols, rows }: TerminalSize, { offset, mark }: PtyPlace): void {
    this.#changes.push({ cols, rows, offset, mark });
  }

  /** Lets go of everything before a place. */
  begin({ cols, rows, offset, mark }: Change): void {
    let at = this.#from.offset;
    const kept: Uint8Array[] = [];
    for (const piece of this.#pieces) {
      const end = at + piece.length;
      if (end > offset) kept.push(at >= offset ? piece : piece.slice(offset - at));
      at = end;
    }
    this.#pieces = kept;
    this.#changes = this.#changes.filter((change) => change.mark > mark);
    this.#from = { cols, rows, offset: Math.min(offset, this.#end), mark };
  }

  /** Lets go of the first pieces until no more than so much is left. True: something was let go. */
  trim(bytesMax: number): boolean {
    let gone = 0;
    while (this.bytes - gone > bytesMax && this.#pieces.length > 0) gone += this.#pieces.shift()?.length ?? 0;
    if (gone === 0) return false;
    const offset = this.#from.offset + gone;
    const passed = this.#changes.filter((change) => change.offset <= offset);
    this.#changes = this.#changes.slice(passed.length);
    this.#from = { ...(passed.at(-1) ?? this.#from), offset };
    return true;
  }

  /** In the order in which it happened. */
  *entries(): Generator<KeptEntry> {
    let at = this.#from.offset;
    let next = 0;
    const changesAt = (offset: number): Change[] => {
      const first = next;
      while (next < this.#changes.length && (this.#changes[next]?.offset ?? 0) <= offset) next++;
      return this.#changes.slice(first, next);
    };
    for (const bytes of this.#pieces) {
      for (const change of changesAt(at)) yield { kind: "resized", change };
      yield { kind: "output", bytes };
      at += bytes.length;
    }
    for (const change of changesAt(Infinity)) yield { kind: "resized", change };
  }
}
