// What is pasted into a terminal: control characters are taken out, and many lines are asked about, since each may be a command.

export interface PastePlan {
  /** What would be typed. */
  readonly text: string;
  readonly lines: number;
  /** Control characters that were taken out. */
  readonly removed: number;
  /** Whether somebody should look at it first. */
  readonly asks: boolean;
}

/** Programs that know where pasted text ends (bracketed paste) do not run its lines at once. */
const bracketedLinesMax = 50;
const charsMax = 10_000;
// eslint-disable-next-line no-control-regex -- that is the point
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

export function planPaste(pasted: string, isBracketed: boolean): PastePlan {
  const lined = pasted.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  const text = lined.replaceAll(control, "");
  const lines = text.replace(/\n$/, "").split("\n").length;
  const runs = !isBracketed && text.includes("\n");
  return {
    text,
    lines,
    removed: lined.length - text.length,
    asks: runs || lines > bracketedLinesMax || text.length > charsMax,
  };
}

/** The same as one line, so that nothing of it runs before somebody says so. */
export function oneLine(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}
