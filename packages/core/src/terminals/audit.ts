// What is done with terminals, as it is written to the audit trail.
import type { Actor } from "../kernel/run-records.ts";
import type { AuditLog, AuditNote } from "../kernel/audit-log.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Result } from "../kernel/result.ts";

export interface Audited {
  readonly by: Actor;
  readonly action: string;
  /** Of the terminal. */
  readonly id: string;
  readonly what: object | undefined;
}

export class TerminalAudit {
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(p: { readonly audit: AuditLog; readonly clock: Clock }) {
    this.#audit = p.audit;
    this.#clock = p.clock;
  }

  /** The intent is durable before anything happens, and the outcome before it is told. */
  async around<T>(p: Audited, action: () => Result<T> | Promise<Result<T>>): Promise<Result<T>> {
    const { seq } = await this.note(p, { outcome: "intended" });
    const result = await action();
    await this.note(
      { ...p, what: undefined },
      result.ok ? { outcome: "done", intent: seq } : { outcome: "failed", intent: seq, reason: result.error.code },
    );
    return result;
  }

  note(
    { by, action, id, what }: Audited,
    outcome: Pick<AuditNote, "outcome" | "intent" | "reason">,
  ): Promise<{ readonly seq: number }> {
    const after = what === undefined ? {} : { after: JSON.stringify(what) };
    return this.#audit.recordAudit({
      note: { at: this.#clock.now(), by, action, target: `terminal:${id}`, ...after, ...outcome },
    });
  }
}
