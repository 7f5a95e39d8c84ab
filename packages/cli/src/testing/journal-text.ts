// A run and its journal as text for snapshots: nothing in it depends on ids, on the machine or on when the test ran.
import type { Run, Step } from "@sluice/sdk";

const lineCharsMax = 500;

/** One line for the run and one for each entry, in the order in which the workflow asked for them. */
export function journalText(run: Run, steps: readonly Step[]): string {
  const calls = steps.filter((step) => step.seq >= 0).toSorted((a, b) => a.seq - b.seq);
  const undos = steps.filter((step) => step.seq < 0);
  const end = run.error === null ? outcome(run.output) : ` ${run.error.message}`;
  const lines = [
    `${run.workflow} ${run.status}${reason(run)}${run.status === "completed" ? outcome(run.output) : end}`,
  ];
  for (const step of calls) lines.push(`  ${step.seq} ${line(step, run)}`);
  for (const step of undos) lines.push(`  undo ${-step.seq - 1} ${line(step, run)}`);
  return `${lines.join("\n")}\n`;
}

function reason(run: Run): string {
  return run.statusReason === null || run.status === "completed" ? "" : ` (${run.statusReason})`;
}

function line(step: Step, run: Run): string {
  const { kind, name, status, attempt, error } = step;
  const tried = attempt > 1 ? ` after ${attempt} attempts` : "";
  const at = step.endedAt === null ? "" : ` +${step.endedAt - run.createdAt} ms`;
  const end =
    error === null ? (status === "completed" && !opaque.has(kind) ? outcome(step.output) : "") : ` ${error.message}`;
  return `${kind} ${JSON.stringify(name)} ${status}${tried}${at}${end}`;
}

/** Kinds whose recorded values are ids and tokens. */
const opaque = new Set(["token", "start"]);

function outcome(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = plain(value);
  return ` → ${text.length > lineCharsMax ? `${text.slice(0, lineCharsMax)}… (${text.length} characters)` : text}`;
}

/** JSON with words for what JSON has none for. */
function plain(value: unknown): string {
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === "bigint") return `${each}n`;
    if (each instanceof Map) return { Map: [...each] };
    if (each instanceof Set) return { Set: [...each] };
    if (each instanceof Uint8Array) return { bytes: each.length };
    if (each instanceof Error) return { [each.name]: each.message };
    return each;
  });
  return text ?? String(value);
}
