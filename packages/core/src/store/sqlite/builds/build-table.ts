// The tables of builds, of what was told of them, and of the workers that tokens belong to.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { BuildEventKind, BuildStatus } from "@sluice/protocol";
import type { BuildEvent, BuildRecord, WorkerBinding } from "../../../kernel/build-store.ts";
import type { BuildRows } from "../../builds/build-rows.ts";
import { blobOwners } from "../blob-refs.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

const columns = "id, status, record";
const getSql = `SELECT ${columns} FROM builds WHERE id = ?`;
const putSql = "INSERT OR REPLACE INTO builds (id, status, ended_at, record) VALUES (?, ?, ?, ?)";
const deleteSql = "DELETE FROM builds WHERE id = ?";
const deleteEventsSql = "DELETE FROM build_events WHERE build = ?";
const countSql = "SELECT count(*) AS n FROM builds WHERE status = 'queued'";
const endedSql = "SELECT id FROM builds WHERE ended_at < ? ORDER BY ended_at LIMIT ?";
const newestSql = `SELECT ${columns} FROM builds WHERE id < ? ORDER BY id DESC LIMIT ?`;
const oldestSql = `SELECT ${columns} FROM builds WHERE id > ? ORDER BY id LIMIT ?`;
const newestOfSql = `SELECT ${columns} FROM builds WHERE status = ? AND id < ? ORDER BY id DESC LIMIT ?`;
const oldestOfSql = `SELECT ${columns} FROM builds WHERE status = ? AND id > ? ORDER BY id LIMIT ?`;
const addEventSql = "INSERT INTO build_events (build, no, kind, size, bytes, told) VALUES (?, ?, ?, ?, ?, ?)";
const eventsSql = "SELECT no, kind, size, bytes, told FROM build_events WHERE build = ? AND no > ? ORDER BY no LIMIT ?";
const oldestOutputSql = `SELECT no, size FROM build_events WHERE build = ? AND kind = 'output' ORDER BY no LIMIT 1`;
const nameBlobSql = "INSERT OR IGNORE INTO blob_refs (hash, owner) VALUES (?, ?)";
const unnameBlobsSql = "DELETE FROM blob_refs WHERE owner = ?";
const dropEventSql = "DELETE FROM build_events WHERE build = ? AND no = ?";
const bindingColumns = `worker, token, credential_hash AS credentialHash, created_at AS createdAt, draining,
  removed_at AS removedAt`;
const bindingSql = `SELECT ${bindingColumns} FROM worker_bindings WHERE worker = ?`;
const tokenSql = `SELECT ${bindingColumns} FROM worker_bindings WHERE token = ?`;
const credentialSql = `SELECT ${bindingColumns} FROM worker_bindings WHERE credential_hash = ?`;
const bindingsSql = `SELECT ${bindingColumns} FROM worker_bindings ORDER BY worker`;
const putBindingSql = `INSERT OR REPLACE INTO worker_bindings
  (worker, token, credential_hash, created_at, draining, removed_at) VALUES (?, ?, ?, ?, ?, ?)`;

interface BuildRow {
  readonly id: string;
  readonly status: BuildStatus;
  readonly record: Uint8Array;
}
interface EventRow {
  readonly no: number;
  readonly kind: BuildEventKind;
  readonly size: number;
  readonly bytes: Uint8Array | null;
  readonly told: Uint8Array;
}
interface BindingRow extends Omit<WorkerBinding, "draining" | "removedAt"> {
  readonly draining: number;
  readonly removedAt: number | null;
}

/** Beyond every id: they begin with a letter. */
const afterAll = "\u{10ffff}";

export class BuildTable implements BuildRows {
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #deleteEvents;
  readonly #count;
  readonly #ended;
  readonly #lists;
  readonly #addEvent;
  readonly #events;
  readonly #oldestOutput;
  readonly #dropEvent;
  readonly #nameBlob;
  readonly #unnameBlobs;
  readonly #binding;
  readonly #byToken;
  readonly #byCredential;
  readonly #bindings;
  readonly #putBinding;

  constructor(db: Connection) {
    this.#get = lazily<BuildRow>(db, getSql);
    this.#put = lazily(db, putSql);
    this.#delete = lazily(db, deleteSql);
    this.#deleteEvents = lazily(db, deleteEventsSql);
    this.#count = lazily<{ n: number }>(db, countSql);
    this.#ended = lazily<{ id: string }>(db, endedSql);
    this.#lists = {
      newest: lazily<BuildRow>(db, newestSql),
      oldest: lazily<BuildRow>(db, oldestSql),
      newestOf: lazily<BuildRow>(db, newestOfSql),
      oldestOf: lazily<BuildRow>(db, oldestOfSql),
    };
    this.#addEvent = lazily(db, addEventSql);
    this.#events = lazily<EventRow>(db, eventsSql);
    this.#oldestOutput = lazily<{ no: number; size: number }>(db, oldestOutputSql);
    this.#dropEvent = lazily(db, dropEventSql);
    this.#nameBlob = lazily(db, nameBlobSql);
    this.#unnameBlobs = lazily(db, unnameBlobsSql);
    this.#binding = lazily<BindingRow>(db, bindingSql);
    this.#byToken = lazily<BindingRow>(db, tokenSql);
    this.#byCredential = lazily<BindingRow>(db, credentialSql);
    this.#bindings = lazily<BindingRow>(db, bindingsSql);
    this.#putBinding = lazily(db, putBindingSql);
  }

  build(id: string): BuildRecord | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : recordOf(row);
  }

  putBuild({ id, status, ...rest }: BuildRecord): void {
    this.#put().run(id, status, rest.endedAt ?? null, encodeValue(rest));
  }

  deleteBuild(id: string): void {
    this.#deleteEvents().run(id);
    this.#unnameBlobs().run(blobOwners.build(id));
    this.#delete().run(id);
  }

  nameBlobs(build: string, hashes: readonly string[]): void {
    for (const hash of hashes) this.#nameBlob().run(hash, blobOwners.build(build));
  }

  countQueued(): number {
    return this.#count().get()?.n ?? 0;
  }

  endedBefore(at: number, limit: number): readonly string[] {
    return this.#ended()
      .all(at, limit)
      .map(({ id }) => id);
  }

  list(p: {
    readonly status?: BuildStatus | undefined;
    readonly order?: "newest" | "oldest" | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): readonly BuildRecord[] {
    const oldest = p.order === "oldest";
    const from = p.cursor ?? (oldest ? "" : afterAll);
    const lists = this.#lists;
    const rows =
      p.status === undefined
        ? (oldest ? lists.oldest() : lists.newest()).all(from, p.limit)
        : (oldest ? lists.oldestOf() : lists.newestOf()).all(p.status, from, p.limit);
    return rows.map(recordOf);
  }

  addEvent(build: string, { no, kind, bytes, ...told }: BuildEvent): void {
    this.#addEvent().run(build, no, kind, bytes?.length ?? 0, bytes ?? null, encodeValue(told));
  }

  events(p: {
    readonly build: string;
    readonly after: number;
    readonly limit: number;
    readonly bytesMax: number;
  }): readonly BuildEvent[] {
    const found: BuildEvent[] = [];
    let bytes = 0;
    for (const row of this.#events().iterate(p.build, p.after, p.limit)) {
      if (found.length > 0 && bytes + row.size > p.bytesMax) break;
      bytes += row.size;
      found.push(eventOf(row));
    }
    return found;
  }

  dropOldestOutput(build: string): number {
    const oldest = this.#oldestOutput().get(build);
    if (oldest === null) return 0;
    this.#dropEvent().run(build, oldest.no);
    return oldest.size;
  }

  binding(worker: string): WorkerBinding | undefined {
    return bindingOf(this.#binding().get(worker));
  }

  bindingOfToken(token: string): WorkerBinding | undefined {
    return bindingOf(this.#byToken().get(token));
  }

  bindingOfCredential(hash: string): WorkerBinding | undefined {
    return bindingOf(this.#byCredential().get(hash));
  }

  bindings(): readonly WorkerBinding[] {
    return this.#bindings()
      .all()
      .flatMap((row) => bindingOf(row) ?? []);
  }

  putBinding(b: WorkerBinding): void {
    const { worker, token, credentialHash, createdAt, draining, removedAt } = b;
    this.#putBinding().run(worker, token, credentialHash, createdAt, draining ? 1 : 0, removedAt ?? null);
  }
}

function recordOf({ id, status, record }: BuildRow): BuildRecord {
  return { id, status, ...(decodeValue(record) as Omit<BuildRecord, "id" | "status">) };
}

function eventOf({ no, kind, bytes, told }: EventRow): BuildEvent {
  const rest = decodeValue(told) as Omit<BuildEvent, "no" | "kind" | "bytes">;
  return { no, kind, ...rest, ...(bytes === null ? {} : { bytes }) };
}

function bindingOf(row: BindingRow | null): WorkerBinding | undefined {
  if (row === null) return undefined;
  const { draining, removedAt, ...rest } = row;
  return { ...rest, draining: draining === 1, ...(removedAt === null ? {} : { removedAt }) };
}
