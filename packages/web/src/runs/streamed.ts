// What a run has streamed, as it is shown: pieces in order, text that belongs together in one block.

/** One piece. `step` is null for the workflow itself. */
interface Piece {
  readonly at: number;
  readonly step: { readonly seq: number; readonly name: string; readonly attempt: number } | null;
  readonly index: number;
  readonly data: unknown;
}

/** Text of one source without anything else in between. */
interface Block {
  readonly key: string;
  readonly source: string;
  readonly text: string;
}

export interface Streamed {
  readonly blocks: readonly Block[];
  /** Pieces that are not kept any more. */
  readonly lost: number;
  readonly pieces: number;
  /** Number of the last piece: a connection that is shared may tell one again. */
  readonly last: number;
  readonly ended: boolean;
}

export const nothingStreamed: Streamed = { blocks: [], lost: 0, pieces: 0, last: 0, ended: false };

/** Characters that are kept on the page; what came first goes. */
const charsMax = 400_000;

/** With one more update of the stream. */
export function withUpdate(
  before: Streamed,
  update: { readonly event: string; readonly number: number; readonly data: unknown },
): Streamed {
  if (update.event === "end") return { ...before, ended: true };
  if (update.event === "gap") return { ...before, lost: before.lost + (update.data as { readonly lost: number }).lost };
  if (update.event !== "chunk" || update.number <= before.last) return before;
  const piece = update.data as Piece;
  const text = typeof piece.data === "string" ? piece.data : `${JSON.stringify(piece.data)}\n`;
  const source = sourceOf(piece);
  const last = before.blocks.at(-1);
  // An attempt that is made again streams from its beginning again.
  const joins = last?.source === source && !(piece.step !== null && piece.index === 0);
  const blocks = joins
    ? [...before.blocks.slice(0, -1), { ...last, text: last.text + text }]
    : [...before.blocks, { key: String(update.number), source, text }];
  return { ...before, ended: false, pieces: before.pieces + 1, last: update.number, blocks: kept(blocks) };
}

function sourceOf({ step }: Piece): string {
  if (step === null) return "workflow";
  return step.attempt === 1 ? step.name : `${step.name}, attempt ${step.attempt}`;
}

function kept(blocks: readonly Block[]): readonly Block[] {
  let chars = blocks.reduce((sum, { text }) => sum + text.length, 0);
  if (chars <= charsMax) return blocks;
  const left = [...blocks];
  while (chars > charsMax && left[0] !== undefined) {
    const [first] = left;
    const over = chars - charsMax;
    if (first.text.length <= over) left.shift();
    else left[0] = { ...first, text: first.text.slice(over) };
    chars -= Math.min(over, first.text.length);
  }
  return left;
}
