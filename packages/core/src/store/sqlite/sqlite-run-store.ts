// The ports on SQLite: changes go to the writer's thread, long reads to the reader's, reads of a row are done here.
import { isFinalStatus, type SluiceError } from "@sluice/protocol";
import type { BreakerAnswer } from "../../kernel/breaker-store.ts";
import type { AppendOutcome, CreateOutcome, Effects, FinishedRun, RunStore, StoreOp } from "../../kernel/run-store.ts";
import type { Store } from "../../kernel/store.ts";
import { enter } from "../breaker-rules.ts";
import type { Appended } from "./append.ts";
import { SqliteBlobScopeStore } from "./blob-scopes/sqlite-blob-scope-store.ts";
import { SqliteBuildStore } from "./builds/sqlite-build-store.ts";
import { SqliteClusterStore } from "./clusters/sqlite-cluster-store.ts";
import { SqliteAuditLog } from "./audit/sqlite-audit-log.ts";
import type { Connection } from "./connection.ts";
import { openReader, sqliteLimits, type Durability, type SqliteLimits, type WriterSettings } from "./database.ts";
import { SqliteRunFigures } from "./figures/sqlite-run-figures.ts";
import { flatten } from "./flat-append.ts";
import { SqliteIdentityStore } from "./identity/sqlite-identity-store.ts";
import type { Created } from "./lifecycle.ts";
import { Lookups } from "./lookups.ts";
import { SqlitePayloadKeyStore } from "./payload-keys/sqlite-payload-key-store.ts";
import { ReaderClient } from "./reader-client.ts";
import type { ReadVerb } from "./reads.ts";
import type * as RunLists from "./run-lists.ts";
import { createdRecord } from "./run-row.ts";
import { SqliteSecretStore } from "./secrets/sqlite-secret-store.ts";
import { closedError } from "./start-thread.ts";
import type { StorePaths } from "./store-paths.ts";
import { SqliteTriggerStore } from "./triggers/sqlite-trigger-store.ts";
import type { RunWriteVerb } from "./verbs.ts";
import { WriterClient } from "./writer-client.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];
type Answer<Verb extends keyof RunStore> = ReturnType<RunStore[Verb]>;

export interface SqliteStoreSettings {
  /** Path of the database; its schema is current when `openDataFolder` has opened its folder. */
  readonly file: string;
  readonly durability?: Durability | undefined;
  readonly limits?: Partial<SqliteLimits> | undefined;
  /** Called once when nothing can be acknowledged any more; the process should end. */
  readonly onFatal: (error: SluiceError) => void;
}

const noEffects: Effects = Object.freeze({
  deliveries: Object.freeze([]),
  finished: Object.freeze([]),
  ready: 0,
  touched: Object.freeze([]),
});

/** Opens the store on a database whose schema is current. Rejects with `store_failed` when that is not possible. */
export async function openSqliteStore(p: SqliteStoreSettings): Promise<Store> {
  const settings = { file: p.file, durability: p.durability ?? "full", limits: { ...sqliteLimits, ...p.limits } };
  const reader = new ReaderClient(settings);
  const writer = new WriterClient(settings, { onFatal: p.onFatal, onCrowded: () => reader.interrupt() });
  const instance = await writer.opened();
  return new SqliteRunStore({ writer, reader, instance, looker: new LocalLooker(settings) });
}

/** Where reads of a row or a few are done. */
export interface Looker {
  look<T>(read: (db: Connection) => T): Promise<T>;
  close(): Promise<void>;
}

/** On this thread: a look at a file is cheaper than asking another thread for it. */
class LocalLooker implements Looker {
  readonly #settings: WriterSettings;
  #connection: Connection | undefined;
  #closed = false;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
  }

  /** The promise carries a failure as every verb's does. */
  async look<T>(read: (db: Connection) => T): Promise<T> {
    if (this.#closed) throw closedError();
    this.#connection ??= openReader(this.#settings);
    return read(this.#connection);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = undefined;
  }
}

interface StoreParts {
  readonly looker: Looker;
  readonly writer: WriterClient;
  readonly reader: ReaderClient;
  readonly instance: string;
}

/** The ports over a writer and a reader, whatever database theirs is. */
export class SqliteRunStore implements Store {
  readonly instance: string;
  readonly identity: SqliteIdentityStore;
  readonly audit: SqliteAuditLog;
  readonly figures: SqliteRunFigures;
  readonly secrets: SqliteSecretStore;
  readonly payloadKeys: SqlitePayloadKeyStore;
  readonly builds: SqliteBuildStore;
  readonly blobScopes: SqliteBlobScopeStore;
  readonly clusters: SqliteClusterStore;
  readonly triggers: SqliteTriggerStore;
  readonly #looker: Looker;
  readonly #writer: WriterClient;
  readonly #reader: ReaderClient;
  #lookups: Lookups | undefined;
  /** Loaded with the first list. */
  #runLists: typeof RunLists | undefined;

  constructor({ looker, writer, reader, instance }: StoreParts) {
    this.instance = instance;
    this.#looker = looker;
    this.#writer = writer;
    this.#reader = reader;
    const paths: StorePaths = {
      write: (verb, params) => writer.call(verb, params),
      read: (verb, params) => reader.call(verb, params),
      look: (read) => looker.look(read),
    };
    this.identity = new SqliteIdentityStore(paths);
    this.audit = new SqliteAuditLog(paths);
    this.figures = new SqliteRunFigures(paths);
    this.secrets = new SqliteSecretStore(paths);
    this.payloadKeys = new SqlitePayloadKeyStore(paths);
    this.builds = new SqliteBuildStore(paths);
    this.blobScopes = new SqliteBlobScopeStore(paths);
    this.clusters = new SqliteClusterStore(paths);
    this.triggers = new SqliteTriggerStore(paths);
  }

  #write<Verb extends RunWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#writer.call(verb, p) as Answer<Verb>;
  }

  #read<Verb extends ReadVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#reader.call(verb, p) as Answer<Verb>;
  }

  #look<T>(read: (lookups: Lookups) => T): Promise<T> {
    return this.#looker.look((db) => read((this.#lookups ??= new Lookups(db))));
  }

  async createRun(p: Params<"createRun">): Promise<CreateOutcome> {
    const answer = (await this.#writer.call("createRun", p)) as Created;
    if (answer.outcome !== "created") return answer;
    const run = answer.run ?? createdRecord(p, answer);
    return { outcome: "created", run, effects: answer.effects ?? noEffects };
  }

  async append(p: Params<"append">): Promise<AppendOutcome> {
    const { run, epoch, ops, now } = p;
    const flat = flatten(p);
    const sent =
      flat === undefined
        ? this.#writer.call("append", { run, epoch, ops, now })
        : this.#writer.call("appendFlat", flat);
    const answer = (await sent) as Appended | undefined;
    if (answer === undefined) return { outcome: "stale" };
    const effects = answer.effects ?? noEffects;
    const { events, status, workflow, undecided } = answer;
    if (workflow === undefined || !isFinalStatus(status)) return { outcome: "ok", events, status, effects, undecided };
    // The results of a run that ended need not travel back to those who sent them.
    const own = finishedRun(p, workflow);
    return { outcome: "ok", events, status, effects: { ...effects, finished: [own, ...effects.finished] } };
  }

  claimRuns(p: Params<"claimRuns">): Answer<"claimRuns"> {
    return this.#write("claimRuns", p);
  }
  parkRun(p: Params<"parkRun">): Answer<"parkRun"> {
    return this.#write("parkRun", p);
  }
  releaseRuns(p: Params<"releaseRuns">): Answer<"releaseRuns"> {
    return this.#write("releaseRuns", p);
  }
  recover(p: Params<"recover">): Answer<"recover"> {
    return this.#write("recover", p);
  }
  blockRun(p: Params<"blockRun">): Answer<"blockRun"> {
    return this.#write("blockRun", p);
  }
  unblockRuns(p: Params<"unblockRuns">): Answer<"unblockRuns"> {
    return this.#write("unblockRuns", p);
  }
  fireTimers(p: Params<"fireTimers">): Answer<"fireTimers"> {
    return this.#write("fireTimers", p);
  }
  emitEvent(p: Params<"emitEvent">): Answer<"emitEvent"> {
    return this.#write("emitEvent", p);
  }
  completeToken(p: Params<"completeToken">): Answer<"completeToken"> {
    return this.#write("completeToken", p);
  }
  commentApproval(p: Params<"commentApproval">): Answer<"commentApproval"> {
    return this.#write("commentApproval", p);
  }
  cancelRun(p: Params<"cancelRun">): Answer<"cancelRun"> {
    return this.#write("cancelRun", p);
  }
  pauseRun(p: Params<"pauseRun">): Answer<"pauseRun"> {
    return this.#write("pauseRun", p);
  }
  resumeRun(p: Params<"resumeRun">): Answer<"resumeRun"> {
    return this.#write("resumeRun", p);
  }
  retryRun(p: Params<"retryRun">): Answer<"retryRun"> {
    return this.#write("retryRun", p);
  }
  forkRun(p: Params<"forkRun">): Answer<"forkRun"> {
    return this.#write("forkRun", p);
  }
  importRun(p: Params<"importRun">): Answer<"importRun"> {
    return this.#write("importRun", p);
  }
  moveRun(p: Params<"moveRun">): Answer<"moveRun"> {
    return this.#write("moveRun", p);
  }
  deleteRuns(p: Params<"deleteRuns">): Answer<"deleteRuns"> {
    return this.#write("deleteRuns", p);
  }
  purgeRuns(p: Params<"purgeRuns">): Answer<"purgeRuns"> {
    return this.#write("purgeRuns", p);
  }
  sweep(p: Params<"sweep">): Answer<"sweep"> {
    return this.#write("sweep", p);
  }
  setState(p: Params<"setState">): Answer<"setState"> {
    return this.#write("setState", p);
  }
  deleteState(p: Params<"deleteState">): Answer<"deleteState"> {
    return this.#write("deleteState", p);
  }
  clearStepCache(p: Params<"clearStepCache">): Answer<"clearStepCache"> {
    return this.#write("clearStepCache", p);
  }
  claimTasks(p: Params<"claimTasks">): Answer<"claimTasks"> {
    return this.#write("claimTasks", p);
  }
  settleTask(p: Params<"settleTask">): Answer<"settleTask"> {
    return this.#write("settleTask", p);
  }
  retryTask(p: Params<"retryTask">): Answer<"retryTask"> {
    return this.#write("retryTask", p);
  }
  noteTask(p: Params<"noteTask">): Answer<"noteTask"> {
    return this.#write("noteTask", p);
  }
  listTasks(p: Params<"listTasks">): Answer<"listTasks"> {
    return this.#read("listTasks", p);
  }
  putSchedules(p: Params<"putSchedules">): Answer<"putSchedules"> {
    return this.#write("putSchedules", p);
  }
  setSchedulePaused(p: Params<"setSchedulePaused">): Answer<"setSchedulePaused"> {
    return this.#write("setSchedulePaused", p);
  }
  fireSchedule(p: Params<"fireSchedule">): Answer<"fireSchedule"> {
    return this.#write("fireSchedule", p);
  }
  putVersion(p: Params<"putVersion">): Answer<"putVersion"> {
    return this.#write("putVersion", p);
  }

  /** Most attempts change nothing of a breaker: they need no commit. */
  async enterBreaker(p: Params<"enterBreaker">): Promise<BreakerAnswer> {
    const { answer, row } = await this.#look((lookups) => enter(lookups.breakers.get(p.plan.name), p.plan, p.now));
    return row === undefined ? answer : this.#write("enterBreaker", p);
  }
  resetBreaker(p: Params<"resetBreaker">): Answer<"resetBreaker"> {
    return this.#write("resetBreaker", p);
  }
  listBreakers(): Answer<"listBreakers"> {
    return this.#look((lookups) => lookups.breakers.list());
  }
  putFlow(p: Params<"putFlow">): Answer<"putFlow"> {
    return this.#write("putFlow", p);
  }
  setQueuePaused(p: Params<"setQueuePaused">): Answer<"setQueuePaused"> {
    return this.#write("setQueuePaused", p);
  }

  getRun(p: Params<"getRun">): Answer<"getRun"> {
    return this.#look((lookups) => lookups.getRun(p));
  }
  getRuns(p: Params<"getRuns">): Answer<"getRuns"> {
    return this.#look((lookups) => lookups.getRuns(p));
  }
  findByKey(p: Params<"findByKey">): Answer<"findByKey"> {
    return this.#look((lookups) => lookups.findByKey(p));
  }
  getState(p: Params<"getState">): Answer<"getState"> {
    return this.#look((lookups) => lookups.getState(p));
  }
  getToken(p: Params<"getToken">): Answer<"getToken"> {
    return this.#look((lookups) => lookups.getToken(p));
  }
  listSchedules(p?: Params<"listSchedules">): Answer<"listSchedules"> {
    return this.#look((lookups) => lookups.listSchedules(p));
  }
  listHeldTimes(p: Params<"listHeldTimes">): Answer<"listHeldTimes"> {
    return this.#look((lookups) => lookups.listHeldTimes(p));
  }
  countHeldTimes(): Answer<"countHeldTimes"> {
    return this.#look((lookups) => lookups.countHeldTimes());
  }
  listQueues(p?: Params<"listQueues">): Answer<"listQueues"> {
    return this.#look((lookups) => lookups.listQueues(p));
  }
  listVersions(): Answer<"listVersions"> {
    return this.#look((lookups) => lookups.listVersions());
  }

  readJournal(p: Params<"readJournal">): Answer<"readJournal"> {
    return this.#read("readJournal", p);
  }
  listState(p: Params<"listState">): Answer<"listState"> {
    return this.#read("listState", p);
  }
  readStream(p: Params<"readStream">): Answer<"readStream"> {
    return this.#read("readStream", p);
  }
  listStepCache(p: Params<"listStepCache">): Answer<"listStepCache"> {
    return this.#read("listStepCache", p);
  }
  async listRuns(p: Params<"listRuns">): Promise<Awaited<Answer<"listRuns">>> {
    const lists = (this.#runLists ??= await import("./run-lists.ts"));
    return lists.isQuick(p) ? this.#looker.look((db) => lists.listRuns(db, p)) : this.#read("listRuns", p);
  }
  countRuns(p: Params<"countRuns">): Answer<"countRuns"> {
    return this.#read("countRuns", p);
  }
  listLogs(p: Params<"listLogs">): Answer<"listLogs"> {
    return this.#read("listLogs", p);
  }
  listTokens(p: Params<"listTokens">): Answer<"listTokens"> {
    return this.#read("listTokens", p);
  }
  listComments(p: Params<"listComments">): Answer<"listComments"> {
    return this.#read("listComments", p);
  }
  listEvents(p: Params<"listEvents">): Answer<"listEvents"> {
    return this.#read("listEvents", p);
  }
  blobsInUse(p: Params<"blobsInUse">): Answer<"blobsInUse"> {
    return this.#read("blobsInUse", p);
  }
  versionsInUse(): Answer<"versionsInUse"> {
    return this.#reader.call("versionsInUse", undefined) as Answer<"versionsInUse">;
  }
  listRetentions(p?: Params<"listRetentions">): Answer<"listRetentions"> {
    return this.#reader.call("listRetentions", p) as Answer<"listRetentions">;
  }
  searchRuns(p: Params<"searchRuns">): Answer<"searchRuns"> {
    return this.#read("searchRuns", p);
  }
  searchEventNames(p: Params<"searchEventNames">): Answer<"searchEventNames"> {
    return this.#read("searchEventNames", p);
  }
  searchStateKeys(p: Params<"searchStateKeys">): Answer<"searchStateKeys"> {
    return this.#read("searchStateKeys", p);
  }
  stats(p?: Params<"stats">): Answer<"stats"> {
    return this.#reader.call("stats", p) as Answer<"stats">;
  }
  backup(p: Params<"backup">): Answer<"backup"> {
    return this.#read("backup", p);
  }

  /** Commits what was handed in and ends the threads. */
  async close(): Promise<void> {
    // Newcomers are refused from here on. The writer's connection goes last: it moves the log into the database.
    const answered = this.#writer.drain();
    await this.#reader.close();
    await answered;
    await this.#looker.close();
    await this.#writer.close();
  }
}

function finishedRun(p: { run: string; ops: readonly StoreOp[] }, workflow: string): FinishedRun {
  const finish = p.ops.findLast((op) => op.op === "finish");
  if (finish === undefined) throw new Error(`run ${p.run} ended without a finish`);
  const { status, output, error, reason, child } = finish;
  return {
    run: p.run,
    workflow,
    status,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(reason === undefined ? {} : { reason }),
    ...(child === undefined ? {} : { continuedTo: child.id }),
  };
}
