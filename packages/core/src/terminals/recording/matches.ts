// Finds text in what a recorded program wrote: as lines without what a terminal obeys, each with when it was begun.
import type { Cast } from "@sluice/protocol/asciicast";

export interface RecordingMatch {
  /** Since the recording began. */
  readonly atMs: number;
  readonly line: string;
}

const lineCharsMax = 400;
/** Sequences of a terminal, then other control characters: ECMA-48, section 5. */
const obeyed = new RegExp(
  [
    String.raw`\x1b\[[0-?]*[ -/]*[@-~]`,
    String.raw`\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?`,
    String.raw`\x1b[ -/]*[0-~]`,
    String.raw`[\0-\x08\x0b\x0c\x0e-\x1f\x7f]`,
  ].join("|"),
  "g",
);

/** The first `max` lines that have a text in them, whatever its case. */
export function matchesIn(
  cast: Cast,
  { text, max }: { readonly text: string; readonly max: number },
): readonly RecordingMatch[] {
  const wanted = text.toLowerCase();
  return linesOf(cast)
    .filter(({ line }) => line.toLowerCase().includes(wanted))
    .slice(0, max);
}

function linesOf({ events }: Cast): readonly RecordingMatch[] {
  const output = events.filter(({ code }) => code === "o");
  const lines: { atMs: number; line: string }[] = [];
  let open = { atMs: output[0]?.atMs ?? 0, line: "" };
  for (const { atMs, data } of output) {
    const [first = "", ...rest] = data.split(/\r?\n|\r/);
    if (open.line === "") open.atMs = atMs;
    open.line += first;
    for (const line of rest) {
      lines.push(open);
      open = { atMs, line };
    }
  }
  lines.push(open);
  return lines
    .map(({ atMs, line }) => ({ atMs, line: line.replaceAll(obeyed, "").slice(0, lineCharsMax) }))
    .filter(({ line }) => line.trim() !== "");
}
