// Plays a recording of a terminal in the one that the command runs in, with its times.
import { parseCast } from "@sluice/protocol/asciicast";
import type { CastEvent } from "@sluice/protocol/asciicast";
import { failed } from "./io.ts";

export interface PlaySpeed {
  /** Times as fast. */
  readonly speed: number;
  /** Pauses are no longer than this, in milliseconds as recorded. */
  readonly idleMs: number;
}

/** Waits as long as is said, or until it is aborted. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** Modes that a recording may leave behind: soft reset, normal screen, reports off, cursor on (ctlseqs of xterm). */
const restored =
  "\x1b[!p\x1b[?1049l\x1b[?9;1000;1002;1003;1004;1006;1016;2004l\x1b[?1l\x1b>\x1b(B\x0f\x1b[r\x1b[?7h\x1b[?25h\x1b[0m";
/** What reaches beyond the screen: clipboard and colours (OSC 52, 4, 10 to 19), and questions that this terminal would answer. */
const asks = new RegExp(
  [
    String.raw`\x1b\](?:52|1\d|4);[^\x07\x1b]*(?:\x07|\x1b\\)`,
    String.raw`\x1b\[[?>=]?[\d;]*[cn]`,
    String.raw`\x1b\[>[\d;]*q`,
    String.raw`\x1b\[\??[\d;]*\$p`,
  ].join("|"),
  "g",
);

/** Pauses between events, as they are played. */
export function pausesOf(events: readonly CastEvent[], { speed, idleMs }: PlaySpeed): readonly number[] {
  return events.map(({ atMs }, index) => Math.min(atMs - (events[index - 1]?.atMs ?? 0), idleMs) / speed);
}

/** Writes output with its pauses. What would change the clipboard or the colours here, or have this terminal answer, is left out. */
export async function play(
  text: string,
  p: PlaySpeed & { readonly write: (text: string) => void; readonly wait: Wait; readonly signal: AbortSignal },
): Promise<void> {
  const cast = parseCast(text);
  if (cast === undefined) {
    throw failed({ code: "bad_request", message: "That is no recording.", hint: "Recordings are asciicast v2 or v3." });
  }
  const output = cast.events.filter(({ code }) => code === "o");
  const pauses = pausesOf(output, p);
  try {
    for (const [index, { data }] of output.entries()) {
      await p.wait(pauses[index] ?? 0, p.signal);
      if (p.signal.aborted) return;
      p.write(data.replaceAll(asks, ""));
    }
  } finally {
    p.write(`${restored}\r\n`);
  }
}
