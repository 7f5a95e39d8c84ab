// Texts of a column as they are looked at: one by one, or all at once for a piece of text.

export interface TextColumn {
  /** Bytes of all of them, in UTF-8. */
  readonly rawBytes: number;
  at(row: number): string;
  /** Sets the byte of each row whose text holds the needle, which is not empty. */
  mark(needle: Buffer, hits: Uint8Array): void;
}

/** Texts one after the other. */
export class PlainTexts implements TextColumn {
  readonly bytes: Buffer;
  /** Where each begins; one more than there are texts. */
  readonly starts: Uint32Array;

  constructor(bytes: Buffer, starts: Uint32Array) {
    this.bytes = bytes;
    this.starts = starts;
  }

  get rawBytes(): number {
    return this.bytes.length;
  }

  at(row: number): string {
    return this.bytes.toString("utf8", this.starts[row] ?? 0, this.starts[row + 1] ?? 0);
  }

  /** Looks through all texts in one go; a find that reaches into the next text is none. */
  mark(needle: Buffer, hits: Uint8Array): void {
    const { bytes, starts } = this;
    for (let at = bytes.indexOf(needle); at >= 0;) {
      const row = placeIn(starts, at);
      const end = starts[row + 1] ?? bytes.length;
      const inside = at + needle.length <= end;
      if (inside) hits[row] = 1;
      at = bytes.indexOf(needle, inside ? end : at + 1);
    }
  }
}

/** The last of some ascending places that is at or before `at`. */
export function placeIn(starts: Uint32Array, at: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function textColumn(texts: readonly string[]): PlainTexts {
  const starts = new Uint32Array(texts.length + 1);
  let total = 0;
  for (let i = 0; i < texts.length; i++) {
    starts[i] = total;
    total += Buffer.byteLength(texts[i] ?? "");
  }
  starts[texts.length] = total;
  const bytes = Buffer.allocUnsafe(total);
  for (let i = 0; i < texts.length; i++) bytes.write(texts[i] ?? "", starts[i] ?? 0, "utf8");
  return new PlainTexts(bytes, starts);
}
