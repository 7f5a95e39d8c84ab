// The chain from its first row to its last: every hash computed anew, every row compared with the one it was written after.
import { auditHash } from "../../kernel/audit-chain.ts";
import type { AuditHead, AuditLog, AuditRecord } from "../../kernel/audit-log.ts";
import { rowsText, timeText } from "./audit-report.ts";
import type { Findings } from "./audit-report.ts";
import { MisplacedRows } from "./misplaced-rows.ts";
import { trimAction, trimmedUpTo } from "./trim-note.ts";

/** Rows that are read at once: few enough that checking them holds nothing up. */
const pageRows = 200;
/** Intents without an outcome that are told one by one. */
const intentsToldMax = 20;
/** Intents that are remembered. */
const intentsMax = 100_000;

/** The part of the trail that is read to check it. */
export type AuditChain = Pick<AuditLog, "auditHead" | "auditStart" | "readAudit">;

export interface WalkedChain {
  readonly rows: number;
  /** What the first row kept follows. */
  readonly start: AuditHead;
  readonly last: AuditHead;
}

/** Walks the chain, up to a row where one is given, and adds what is wrong with it. */
export async function walkChain(
  chain: AuditChain,
  findings: Findings,
  upTo: number = Number.MAX_SAFE_INTEGER,
): Promise<WalkedChain> {
  const start = await chain.auditStart();
  const walk = new Walk(start, findings);
  while (walk.last.seq < upTo) {
    const page = await chain.readAudit({ after: walk.last.seq, limit: Math.min(pageRows, upTo - walk.last.seq) });
    for (const row of page) walk.take(row);
    if (page.length === 0) break;
  }
  walk.end(upTo === Number.MAX_SAFE_INTEGER);
  return { rows: walk.rows, start, last: walk.last };
}

class Walk {
  rows = 0;
  last: AuditHead;
  readonly #start: AuditHead;
  readonly #findings: Findings;
  readonly #misplaced: MisplacedRows;
  readonly #intents = new Map<number, AuditRecord>();
  /** The row before was found wrong: that the next does not follow it is no news. */
  #broken = false;
  /** Highest row that an audited trim let go of. */
  #trimmed = 0;

  constructor(start: AuditHead, findings: Findings) {
    this.#start = start;
    this.last = start;
    this.#findings = findings;
    this.#misplaced = new MisplacedRows(findings);
  }

  take(row: AuditRecord): void {
    this.rows++;
    const { last } = this;
    const gap = row.seq > last.seq + 1;
    if (gap) this.#gap(last.seq + 1, row.seq - 1);
    const holds = auditHash(row) === row.hash;
    if (holds) {
      this.#misplaced.settle();
      if (!gap && !this.#broken && row.previous !== last.hash) this.#unlinked(row);
      this.#note(row);
    } else this.#misplaced.add(row);
    this.#broken = !holds;
    this.last = { chain: last.chain, seq: row.seq, hash: row.hash };
  }

  /** `whole`: up to the trail's end. */
  end(whole: boolean): void {
    this.#misplaced.end();
    if (!whole) return;
    const { seq } = this.#start;
    if (seq > this.#trimmed) {
      this.#findings.add(
        "removed",
        this.#trimmed + 1,
        `${upper(rowsText(this.#trimmed + 1, seq))} are gone from the beginning, and no row says that they were let go of.`,
      );
    }
    const open = [...this.#intents.values()];
    for (const { seq: at, action, target, by, at: when } of open.slice(0, intentsToldMax)) {
      this.#findings.warnings.push(
        `Row ${at} says what ${by.kind}:${by.id} was about to do (${action} on ${target}, ${timeText(when)}), and no row says what became of it: it goes on still, or the server ended in the middle.`,
      );
    }
    const more = open.length - intentsToldMax;
    if (more > 0) this.#findings.warnings.push(`${more} more rows state an intent without an outcome.`);
  }

  #gap(from: number, to: number): void {
    this.#misplaced.settle();
    const verb = from === to ? "is" : "are";
    this.#findings.add("removed", from, `${upper(rowsText(from, to))} ${verb} gone.`);
  }

  #unlinked(row: AuditRecord): void {
    const { seq } = this.last;
    if (seq === this.#start.seq) {
      const what = seq === 0 ? "the beginning of the chain" : `row ${seq}, behind which the trail begins`;
      this.#findings.add("changed", row.seq, `Row ${row.seq} does not follow ${what}.`);
    } else {
      this.#findings.add("changed", seq, `Row ${seq} is not the one that row ${row.seq} was written after.`);
    }
  }

  #note(row: AuditRecord): void {
    if (row.intent !== undefined) this.#intents.delete(row.intent);
    if (row.outcome === "intended" && this.#intents.size < intentsMax) this.#intents.set(row.seq, row);
    if (row.action === trimAction) this.#trimmed = Math.max(this.#trimmed, trimmedUpTo(row));
  }
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The hash of a row; undefined for one that is not there. `start` is the one that the first row kept follows. */
export async function hashAt(chain: AuditChain, start: AuditHead, seq: number): Promise<string | undefined> {
  if (seq === start.seq) return start.hash;
  const [row] = await chain.readAudit({ after: seq - 1, limit: 1 });
  return row?.seq === seq ? row.hash : undefined;
}
