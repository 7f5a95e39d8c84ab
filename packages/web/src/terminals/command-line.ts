// The line that somebody types as a command, as program and arguments.

const word = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g;
const part = /"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^"'\\]+/g;

/** Words as a shell would cut them: quotes keep words together, a backslash keeps the sign behind it. Nothing else has a meaning. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(word)].map(([whole]) => whole.replaceAll(part, plain));
}

function plain(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  if (piece.startsWith('"')) return piece.slice(1, -1).replaceAll(/\\(["\\$`])/g, "$1");
  return piece.startsWith("\\") ? piece.slice(1) : piece;
}
