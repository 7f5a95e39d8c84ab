// What every pipe is: rows come in one by one, and go on to the next, at once or when all have come.
import type { Row } from "../ast.ts";

/** False: no more rows are needed. */
export type Next = (row: Row) => boolean;

export interface RunningPipe {
  readonly push: Next;
  /** All rows have come. */
  readonly end: () => void;
}

/** Something had to be left out: the answer is not whole. */
export type Cut = (why: "rows" | "groups" | "values") => void;

/** Rows that one pipe may hold at once, and values that one may count apart. */
export const heldRowsMax = 200_000;
export const groupsMax = 100_000;
export const valuesMax = 4_000_000;
