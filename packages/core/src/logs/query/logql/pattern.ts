// Patterns of LogQL: plain text with `<name>` for what lies between, `<_>` for what nobody wants.

interface Piece {
  /** Undefined for what is skipped. */
  readonly name: string | undefined;
  /** What stands behind it; empty at the end of the pattern. */
  readonly until: string;
}

export interface CompiledPattern {
  /** What was found of names, up to where the line stopped fitting. */
  readonly captures: (line: string) => readonly (readonly [name: string, value: string])[];
  /** Whether a line has all of it somewhere in order. */
  readonly test: (line: string) => boolean;
}

/** `captures`: names are wanted. Throws an `Error` for what is no pattern. */
export function compilePattern(pattern: string, p: { readonly captures: boolean }): CompiledPattern {
  const parts = pattern.split(/(<[A-Za-z_]\w*>)/);
  const first = parts[0] ?? "";
  const pieces: Piece[] = [];
  for (let i = 1; i < parts.length; i += 2) {
    const name = (parts[i] ?? "").slice(1, -1);
    const until = parts[i + 1] ?? "";
    if (until === "" && i + 2 < parts.length)
      throw new Error(`two captures stand side by side in ${JSON.stringify(pattern)}`);
    pieces.push({ name: name === "_" ? undefined : name, until });
  }
  const names = pieces.flatMap(({ name }) => (name === undefined ? [] : [name]));
  if (p.captures && names.length === 0) throw new Error("a pattern needs at least one named capture, as <name>");
  if (p.captures && new Set(names).size < names.length) throw new Error("a pattern names a capture twice");
  if (!p.captures && names.length > 0) throw new Error("a filter by pattern takes <_> only, no names");
  return {
    captures: (line) => capturesOf(line, first, pieces),
    test: (line) => fits(line, first, pieces),
  };
}

function capturesOf(line: string, first: string, pieces: readonly Piece[]): readonly (readonly [string, string])[] {
  const found: [string, string][] = [];
  const start = first === "" ? 0 : line.indexOf(first);
  if (start < 0) return found;
  let at = start + first.length;
  for (const { name, until } of pieces) {
    const end = until === "" ? line.length : line.indexOf(until, at);
    if (end < 0) {
      // What is left belongs to the last one that was begun.
      if (name !== undefined && at < line.length) found.push([name, line.slice(at)]);
      return found;
    }
    if (name !== undefined) found.push([name, line.slice(at, end)]);
    at = end + until.length;
  }
  return found;
}

function fits(line: string, first: string, pieces: readonly Piece[]): boolean {
  let at = 0;
  if (!line.startsWith(first)) return false;
  at = first.length;
  for (const [index, { until }] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    if (until === "") return at < line.length;
    const end = isLast ? line.lastIndexOf(until) : line.indexOf(until, at + 1);
    if (end <= at) return false;
    at = end + until.length;
  }
  return at === line.length;
}
