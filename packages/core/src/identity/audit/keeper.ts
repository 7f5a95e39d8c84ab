// Looks after the audit trail of a server: checkpoints leave each minute, what is old is let go of, and all of it can be checked.
import { SluiceError } from "@sluice/protocol";
import type { AuditHead, AuditLog } from "../../kernel/audit-log.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/log.ts";
import type { KeyFolder } from "../keys/key-folder.ts";
import type { AuditReport } from "./audit-report.ts";
import type { CheckpointPlace } from "./checkpoint-places.ts";
import type { Checkpoints } from "./checkpoints.ts";

export interface AuditLimits {
  /** Pause between two checkpoints of a trail that moves. */
  readonly auditCheckpointMs: number;
  /** Pause between two rounds of retention. */
  readonly auditRetentionRoundMs: number;
}

export const auditLimits: AuditLimits = { auditCheckpointMs: 60_000, auditRetentionRoundMs: 86_400_000 };

export interface AuditKeeperOptions {
  readonly log: AuditLog;
  /** Undefined: no checkpoints leave the store. */
  readonly place: CheckpointPlace | undefined;
  /** How long rows are kept; undefined is for good. Needs a place. */
  readonly retentionMs: number | undefined;
  readonly keys: KeyFolder;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: AuditLimits;
  /** Head of the data that a backup has just taken the place of. */
  readonly replaces?: AuditHead | undefined;
}

/** Of one store; the next one gets its own. */
export class AuditKeeper {
  readonly #options: AuditKeeperOptions;
  readonly #checkpoints: Checkpoints | undefined;
  /** The trail, as long as the server goes on: a check must not keep it from stopping. */
  readonly #log: AuditLog;
  /** Checks and rounds of retention, one after the other: what is let go of must not look removed. */
  #turn: Promise<unknown> = Promise.resolve();
  #verifying: Promise<AuditReport> | undefined;
  #cancelRound: () => void = () => undefined;
  #stopped = false;

  /** Most servers sign no checkpoints: what does is loaded where there is a place for them. */
  static async open(options: AuditKeeperOptions): Promise<AuditKeeper> {
    const { limits, place } = options;
    if (place === undefined) return new AuditKeeper(options, undefined);
    const { Checkpoints } = await import("./checkpoints.ts");
    return new AuditKeeper(options, new Checkpoints({ ...options, place, intervalMs: limits.auditCheckpointMs }));
  }

  private constructor(options: AuditKeeperOptions, checkpoints: Checkpoints | undefined) {
    this.#options = options;
    this.#log = this.#stoppable(options.log);
    this.#checkpoints = checkpoints;
  }

  /** Goes to work, until `stop`. */
  start(): void {
    this.#checkpoints?.start();
    // The first round comes soon: a server that is started each day would have none otherwise.
    if (this.#options.retentionMs !== undefined) this.#nextRound(this.#options.limits.auditCheckpointMs);
  }

  /** Checks everything, after a checkpoint of where the trail stands. Who asks meanwhile gets the same answer. */
  verify(): Promise<AuditReport> {
    this.#verifying ??= this.#inTurn(() => this.#verify()).finally(() => {
      this.#verifying = undefined;
    });
    return this.#verifying;
  }

  /** Takes a last checkpoint; before the store is closed. Answers with where the trail stands: no checkpoint names a later row. */
  async stop(): Promise<AuditHead> {
    this.#stopped = true;
    this.#cancelRound();
    this.#options.place?.close();
    await this.#turn;
    await this.#checkpoints?.stop();
    return this.#options.log.auditHead();
  }

  async #verify(): Promise<AuditReport> {
    const { keys, place } = this.#options;
    const chain = this.#log;
    const { verifyAudit } = await import("./verify.ts");
    if (place === undefined || this.#checkpoints === undefined) return verifyAudit({ chain });
    await this.#checkpoints.take();
    const { failingSince } = this.#checkpoints;
    const { readCheckpointKey } = await import("./checkpoint.ts");
    return verifyAudit({ chain, checkpoints: { place, key: await readCheckpointKey(keys), failingSince } });
  }

  #nextRound(delayMs: number): void {
    this.#cancelRound = this.#options.clock.after(delayMs, () => {
      void this.#inTurn(() => this.#round()).then(() => {
        if (!this.#stopped) this.#nextRound(this.#options.limits.auditRetentionRoundMs);
      });
    });
  }

  async #round(): Promise<void> {
    const { keys, logger, place, retentionMs, ...rest } = this.#options;
    try {
      const [{ readCheckpointKey }, { trimTrail }] = await Promise.all([
        import("./checkpoint.ts"),
        import("./retention.ts"),
      ]);
      const key = await readCheckpointKey(keys);
      if (place === undefined || retentionMs === undefined || key === undefined || this.#stopped) return;
      await trimTrail({ ...rest, log: this.#log, logger, place, retentionMs }, key);
    } catch (error) {
      if (this.#stopped) return;
      logger("error", "the oldest part of the audit trail could not be let go of", { error: String(error) });
    }
  }

  #stoppable(log: AuditLog): AuditLog {
    const going = <P, T>(verb: (p: P) => Promise<T>) => {
      return async (p: P): Promise<T> => {
        if (this.#stopped) throw new SluiceError({ code: "draining", message: "The server is stopping." });
        return verb(p);
      };
    };
    return {
      recordAudit: (p) => log.recordAudit(p),
      searchAudit: going((p) => log.searchAudit(p)),
      readAudit: going((p) => log.readAudit(p)),
      trimAudit: going((p) => log.trimAudit(p)),
      auditHead: () => log.auditHead(),
      auditStart: () => log.auditStart(),
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}
