// What checking the audit trail finds.

type AuditProblemKind = "changed" | "removed" | "reordered" | "truncated" | "bad_signature" | "unreadable_checkpoints";

export interface AuditProblem {
  /** The row it is about, or the first of them; null where it is about none. */
  readonly seq: number | null;
  readonly problem: AuditProblemKind;
  readonly message: string;
}

export interface AuditReport {
  /** No problem was found. Warnings say what could not be found. */
  readonly ok: boolean;
  /** Rows that were looked at. */
  readonly rows: number;
  /** Checkpoints of this chain that were compared. */
  readonly checkpoints: number;
  /** In order of the rows; at most `problemsToldMax`. */
  readonly problems: readonly AuditProblem[];
  readonly warnings: readonly string[];
}

/** Problems that are told one by one; of more only the number is. */
export const problemsToldMax = 100;

/** Collects what is found. */
export class Findings {
  readonly warnings: string[] = [];
  #problems: AuditProblem[] = [];
  #more = 0;

  add(problem: AuditProblem["problem"], seq: number | null, message: string): void {
    if (this.#problems.length < problemsToldMax) this.#problems.push({ seq, problem, message });
    else this.#more++;
  }

  get sound(): boolean {
    return this.#problems.length === 0;
  }

  report(counts: { readonly rows: number; readonly checkpoints: number }): AuditReport {
    const first = Number.MAX_SAFE_INTEGER;
    const problems = this.#problems.toSorted((a, b) => (a.seq ?? first) - (b.seq ?? first));
    const more = this.#more === 0 ? [] : [`${this.#more} more problems were found and are not listed.`];
    return { ok: this.sound, ...counts, problems, warnings: [...more, ...this.warnings] };
  }
}

/** `row 7`, or `rows 7 to 9`. */
export function rowsText(from: number, to: number): string {
  return from === to ? `row ${from}` : `rows ${from} to ${to}`;
}

/** A time as people write it, in UTC. */
export function timeText(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? `the time ${at}` : date.toISOString();
}
