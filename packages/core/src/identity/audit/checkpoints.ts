// Signs where the trail stands, each minute in which it moved, and sees that it leaves.
import type { AuditHead } from "../../kernel/audit-log.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/log.ts";
import type { KeyFolder } from "../keys/key-folder.ts";
import { openSigner } from "./checkpoint.ts";
import type { Checkpoint, CheckpointSigner } from "./checkpoint.ts";
import type { CheckpointPlace } from "./checkpoint-places.ts";
import { hashAt } from "./verify-chain.ts";
import type { AuditChain } from "./verify-chain.ts";

export interface CheckpointsOptions {
  readonly log: AuditChain;
  readonly place: CheckpointPlace;
  readonly keys: KeyFolder;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: number;
  /** A backup has just taken the place of the data that had this head. */
  readonly replaces?: AuditHead | undefined;
}

/** One at a time; what could not be sent is made up for by the next. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #signer: CheckpointSigner | undefined;
  /** What arrived last; undefined until that was looked up. */
  #last: { readonly checkpoint: Checkpoint | undefined } | undefined;
  #replaces: AuditHead | undefined;
  #cancel: () => void = () => undefined;
  #taking: Promise<void> | undefined;
  /** Since when nothing arrives. */
  #failingSince: number | undefined;
  #stopped = false;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#replaces = options.replaces;
  }

  /** Takes one each interval, until `stop`. */
  start(): void {
    if (this.#replaces !== undefined) void this.take();
    this.#next();
  }

  /** Since when checkpoints could not be sent; undefined while they can. */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  /** Signs where the trail stands, if it moved. What goes wrong is logged, and tried again with the next one. */
  take(ending = false): Promise<void> {
    this.#taking ??= this.#take(ending).finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /** Takes a last one. The store must still be open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#options.place.close();
    await this.#taking;
    await this.take(true);
  }

  #next(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => {
      void this.take().then(() => this.#next());
    });
  }

  async #take(ending: boolean): Promise<void> {
    const { clock, logger, place } = this.#options;
    try {
      await this.#put(ending);
      if (this.#failingSince !== undefined)
        logger("info", "checkpoints of the audit trail arrive again", { at: place.name });
      this.#failingSince = undefined;
    } catch (error) {
      this.#failingSince ??= clock.now();
      logger("error", "a checkpoint of the audit trail could not be sent", {
        to: place.name,
        since: new Date(this.#failingSince).toISOString(),
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #put(ending: boolean): Promise<void> {
    const { clock, keys, log, place, random } = this.#options;
    const head = await log.auditHead();
    if (head.seq === 0) return;
    this.#signer ??= await openSigner(keys, random);
    this.#last ??= { checkpoint: await this.#lastAtStart(head) };
    const { checkpoint: last } = this.#last;
    if (last?.chain === head.chain && last.seq === head.seq && last.hash === head.hash) return;
    const checkpoint = this.#signer.sign(head, { at: clock.now(), replaces: this.#replaces });
    await place.put(checkpoint, { ending });
    this.#last = { checkpoint };
    this.#replaces = undefined;
  }

  /** What arrived before this process began. That the trail does not have it is said loudly, and signed over. */
  async #lastAtStart(head: AuditHead): Promise<Checkpoint | undefined> {
    const { log, logger, place } = this.#options;
    const last = await place.last();
    if (last === undefined || last.key !== this.#signer?.id || this.#replaces !== undefined) return last;
    const start = await log.auditStart();
    const gone = last.chain === head.chain && last.seq < start.seq;
    const held = gone || (last.chain === head.chain && (await hashAt(log, start, last.seq)) === last.hash);
    if (!held) {
      logger("error", "the audit trail is not the one that was signed last: run `sluice audit verify`", {
        signed: last.seq,
        chain: last.chain,
        at: new Date(last.at).toISOString(),
      });
    }
    return last;
  }
}
