// The audit trail in plain memory: the same chain as on a disk.
import { SluiceError } from "@sluice/protocol";
import { chainStart, nextAudit } from "../../../kernel/audit-chain.ts";
import type { AuditFilter, AuditHead, AuditNote, AuditRecord } from "../../../kernel/audit-log.ts";

export class AuditTrail {
  readonly #chain: string;
  /** In order; the first has the number after `#start`. */
  #rows: AuditRecord[] = [];
  #start: AuditHead;

  constructor(chain: string) {
    this.#chain = chain;
    this.#start = { chain, seq: 0, hash: chainStart };
  }

  add(note: AuditNote): number {
    const row = nextAudit(note, this.head());
    this.#rows.push(row);
    return row.seq;
  }

  head(): AuditHead {
    const last = this.#rows.at(-1);
    return last === undefined ? this.#start : { chain: this.#chain, seq: last.seq, hash: last.hash };
  }

  start(): AuditHead {
    return this.#start;
  }

  /** In order, from the row after `after`. */
  read(p: {
    readonly after: number;
    readonly limit: number;
    readonly filter?: AuditFilter | undefined;
  }): readonly AuditRecord[] {
    const { filter } = p;
    const from = Math.max(0, p.after - this.#start.seq);
    if (filter === undefined) return this.#rows.slice(from, from + p.limit);
    return this.#rows
      .slice(from)
      .filter((row) => admits(filter, row))
      .slice(0, p.limit);
  }

  /** Newest first. */
  search(p: { readonly filter: AuditFilter; readonly limit: number; readonly before?: number | undefined }): {
    readonly records: readonly AuditRecord[];
    readonly next?: number | undefined;
  } {
    const records: AuditRecord[] = [];
    for (const row of this.#rows.toReversed()) {
      if ((p.before !== undefined && row.seq >= p.before) || !admits(p.filter, row)) continue;
      if (records.length === p.limit) return { records, next: records.at(-1)?.seq };
      records.push(row);
    }
    return { records };
  }

  /** Lets go of the oldest rows, none after the head; how many. */
  trim(upTo: AuditHead, limit: number): number {
    if (upTo.seq <= this.#start.seq) return 0;
    const last = this.#rows[upTo.seq - this.#start.seq - 1];
    if (upTo.chain !== this.#chain || last?.hash !== upTo.hash) throw otherChain(upTo);
    const gone = this.#rows.splice(0, Math.min(limit, upTo.seq - this.#start.seq));
    const end = gone.at(-1);
    if (end !== undefined) this.#start = { chain: this.#chain, seq: end.seq, hash: end.hash };
    return gone.length;
  }
}

function otherChain(head: AuditHead): SluiceError {
  return new SluiceError({
    code: "conflict",
    message: `Row ${head.seq} of the audit trail is not the one that the checkpoint names.`,
    hint: "Nothing was deleted. Run `sluice audit verify`.",
  });
}

function admits(filter: AuditFilter, row: AuditRecord): boolean {
  const { by } = row;
  return (
    (filter.actor === undefined || filter.actor === by.kind || filter.actor === `${by.kind}:${by.id}`) &&
    (filter.action === undefined || fits(filter.action, row.action)) &&
    (filter.target === undefined || fits(filter.target, row.target)) &&
    (filter.outcome === undefined || filter.outcome === row.outcome) &&
    (filter.from === undefined || row.at >= filter.from) &&
    (filter.to === undefined || row.at < filter.to) &&
    (filter.text === undefined || mentions(row, lowerCase(filter.text)))
  );
}

/** Exact, or a beginning that ends in `*`. */
function fits(wanted: string, text: string): boolean {
  return wanted.endsWith("*") ? text.startsWith(wanted.slice(0, -1)) : text === wanted;
}

function mentions({ by, action, target, reason, before, after }: AuditRecord, text: string): boolean {
  const texts = [by.id, by.origin?.name, action, target, reason, before, after];
  return texts.some((each) => each !== undefined && lowerCase(each).includes(text));
}

/** ASCII letters only, as databases do it. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
