// The audit port in plain memory.
import type { AuditHead, AuditLog } from "../../../kernel/audit-log.ts";
import type { AuditTrail } from "./audit-trail.ts";

type Params<Verb extends keyof AuditLog> = Parameters<AuditLog[Verb]>[0];
type Result<Verb extends keyof AuditLog> = Awaited<ReturnType<AuditLog[Verb]>>;

export class MemoryAuditLog implements AuditLog {
  readonly #trail: () => AuditTrail;

  /** `trail` throws when the store is closed. */
  constructor(trail: () => AuditTrail) {
    this.#trail = trail;
  }

  async recordAudit(p: Params<"recordAudit">): Promise<Result<"recordAudit">> {
    return { seq: this.#trail().add(p.note) };
  }

  async searchAudit(p: Params<"searchAudit">): Promise<Result<"searchAudit">> {
    return this.#trail().search(p);
  }

  async readAudit(p: Params<"readAudit">): Promise<Result<"readAudit">> {
    return this.#trail().read(p);
  }

  async auditHead(): Promise<AuditHead> {
    return this.#trail().head();
  }

  async auditStart(): Promise<AuditHead> {
    return this.#trail().start();
  }

  async trimAudit(p: Params<"trimAudit">): Promise<Result<"trimAudit">> {
    return { trimmed: this.#trail().trim(p.upTo, p.limit) };
  }
}
