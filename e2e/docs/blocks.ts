// Takes a document apart: its fenced blocks in order, and its links.

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of the document at which the block's text begins, from 1. */
  readonly line: number;
  /** What the document says that comes out: the `text` block that follows with no more than a line between. */
  readonly output: string | undefined;
}

/** The fenced blocks of a document. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split("\n");
  const found: { language: string; text: string; line: number; end: number }[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w*)\s*$/.exec(lines[at] ?? "");
    if (fence === null) continue;
    const end = lines.findIndex((line, index) => index > at && line.startsWith("```"));
    if (end === -1) throw new Error(`line ${at + 1}: a block that never ends`);
    found.push({ language: fence[1] ?? "", text: lines.slice(at + 1, end).join("\n"), line: at + 2, end });
    at = end;
  }
  return found.map(({ language, text, line, end }, index) => {
    const next = found[index + 1];
    const output = next?.language === "text" && next.line - 2 <= end + 2 ? next.text : undefined;
    return { language, text, line, output };
  });
}

/** What is linked to, without what is on other machines. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, (code) => " ".repeat(code.length));
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), (match) => match[1] ?? "").filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}

/** The anchors that headings get. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, (match) =>
      (match[1] ?? "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The cells of every table row, without the back quotes around whole cells. */
export function rowsOf(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|[-| ]+\|$/.test(line))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/**
 * Where expected output is missing from what came out: each expected line has to be part of a later line than the one
 * before it. `…` stands for anything, with the spaces around it; runs of spaces count as one. Undefined when all is there.
 */
export function missingLine(expected: string, actual: string): string | undefined {
  const lines = actual.split("\n").map(squeezed);
  let from = 0;
  for (const wanted of expected.split("\n").map(squeezed)) {
    if (wanted === "") continue;
    const pattern = new RegExp(wanted.split(/ ?… ?/).map(escaped).join(".*"));
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (at === -1) return wanted;
    from = at + 1;
  }
  return undefined;
}

function squeezed(line: string): string {
  return line.trim().replaceAll(/\s+/g, " ");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
