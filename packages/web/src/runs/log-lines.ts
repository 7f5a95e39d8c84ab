// Log lines of a run: which are shown, and which were written while a step ran.
import type { LogLevel, LogLine, Step } from "./words.ts";

export interface LogFilter {
  readonly levels?: readonly LogLevel[] | undefined;
  readonly text?: string | undefined;
}

export function shownLines(lines: readonly LogLine[], { levels, text }: LogFilter): readonly LogLine[] {
  if (levels === undefined && text === undefined) return lines;
  const wanted = text?.toLowerCase();
  return lines.filter(
    (line) =>
      (levels === undefined || levels.includes(line.level)) &&
      (wanted === undefined || line.message.toLowerCase().includes(wanted) || dataText(line).includes(wanted)),
  );
}

function dataText({ data }: LogLine): string {
  return data === null || data === undefined ? "" : (JSON.stringify(data) ?? "").toLowerCase();
}

/** Lines do not say which step wrote them: these are those of its time. */
export function linesOf(step: Step, lines: readonly LogLine[]): readonly LogLine[] {
  return lines.filter(({ at }) => at >= step.startedAt && (step.endedAt === null || at <= step.endedAt));
}
