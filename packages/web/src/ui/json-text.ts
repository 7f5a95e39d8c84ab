// JSON as somebody types it: read, with the place of what is wrong, and laid out.

export type JsonText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** Where a browser says that parsing stopped. */
const positionPattern = / (?:in JSON )?at position (\d+).*$/;

/** Reads `text`; without anything typed it is `empty`. The message names the line and the column, from 1. */
export function readJson(text: string, empty?: unknown): JsonText {
  if (text.trim() === "") return { ok: true, value: empty };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const at = positionPattern.exec(words)?.[1];
    if (at === undefined) return { ok: false, message: `This is not JSON yet: ${words}` };
    const before = text.slice(0, Number(at)).split("\n");
    const place = `Line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    return { ok: false, message: `${place}: ${words.replace(positionPattern, "")}` };
  }
}

/** A value as one edits it. */
export function writeJson(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}
