// Values as the tables of the store have them on SQLite, and as PostgreSQL takes and gives them.
import type { SQLQueryBindings } from "bun:sqlite";

/** A text cannot have a NUL in PostgreSQL. It is sent as two characters that sort where it did; so is the first of them. */
const escape = "\u0001";
const nul = "\u0000";
const nulSent = `${escape}\u0001`;
const escapeSent = `${escape}\u0002`;

export function sendable(value: SQLQueryBindings | undefined): unknown {
  if (value === undefined) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || !(value.includes(nul) || value.includes(escape))) return value;
  return value.replaceAll(escape, escapeSent).replaceAll(nul, nulSent);
}

function plainText(text: string): string {
  if (!text.includes(escape)) return text;
  // After each first character of two comes the second one: what is between them is as it was.
  const [head = "", ...rest] = text.split(escape);
  let plain = head;
  for (let at = 0; at < rest.length; at++) {
    const part = rest[at] ?? "";
    if (part.startsWith(escapeSent.slice(1))) plain += escape + part.slice(1);
    // Two of them in a row leave nothing between.
    else plain += nul + (rest[++at] ?? "");
  }
  return plain;
}

/** A row with numbers for the server's 64 bits and truths: what is stored is never past 2^53. */
export function plainRow(row: unknown): unknown {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row as object)) {
    if (typeof value === "bigint" || typeof value === "boolean") plain[name] = Number(value);
    // The client's bytes are a Buffer, which is more than bytes elsewhere.
    else if (Buffer.isBuffer(value)) plain[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    else plain[name] = typeof value === "string" ? plainText(value) : value;
  }
  return plain;
}
