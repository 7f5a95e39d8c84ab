// Rows of the audit trail that stand in another place than the one they were written for: a row's hash holds with the number it
// was written with, and with no other.
import { auditHash } from "../../kernel/audit-chain.ts";
import type { AuditRecord } from "../../kernel/audit-log.ts";
import { rowsText } from "./audit-report.ts";
import type { Findings } from "./audit-report.ts";

/** How far a row is looked for on both sides of its place. */
const shiftMax = 16;
/** Rows that are looked for at all; in a trail in which more are wrong all further ones count as changed. */
const searchedMax = 1_000;
/** Rows found nowhere near that are compared with each other's places. */
const comparedMax = 200;

/** Rows in a row that all stand equally far from where they belong. */
interface Run {
  readonly at: number;
  /** Number that a row was written with, less the one it has. */
  readonly shift: number;
  count: number;
}

/** Gathers the rows whose hash does not hold, and says at the end what became of them. */
export class MisplacedRows {
  readonly #findings: Findings;
  readonly #lost: AuditRecord[] = [];
  #run: Run | undefined;
  #searched = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** A row whose hash does not hold with the number it has. */
  add(row: AuditRecord): void {
    const shift = this.#shiftOf(row);
    if (shift !== undefined && shift === this.#run?.shift) {
      this.#run.count++;
      return;
    }
    this.settle();
    if (shift !== undefined) this.#run = { at: row.seq, shift, count: 1 };
    else if (this.#lost.length < comparedMax) this.#lost.push(row);
    else this.#changed(row.seq);
  }

  /** What comes now is in its place. */
  settle(): void {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined) return;
    const last = run.at + run.count - 1;
    const written = rowsText(run.at + run.shift, last + run.shift);
    this.#findings.add("reordered", run.at, `What was written as ${written} stands as ${rowsText(run.at, last)}.`);
  }

  /** The trail has ended. */
  end(): void {
    const run = this.#run;
    if (run !== undefined && run.shift > 0) {
      // All rows up to the end moved up: what stood there before is gone.
      this.#run = undefined;
      const gone = rowsText(run.at, run.at + run.shift - 1);
      this.#findings.add("removed", run.at, `What was written as ${gone} is gone; the rows behind were moved up.`);
    }
    this.settle();
    for (const row of this.#lost) {
      const place = this.#lost.find(({ seq }) => seq !== row.seq && fits(row, seq))?.seq;
      if (place === undefined) this.#changed(row.seq);
      else this.#findings.add("reordered", row.seq, `What was written as row ${place} stands as row ${row.seq}.`);
    }
  }

  #changed(seq: number): void {
    this.#findings.add("changed", seq, `Row ${seq} is not as it was written: its hash is another.`);
  }

  #shiftOf(row: AuditRecord): number | undefined {
    const known = this.#run?.shift;
    if (known !== undefined && fits(row, row.seq + known)) return known;
    if (this.#searched >= searchedMax) return undefined;
    this.#searched++;
    for (let shift = 1; shift <= shiftMax; shift++) {
      if (fits(row, row.seq + shift)) return shift;
      if (fits(row, row.seq - shift)) return -shift;
    }
    return undefined;
  }
}

function fits(row: AuditRecord, seq: number): boolean {
  return auditHash({ ...row, seq }) === row.hash;
}
