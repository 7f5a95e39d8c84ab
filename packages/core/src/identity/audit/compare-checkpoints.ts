// Signed checkpoints against the chain: only they show that rows were cut from its end, or that it was written anew.
import type { AuditHead } from "../../kernel/audit-log.ts";
import { isSigned, readCheckpoint } from "./checkpoint.ts";
import type { Checkpoint, CheckpointKey } from "./checkpoint.ts";
import type { CheckpointLine } from "./checkpoint-places.ts";
import { rowsText, timeText } from "./audit-report.ts";
import type { Findings } from "./audit-report.ts";
import { hashAt } from "./verify-chain.ts";
import type { AuditChain, WalkedChain } from "./verify-chain.ts";

interface Compared {
  /** How many were compared. */
  readonly count: number;
  /** The last row that one of them stands for; 0 without any. */
  readonly covered: number;
}

/** What does not agree, counted: after a change all later checkpoints disagree. */
interface Disagreement {
  readonly first: Checkpoint;
  /** The one that names the highest row. */
  highest: Checkpoint;
  count: number;
}

/** Compares every checkpoint in order of signing, and adds what is wrong. */
export async function compareCheckpoints(p: {
  readonly chain: AuditChain;
  readonly walked: WalkedChain;
  readonly lines: AsyncIterable<CheckpointLine>;
  readonly key: CheckpointKey;
  readonly findings: Findings;
}): Promise<Compared> {
  const comparison = new Comparison(p);
  for await (const line of p.lines) await comparison.take(line);
  comparison.end();
  return { count: comparison.count, covered: comparison.covered };
}

class Comparison {
  count = 0;
  covered = 0;
  readonly #chain: AuditChain;
  readonly #walked: WalkedChain;
  readonly #key: CheckpointKey;
  readonly #findings: Findings;
  /** The last that agreed: what was changed was changed behind it. */
  #agreed = 0;
  #changed: Disagreement | undefined;
  #truncated: Disagreement | undefined;
  #unsigned: Disagreement | undefined;
  /** Heads of other chains with this key that nothing took the place of, as far as was read. */
  readonly #others = new Map<string, Checkpoint>();

  constructor(p: Parameters<typeof compareCheckpoints>[0]) {
    this.#chain = p.chain;
    this.#walked = p.walked;
    this.#key = p.key;
    this.#findings = p.findings;
  }

  async take({ number, text, cutOff }: CheckpointLine): Promise<void> {
    const checkpoint = readCheckpoint(text);
    if (checkpoint === undefined) {
      if (cutOff) this.#findings.warnings.push(`Line ${number} of the checkpoints was cut off while it was written.`);
      else this.#findings.add("unreadable_checkpoints", null, `Line ${number} of the checkpoints is none.`);
      return;
    }
    const ours = checkpoint.chain === this.#walked.last.chain;
    // Other nodes have other keys, and may write to the same place.
    if (!ours && checkpoint.key !== this.#key.id) return;
    if (!isSigned(checkpoint, this.#key)) {
      this.#unsigned = counted(this.#unsigned, checkpoint);
      return;
    }
    if (checkpoint.replaces !== undefined) this.#replace(checkpoint, checkpoint.replaces);
    if (ours) await this.#compare(checkpoint);
    else this.#others.set(checkpoint.chain, checkpoint);
  }

  async #compare(checkpoint: Checkpoint): Promise<void> {
    const { seq, hash } = checkpoint;
    const { start } = this.#walked;
    this.count++;
    this.covered = Math.max(this.covered, seq);
    // Those before were let go of, which a row says.
    if (seq < start.seq) return;
    const found = await hashAt(this.#chain, start, seq);
    if (found === hash) this.#agreed = Math.max(this.#agreed, this.#changed === undefined ? seq : 0);
    else if (found !== undefined) this.#changed = counted(this.#changed, checkpoint);
    // A row that is missing in the middle was found by the walk.
    else if (seq > this.#walked.last.seq) this.#truncated = counted(this.#truncated, checkpoint);
  }

  /** The data before was replaced by a backup: what it had behind the backup is not missed. */
  #replace(checkpoint: Checkpoint, before: AuditHead): void {
    const { at, seq, chain } = checkpoint;
    this.#others.delete(before.chain);
    if (before.chain !== this.#walked.last.chain) {
      this.#warn(`A backup took the place of the chain ${before.chain} at ${timeText(at)}.`);
      return;
    }
    const upTo = (found: Disagreement | undefined): Disagreement | undefined =>
      found !== undefined && found.highest.seq > before.seq ? found : undefined;
    this.#changed = upTo(this.#changed);
    this.#truncated = upTo(this.#truncated);
    this.covered = 0;
    this.#warn(
      `A backup was restored at ${timeText(at)}: the trail then went on from row ${seq}${chain === before.chain ? "" : ` of the chain ${chain}`}, where it had had ${before.seq} rows.`,
    );
  }

  #warn(text: string): void {
    this.#findings.warnings.push(text);
  }

  end(): void {
    const { last } = this.#walked;
    if (this.#unsigned !== undefined) {
      const { first, count } = this.#unsigned;
      this.#findings.add(
        "bad_signature",
        first.seq,
        `The checkpoint of row ${first.seq} (${timeText(first.at)}) is not signed with the key ${this.#key.id}${andMore(count)}.`,
      );
    }
    if (this.#changed !== undefined) {
      const { first, count } = this.#changed;
      this.#findings.add(
        "changed",
        first.seq,
        `Row ${first.seq} is not the one that was signed at ${timeText(first.at)}: one of ${rowsText(this.#agreed + 1, first.seq)} was changed, and what follows written anew${andMore(count)}.`,
      );
    }
    if (this.#truncated !== undefined) {
      const { highest } = this.#truncated;
      this.#findings.add(
        "truncated",
        last.seq + 1,
        `The trail ends with row ${last.seq}, but row ${highest.seq} was signed at ${timeText(highest.at)}: what came after the end was cut off.`,
      );
    }
    for (const { chain, seq, at } of this.#others.values()) {
      this.#findings.add(
        "truncated",
        null,
        `With this key the chain ${chain} was signed up to row ${seq} (${timeText(at)}), but this is the chain ${last.chain}.`,
      );
    }
  }
}

function counted(found: Disagreement | undefined, checkpoint: Checkpoint): Disagreement {
  if (found === undefined) return { first: checkpoint, highest: checkpoint, count: 1 };
  found.count++;
  if (checkpoint.seq > found.highest.seq) found.highest = checkpoint;
  return found;
}

function andMore(count: number): string {
  return count === 1 ? "" : `; ${count - 1} later checkpoints neither`;
}
