// A JSON value as the rows of a tree: only what is open has rows. Runs in the page for small values and in a worker for
// large ones.

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null" | "text";

export interface JsonRow {
  readonly depth: number;
  /** Name or place in what it is in; null for the root, and for pieces of a long text. */
  readonly key: string | number | null;
  readonly kind: JsonKind;
  /** Of a scalar: what it says, cut where it is long. Of others: what is in them, in short. */
  readonly text: string;
  /** How many it has inside; 0 for what cannot be opened. */
  readonly size: number;
  readonly open: boolean;
}

interface Node {
  readonly depth: number;
  readonly key: string | number | null;
  readonly kind: JsonKind;
  readonly value: unknown;
  readonly size: number;
  open: boolean;
}

type Scalar = string | number | boolean | null;

/** A match as the way to it: which child of which child. */
type Way = readonly number[];

const textCharsMax = 240;
const pieceChars = 400;
const previewKeysMax = 6;
export const matchesMax = 1_000;
const openAtFirstMax = 24;

function kindOf(value: unknown): JsonKind {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return "object";
  if (typeof value === "string") return "string";
  return typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "string";
}

function sizeOf(value: unknown, kind: JsonKind): number {
  if (kind === "array") return (value as readonly unknown[]).length;
  if (kind === "object") return Object.keys(value as object).length;
  if (kind !== "string") return 0;
  const { length } = String(value);
  return length > textCharsMax ? Math.ceil(length / pieceChars) : 0;
}

function nodeOf(depth: number, key: string | number | null, value: unknown): Node {
  const kind = kindOf(value);
  return { depth, key, kind, value, size: sizeOf(value, kind), open: false };
}

function childrenOf({ kind, value, depth }: Node): Node[] {
  if (kind === "array") return (value as readonly unknown[]).map((each, index) => nodeOf(depth + 1, index, each));
  if (kind === "object") {
    return Object.entries(value as Record<string, unknown>).map(([key, each]) => nodeOf(depth + 1, key, each));
  }
  const text = String(value);
  return Array.from({ length: Math.ceil(text.length / pieceChars) }, (_, index) => ({
    depth: depth + 1,
    key: null,
    kind: "text",
    value: text.slice(index * pieceChars, (index + 1) * pieceChars),
    size: 0,
    open: false,
  }));
}

function preview({ kind, value, size }: Node): string {
  if (kind === "array") return size === 0 ? "[]" : `[${size}]`;
  if (kind === "object") {
    const keys = Object.keys(value ?? {});
    if (keys.length === 0) return "{}";
    return `{${keys.slice(0, previewKeysMax).join(", ")}${keys.length > previewKeysMax ? ", …" : ""}}`;
  }
  if (kind === "text") return String(value);
  const text = kind === "null" ? "null" : `${value as Scalar}`;
  if (text.length <= textCharsMax) return text;
  return `${text.slice(0, textCharsMax)}… ${(text.length - textCharsMax).toLocaleString("en-US")} more characters`;
}

/** The tree of one value. */
export class JsonModel {
  readonly #root: Node;
  #rows: Node[];
  #matches: readonly Way[] = [];

  constructor(value: unknown) {
    this.#root = nodeOf(0, null, value);
    this.#rows = [this.#root];
    if (this.#root.kind !== "string" && this.#root.size > 0) this.toggle(0);
    // A small value is read at a glance.
    if (this.#root.size <= openAtFirstMax) {
      for (let index = this.#rows.length - 1; index > 0; index--) {
        const { size, kind } = this.#rows[index] as Node;
        if (kind !== "string" && size > 0 && this.#rows.length + size <= openAtFirstMax) this.toggle(index);
      }
    }
  }

  get count(): number {
    return this.#rows.length;
  }

  row(index: number): JsonRow | undefined {
    const node = this.#rows[index];
    if (node === undefined) return undefined;
    const { depth, key, kind, size, open } = node;
    return { depth, key, kind, size, open, text: preview(node) };
  }

  /** Opens or closes what is in this row. */
  toggle(index: number): void {
    const node = this.#rows[index];
    if (node === undefined || node.size === 0) return;
    node.open = !node.open;
    const before = this.#rows.slice(0, index + 1);
    if (node.open) this.#rows = before.concat(childrenOf(node), this.#rows.slice(index + 1));
    else this.#rows = before.concat(this.#rows.slice(this.#endOf(index)));
  }

  /** Finds names and values that hold `text`, without regard to case; at most `matchesMax`. Returns how many. */
  search(text: string): number {
    const wanted = text.toLowerCase();
    const found: Way[] = [];
    const way: number[] = [];
    const visit = (value: unknown, key: string): void => {
      if (found.length >= matchesMax) return;
      const inside = typeof value === "object" && value !== null;
      const fits =
        key.toLowerCase().includes(wanted) || (!inside && `${value as Scalar}`.toLowerCase().includes(wanted));
      if (fits) found.push([...way]);
      if (!inside) return;
      const isList = Array.isArray(value);
      for (const [index, [name, each]] of Object.entries(value).entries()) {
        way.push(index);
        visit(each, isList ? "" : name);
        way.pop();
      }
    };
    if (wanted !== "") visit(this.#root.value, "");
    this.#matches = found;
    return found.length;
  }

  /** Opens what is around match number `n`, from 0, and returns its row; -1 without such a match. */
  reveal(n: number): number {
    const way = this.#matches[n];
    if (way === undefined) return -1;
    let index = 0;
    for (const child of way) {
      if (this.#rows[index]?.open === false) this.toggle(index);
      index = this.#childRow(index, child);
    }
    return index;
  }

  /** What is in this row as JSON, indented. */
  textAt(index: number): string {
    const node = this.#rows[index];
    if (node === undefined) return "";
    return node.kind === "string" || node.kind === "text" ? String(node.value) : JSON.stringify(node.value, null, 2);
  }

  /** The row after the last one inside of this row. */
  #endOf(index: number): number {
    const depth = this.#rows[index]?.depth ?? 0;
    let end = index + 1;
    while (end < this.#rows.length && (this.#rows[end]?.depth ?? 0) > depth) end++;
    return end;
  }

  #childRow(index: number, child: number): number {
    const depth = (this.#rows[index]?.depth ?? 0) + 1;
    let seen = -1;
    for (let at = index + 1; at < this.#rows.length; at++) {
      if (this.#rows[at]?.depth === depth && ++seen === child) return at;
    }
    return index;
  }
}
