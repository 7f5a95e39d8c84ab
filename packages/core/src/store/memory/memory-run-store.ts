// The store in plain memory: every verb of its ports on linked rows, on any JavaScript runtime.
import { SluiceError } from "@sluice/protocol";
import { blobRefOf } from "../../kernel/blob-ref.ts";
import { brokenError, BrokenIncarnations } from "../../kernel/broken-incarnations.ts";
import { sees } from "../../kernel/patterns.ts";
import type { RunRecord, RunStore, StoreStats } from "../../kernel/run-store.ts";
import type { Store } from "../../kernel/store.ts";
import { beginAudit } from "../audit/audit-rules.ts";
import type { AuditSight } from "../audit/audit-rule.ts";
import { listComments } from "./approval-comments.ts";
import { MemoryBlobScopeStore } from "./blob-scopes/memory-blob-scopes.ts";
import { MemoryBuildStore } from "./builds/builds.ts";
import { MemoryClusterStore } from "./clusters/clusters.ts";
import { MemoryAuditLog } from "./audit/memory-audit-log.ts";
import { sightOf } from "./audit/sight.ts";
import { visitValues } from "./contents.ts";
import { seenQueues } from "../flow/queues.ts";
import { MemoryRunFigures } from "./figures/memory-run-figures.ts";
import { identityVerbs } from "./identity/identity-verbs.ts";
import { MemoryIdentityStore } from "./identity/memory-identity-store.ts";
import { readPiece } from "./journal.ts";
import { MemoryPayloadKeyStore, payloadKeyVerbs } from "./payload-keys/payload-keys.ts";
import { searchRuns, searchStateKeys, searchEventNames, summaryOf } from "./run-search.ts";
import { toRecord } from "./runs.ts";
import { retentionsOf, versionsInUse } from "./versions.ts";
import { MemorySecretStore, secretVerbs } from "./secrets/secrets.ts";
import { readStream } from "./stream.ts";
import { statsOf } from "./stats.ts";
import { Tables } from "./tables.ts";
import { listTasks } from "./tasks.ts";
import { MemoryTriggerStore } from "./triggers/memory-trigger-store.ts";
import { triggerVerbs } from "./triggers/trigger-verbs.ts";
import { runVerbs, type RunWriteVerb } from "./verbs.ts";

type Params<V extends keyof RunStore> = Parameters<RunStore[V]>[0];
type Result<V extends keyof RunStore> = Awaited<ReturnType<RunStore[V]>>;

/**
 * Keeps everything in memory and forgets it with the object. A verb has happened when it is called and answers later,
 * so that calls take effect in the order in which they are made. Values are kept as they are handed in: a caller that
 * changed their bytes afterwards would change what is stored.
 */
export class MemoryRunStore implements Store {
  readonly instance: string;
  readonly identity: MemoryIdentityStore;
  readonly audit: MemoryAuditLog;
  readonly figures: MemoryRunFigures;
  readonly secrets: MemorySecretStore;
  readonly payloadKeys: MemoryPayloadKeyStore;
  readonly builds: MemoryBuildStore;
  readonly blobScopes: MemoryBlobScopeStore;
  readonly clusters: MemoryClusterStore;
  readonly triggers: MemoryTriggerStore;
  readonly #tables: Tables;
  readonly #sight: AuditSight;
  readonly #broken = new BrokenIncarnations();
  #closed = false;

  constructor(p: { readonly instance?: string | undefined } = {}) {
    this.instance = p.instance ?? "memory";
    this.#tables = new Tables(this.instance);
    this.#sight = sightOf(this.#tables);
    this.audit = new MemoryAuditLog(() => this.#open().audit);
    this.figures = new MemoryRunFigures(() => this.#open());
    this.triggers = new MemoryTriggerStore({
      tables: () => this.#open(),
      write: (verb, params) => this.#audited({ verb, params }, (tables) => triggerVerbs[verb](tables, params)),
    });
    this.identity = new MemoryIdentityStore({
      accounts: () => this.#open().accounts,
      write: (verb, params) => this.#audited({ verb, params }, ({ accounts }) => identityVerbs[verb](accounts, params)),
    });
    this.secrets = new MemorySecretStore({
      rows: () => this.#open().secrets,
      write: (verb, params) => this.#audited({ verb, params }, ({ secrets }) => secretVerbs[verb](secrets, params)),
    });
    this.builds = new MemoryBuildStore((asked, carry) => this.#audited(asked, carry));
    this.blobScopes = new MemoryBlobScopeStore((asked, carry) => this.#audited(asked, carry));
    this.clusters = new MemoryClusterStore((asked, carry) => this.#audited(asked, carry));
    this.payloadKeys = new MemoryPayloadKeyStore({
      rows: () => this.#open().payloadKeys,
      write: (verb, params) => this.#audited({ verb, params }, (tables) => payloadKeyVerbs[verb](tables, params)),
    });
  }

  async createRun(p: Params<"createRun">): Promise<Result<"createRun">> {
    return this.#write("createRun", p);
  }
  async claimRuns(p: Params<"claimRuns">): Promise<Result<"claimRuns">> {
    return this.#write("claimRuns", p);
  }

  async readJournal(p: Params<"readJournal">): Promise<Result<"readJournal">> {
    const row = this.#open().runs.get(p.run);
    return row === undefined || !sees(p.access, row.record.workflow)
      ? { entries: [] }
      : readPiece(row, p.from, p.bytesMax);
  }

  async append(p: Params<"append">): Promise<Result<"append">> {
    this.#refuseBroken(p);
    try {
      return this.#write("append", p);
    } catch (error) {
      this.#broken.note(p.run, p.epoch);
      throw error;
    }
  }

  #refuseBroken(p: { readonly run: string; readonly epoch: number }): void {
    if (this.#broken.has(p.run, p.epoch)) throw brokenError(p.run);
  }
  async parkRun(p: Params<"parkRun">): Promise<Result<"parkRun">> {
    this.#refuseBroken(p);
    return this.#write("parkRun", p);
  }
  async releaseRuns(p: Params<"releaseRuns">): Promise<Result<"releaseRuns">> {
    return this.#write("releaseRuns", p);
  }
  async recover(p: Params<"recover">): Promise<Result<"recover">> {
    return this.#write("recover", p);
  }
  async blockRun(p: Params<"blockRun">): Promise<Result<"blockRun">> {
    return this.#write("blockRun", p);
  }
  async unblockRuns(p: Params<"unblockRuns">): Promise<Result<"unblockRuns">> {
    return this.#write("unblockRuns", p);
  }

  async fireTimers(p: Params<"fireTimers">): Promise<Result<"fireTimers">> {
    return this.#write("fireTimers", p);
  }
  async emitEvent(p: Params<"emitEvent">): Promise<Result<"emitEvent">> {
    return this.#write("emitEvent", p);
  }
  async completeToken(p: Params<"completeToken">): Promise<Result<"completeToken">> {
    return this.#write("completeToken", p);
  }
  async commentApproval(p: Params<"commentApproval">): Promise<Result<"commentApproval">> {
    return this.#write("commentApproval", p);
  }
  async cancelRun(p: Params<"cancelRun">): Promise<Result<"cancelRun">> {
    return this.#write("cancelRun", p);
  }
  async pauseRun(p: Params<"pauseRun">): Promise<Result<"pauseRun">> {
    return this.#write("pauseRun", p);
  }
  async resumeRun(p: Params<"resumeRun">): Promise<Result<"resumeRun">> {
    return this.#write("resumeRun", p);
  }
  async retryRun(p: Params<"retryRun">): Promise<Result<"retryRun">> {
    return this.#write("retryRun", p);
  }
  async forkRun(p: Params<"forkRun">): Promise<Result<"forkRun">> {
    return this.#write("forkRun", p);
  }
  async importRun(p: Params<"importRun">): Promise<Result<"importRun">> {
    return this.#write("importRun", p);
  }
  async moveRun(p: Params<"moveRun">): Promise<Result<"moveRun">> {
    return this.#write("moveRun", p);
  }
  async deleteRuns(p: Params<"deleteRuns">): Promise<Result<"deleteRuns">> {
    return this.#write("deleteRuns", p);
  }
  async purgeRuns(p: Params<"purgeRuns">): Promise<Result<"purgeRuns">> {
    return this.#write("purgeRuns", p);
  }
  async sweep(p: Params<"sweep">): Promise<Result<"sweep">> {
    return this.#write("sweep", p);
  }

  async setState(p: Params<"setState">): Promise<Result<"setState">> {
    return this.#write("setState", p);
  }

  async deleteState(p: Params<"deleteState">): Promise<Result<"deleteState">> {
    return this.#write("deleteState", p);
  }

  async getState(p: Params<"getState">): Promise<Result<"getState">> {
    const row = this.#open().state.get(p.scope, p.key, p.now);
    return row === undefined ? undefined : { ...row };
  }

  async listState(p: Params<"listState">): Promise<Result<"listState">> {
    return this.#open().state.list(p);
  }

  async clearStepCache(p: Params<"clearStepCache">): Promise<Result<"clearStepCache">> {
    return this.#write("clearStepCache", p);
  }

  async readStream(p: Params<"readStream">): Promise<Result<"readStream">> {
    const row = this.#open().runs.get(p.run);
    return readStream(row !== undefined && sees(p.access, row.record.workflow) ? row : undefined, p);
  }

  async listStepCache(p: Params<"listStepCache">): Promise<Result<"listStepCache">> {
    return this.#open().stepCache.list(p);
  }

  async claimTasks(p: Params<"claimTasks">): Promise<Result<"claimTasks">> {
    return this.#write("claimTasks", p);
  }
  async settleTask(p: Params<"settleTask">): Promise<Result<"settleTask">> {
    return this.#write("settleTask", p);
  }
  async retryTask(p: Params<"retryTask">): Promise<Result<"retryTask">> {
    return this.#write("retryTask", p);
  }
  async noteTask(p: Params<"noteTask">): Promise<Result<"noteTask">> {
    return this.#write("noteTask", p);
  }
  async listTasks(p: Params<"listTasks">): Promise<Result<"listTasks">> {
    return listTasks(this.#open(), p);
  }

  async putSchedules(p: Params<"putSchedules">): Promise<Result<"putSchedules">> {
    return this.#write("putSchedules", p);
  }

  async listSchedules(p?: Params<"listSchedules">): Promise<Result<"listSchedules">> {
    const all = this.#open().schedules.list();
    return all.filter(({ workflow }) => sees(p?.access, workflow));
  }

  async listHeldTimes({ schedule, limit }: Params<"listHeldTimes">): Promise<Result<"listHeldTimes">> {
    const all = this.#open().schedules.listHeld();
    return all.filter((each) => schedule === undefined || each.schedule === schedule).slice(0, limit);
  }

  async countHeldTimes(): Promise<Result<"countHeldTimes">> {
    return this.#open().schedules.countHeld();
  }

  async setSchedulePaused(p: Params<"setSchedulePaused">): Promise<Result<"setSchedulePaused">> {
    return this.#write("setSchedulePaused", p);
  }

  async fireSchedule(p: Params<"fireSchedule">): Promise<Result<"fireSchedule">> {
    return this.#write("fireSchedule", p);
  }

  async putFlow(p: Params<"putFlow">): Promise<Result<"putFlow">> {
    return this.#write("putFlow", p);
  }

  async setQueuePaused(p: Params<"setQueuePaused">): Promise<Result<"setQueuePaused">> {
    return this.#write("setQueuePaused", p);
  }

  async listQueues(p?: Params<"listQueues">): Promise<Result<"listQueues">> {
    return seenQueues(this.#open().flowRows.queues(), p?.access);
  }

  async putVersion(p: Params<"putVersion">): Promise<void> {
    this.#write("putVersion", p);
  }

  async enterBreaker(p: Params<"enterBreaker">): Promise<Result<"enterBreaker">> {
    return this.#write("enterBreaker", p);
  }

  async resetBreaker(p: Params<"resetBreaker">): Promise<Result<"resetBreaker">> {
    return this.#write("resetBreaker", p);
  }

  async listBreakers(): Promise<Result<"listBreakers">> {
    return this.#open().breakers.list();
  }

  async listVersions(): Promise<Result<"listVersions">> {
    return this.#open().versions.list();
  }

  async listRetentions(p?: Params<"listRetentions">): Promise<Result<"listRetentions">> {
    return retentionsOf(this.#open(), p?.access);
  }

  async versionsInUse(): Promise<Result<"versionsInUse">> {
    return versionsInUse(this.#open().runs);
  }

  async getRun(p: Params<"getRun">): Promise<RunRecord | undefined> {
    const row = this.#open().runs.get(p.run);
    return row === undefined || !sees(p.access, row.record.workflow) ? undefined : toRecord(row);
  }

  async getRuns(p: Params<"getRuns">): Promise<Result<"getRuns">> {
    const { runs } = this.#open();
    const rows = p.runs.map((run) => runs.get(run));
    return rows.filter((row) => row !== undefined).map(summaryOf);
  }

  async searchRuns(p: Params<"searchRuns">): Promise<Result<"searchRuns">> {
    return searchRuns(this.#open().runs, p);
  }

  async searchEventNames(p: Params<"searchEventNames">): Promise<Result<"searchEventNames">> {
    return searchEventNames(this.#open().events, p);
  }

  async searchStateKeys(p: Params<"searchStateKeys">): Promise<Result<"searchStateKeys">> {
    return searchStateKeys(this.#open().state, p);
  }

  async findByKey(p: Params<"findByKey">): Promise<RunRecord | undefined> {
    const row = sees(p.access, p.workflow) ? this.#open().runs.findByKey(p.workflow, p.key) : undefined;
    return row === undefined ? undefined : toRecord(row);
  }

  async listRuns(p: Params<"listRuns">): Promise<Result<"listRuns">> {
    return this.#open().runs.list(p);
  }

  async countRuns(p: Params<"countRuns">): Promise<number> {
    return this.#open().runs.count(p.filter, p.access);
  }

  async listLogs(p: Params<"listLogs">): Promise<Result<"listLogs">> {
    const row = this.#open().runs.get(p.run);
    if (row === undefined || !sees(p.access, row.record.workflow)) return [];
    const from = Math.max(0, p.after);
    return row.logs.slice(from, from + p.limit);
  }

  async getToken(p: Params<"getToken">): Promise<Result<"getToken">> {
    const row = this.#open().tokens.get(p.token);
    return row === undefined || !sees(p.access, row.record.workflow) ? undefined : { ...row.record };
  }

  async listTokens(p: Params<"listTokens">): Promise<Result<"listTokens">> {
    return this.#open().tokens.list(p);
  }

  async listComments(p: Params<"listComments">): Promise<Result<"listComments">> {
    return listComments(this.#open().tokens.get(p.token), p);
  }

  async listEvents(p: Params<"listEvents">): Promise<Result<"listEvents">> {
    return this.#open().events.list(p);
  }

  async blobsInUse(p: Params<"blobsInUse">): Promise<readonly string[]> {
    const asked = new Set(p.blobs);
    const used = new Set<string>();
    visitValues(this.#open(), (value) => {
      const blob = blobRefOf(value);
      if (blob !== undefined && asked.has(blob)) used.add(blob);
    });
    const { blobScopes, builds } = this.#open();
    return [...asked].filter((blob) => used.has(blob) || blobScopes.has(blob) || builds.names(blob));
  }

  async stats(p?: Params<"stats">): Promise<StoreStats> {
    return statsOf(this.#open(), p);
  }

  /** Always refused: there is no disk here to write to. */
  async backup(): Promise<never> {
    throw new SluiceError({ code: "store_failed", message: "A store in memory cannot be backed up to a file." });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): Tables {
    if (this.#closed) throw new SluiceError({ code: "store_failed", message: "The store has been closed." });
    return this.#tables;
  }

  #write<Verb extends RunWriteVerb>(verb: Verb, params: Params<Verb>): Result<Verb> {
    return this.#audited({ verb, params }, (tables) => runVerbs[verb](tables, params));
  }

  /** The one place where what somebody asked for is carried out, and written to the audit trail. */
  #audited<Answer>(asked: { readonly verb: string; readonly params: unknown }, carryOut: (tables: Tables) => Answer) {
    const tables = this.#open();
    const finish = beginAudit(asked.verb, asked.params, this.#sight);
    const answer = carryOut(tables);
    for (const note of finish?.(answer) ?? []) tables.audit.add(note);
    return answer;
  }
}
