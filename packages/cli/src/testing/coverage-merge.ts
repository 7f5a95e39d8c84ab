// Durable calls and plain code in one tracefile: what a test runner has counted of lines, functions and conditions (V8's coverage
// knows those), with the calls and outcomes that only the harness knows. Format: geninfo(1) of lcov.
import { resolve } from "node:path";

/** What is said of one source file. */
interface FileRecord {
  readonly file: string;
  /** Lines of functions, kept as they are. */
  readonly functions: string[];
  readonly branches: Branch[];
  readonly lines: Map<number, number>;
}

interface Branch {
  readonly line: number;
  readonly block: string;
  readonly branch: string;
  /** `-` where the line was never reached. */
  readonly taken: string;
}

/**
 * Adds what one tracefile says of a file to what another says of it; files that only one of them knows stay as they are. A line
 * has the greater of its counts. Paths are the same file where they lead to the same place from `folder`.
 */
export function mergeLcov(runner: string, harness: string, folder: string = process.cwd()): string {
  const merged = new Map<string, FileRecord>();
  for (const [text, own] of [
    [runner, false],
    [harness, true],
  ] as const) {
    for (const record of recordsOf(text)) {
      const place = resolve(folder, record.file);
      const known = merged.get(place);
      if (known === undefined) merged.set(place, record);
      else add(known, record, own);
    }
  }
  return [...merged.values()].map(textOf).join("");
}

function add(known: FileRecord, more: FileRecord, own: boolean): void {
  for (const [line, hits] of more.lines) known.lines.set(line, Math.max(known.lines.get(line) ?? 0, hits));
  known.functions.push(...more.functions);
  // Decisions of the harness are others than those of the runner on the same line, which may have the same numbers.
  const first = own ? 1 + Math.max(-1, ...known.branches.map(({ block }) => Number.parseInt(block, 10) || 0)) : 0;
  for (const branch of more.branches) {
    known.branches.push(own ? { ...branch, block: String(first + Number(branch.block)) } : branch);
  }
}

function recordsOf(text: string): readonly FileRecord[] {
  const records: FileRecord[] = [];
  let current: FileRecord | undefined;
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(":");
    const [key, value] = at === -1 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    if (key === "SF") current = { file: value, functions: [], branches: [], lines: new Map() };
    else if (current === undefined) continue;
    else if (key === "end_of_record") {
      records.push(current);
      current = undefined;
    } else if (key.startsWith("FN")) current.functions.push(line);
    else if (key === "DA") {
      const [number = "", hits = ""] = value.split(",");
      current.lines.set(Number(number), Number(hits));
    } else if (key === "BRDA") {
      const [number = "", block = "", branch = "", taken = "-"] = value.split(",");
      current.branches.push({ line: Number(number), block, branch, taken });
    }
  }
  return records;
}

function textOf({ file, functions, branches, lines }: FileRecord): string {
  const sorted = [...lines].toSorted(([a], [b]) => a - b);
  return [
    "TN:",
    `SF:${file}`,
    ...functions,
    ...branches.toSorted((a, b) => a.line - b.line).map((b) => `BRDA:${b.line},${b.block},${b.branch},${b.taken}`),
    `BRF:${branches.length}`,
    `BRH:${branches.filter(({ taken }) => taken !== "-" && taken !== "0").length}`,
    ...sorted.map(([line, hits]) => `DA:${line},${hits}`),
    `LF:${sorted.length}`,
    `LH:${sorted.filter(([, hits]) => hits > 0).length}`,
    "end_of_record",
    "",
  ].join("\n");
}
