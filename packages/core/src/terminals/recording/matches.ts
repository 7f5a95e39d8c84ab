// Finds text in what a recorded program wrote: as lines without what a terminal obeys, each with when it was begun.
import type { Cast } from "@sluice/protocol/asciicast";

export interface RecordingMatch {
  /** Since the recording began. */
  readonly atMs: number;
  readonly line: string;
}

const lineCharsMax = 400;
// eslint-disable-next-line no-control-regex -- that is the point
const obeyed =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

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
