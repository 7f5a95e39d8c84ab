// Cursors of lists: opaque text that says where the next page begins.
import { SluiceError } from "@sluice/protocol";

/** Opaque form of a position. */
export function encodeCursor(position: string): string {
  return Buffer.from(`1${position}`, "utf8").toString("base64url");
}

/** The position; throws `invalid_filter` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  if (!text.startsWith("1") || encodeCursor(text.slice(1)) !== cursor) throw invalidCursor();
  return text.slice(1);
}

/** Where a page of rows in order of time and id begins. */
export interface Position {
  readonly createdAt: number;
  readonly id: string;
}

export function encodePosition({ createdAt, id }: Position): string {
  return encodeCursor(`${createdAt} ${id}`);
}

/** Throws `invalid_filter` for what `encodePosition` did not make. */
export function decodePosition(cursor: string): Position {
  const [, createdAt, id] = /^(-?\d{1,16}) (.+)$/s.exec(decodeCursor(cursor)) ?? [];
  if (id === undefined) throw invalidCursor();
  return { createdAt: Number(createdAt), id };
}

export function invalidCursor(): SluiceError {
  return new SluiceError({
    code: "invalid_filter",
    message: "The cursor is not one that a list gave out.",
    hint: "Begin again without a cursor.",
  });
}
