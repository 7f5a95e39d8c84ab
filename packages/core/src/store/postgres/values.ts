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
  return text.includes(escape) ? text.replaceAll(/\u0001([\u0001\u0002])/g, unescaped) : text;
}

function unescaped(_sent: string, which: string): string {
  return which === "\u0001" ? nul : escape;
}

/** A row with numbers for the server's 64 bits and truths: what is stored is never past 2^53. */
export function plainRow(row: unknown): unknown {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row as object)) {
    if (typeof value === "bigint" || typeof value === "boolean") plain[name] = Number(value);
    else plain[name] = typeof value === "string" ? plainText(value) : value;
  }
  return plain;
}
