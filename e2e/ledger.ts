// The memory of a sceptic: what was acknowledged and what was executed, in a file that no kill of the product reaches.
import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** `started`: a start was acknowledged. `effect`: a step's effect happened. `completed`: a result was handed out. */
export interface LedgerLine {
  readonly what: "started" | "effect" | "completed";
  readonly run: string;
  readonly step: number;
}

export function note(file: string, line: LedgerLine): void {
  appendFileSync(file, `${line.what} ${line.run} ${line.step}\n`);
}

export function readLedger(file: string): LedgerLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => {
    const [what, run, step] = line.split(" ");
    return { what: what as LedgerLine["what"], run: run ?? "", step: Number(step) };
  });
}

/**
 * What a ledger of runs with steps 0, 1, 2 … shows to be wrong: an effect that came again after a later step's effect, or
 * after the result, was executed although it had completed.
 */
export function repeatedEffects(lines: readonly LedgerLine[]): string[] {
  const reached = new Map<string, number>();
  const wrong: string[] = [];
  for (const { what, run, step } of lines) {
    if (what === "started") continue;
    const at = what === "completed" ? Number.POSITIVE_INFINITY : step;
    const before = reached.get(run) ?? -1;
    if (what === "effect" && step < before) wrong.push(`${run}: step ${step} was executed again after step ${before}`);
    if (at > before) reached.set(run, at);
  }
  return wrong;
}

/** Runs whose start was acknowledged. */
export function acknowledged(lines: readonly LedgerLine[]): Set<string> {
  return new Set(lines.filter((line) => line.what === "started").map((line) => line.run));
}
