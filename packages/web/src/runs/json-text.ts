// JSON as people type it: what it says, or where it goes wrong.

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** An empty text is the value null. */
export function parseJsonText(text: string): ParsedJson {
  if (text.trim() === "") return { ok: true, value: null };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, message: explain(text, error instanceof Error ? error.message : String(error)) };
  }
}

/** With the line and column, where the engine names a position only. */
function explain(text: string, message: string): string {
  const at = /at position (\d+)/.exec(message)?.[1];
  const words = message.replace(/ ?(in JSON)? at position .*$/, "").replace(/^JSON Parse error: /, "");
  if (at === undefined) return words;
  const before = text.slice(0, Number(at)).split("\n");
  return `${words} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}
