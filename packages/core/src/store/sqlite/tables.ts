// The tables of the store on one connection.
import type { Connection } from "./connection.ts";
import { AuditTable } from "./audit/audit-table.ts";
import { sightOf } from "./audit/sight.ts";
import type { AuditSight } from "../audit/audit-rule.ts";
import { AttributeTable } from "./attributes.ts";
import { BlobRefTable } from "./blob-refs.ts";
import { BlobScopeTable } from "./blob-scopes/blob-scope-table.ts";
import { BreakerTable } from "./breakers/breakers.ts";
import { BuildTable } from "./builds/build-table.ts";
import { ClusterTable } from "./clusters/cluster-table.ts";
import { EventTable } from "./events.ts";
import { AttemptTable } from "./figures/attempts.ts";
import { Flow } from "../flow/flow.ts";
import { FlowTables } from "./flow/flow-tables.ts";
import { Tally } from "./figures/tally.ts";
import { AccessTokenTable, SessionTable } from "./identity/sessions.ts";
import { UserTable } from "./identity/users.ts";
import { JournalTable } from "./journal.ts";
import { LockTable } from "./locks.ts";
import { LogTable } from "./logs.ts";
import { Retention } from "./retention.ts";
import { PayloadKeyTable } from "./payload-keys/payload-keys.ts";
import { RunTable } from "./runs.ts";
import { ScheduleTable } from "./schedule-table.ts";
import { SecretTable } from "./secrets/secrets.ts";
import { StateTable } from "./state.ts";
import { CommentTable } from "./approval-comments.ts";
import { StepCacheTable } from "./step-cache.ts";
import { StreamTable } from "./streams.ts";
import { TaskTable } from "./tasks.ts";
import { TokenTable } from "./tokens.ts";
import { DeliveryTable } from "./triggers/delivery-table.ts";
import { TriggerTable } from "./triggers/trigger-table.ts";
import { VersionTable } from "./versions.ts";
import { WaitTable } from "./waits.ts";

export interface Tables {
  readonly db: Connection;
  readonly runs: RunTable;
  readonly journal: JournalTable;
  readonly waits: WaitTable;
  readonly events: EventTable;
  readonly tasks: TaskTable;
  readonly tokens: TokenTable;
  readonly comments: CommentTable;
  readonly state: StateTable;
  readonly locks: LockTable;
  readonly logs: LogTable;
  readonly attributes: AttributeTable;
  readonly streams: StreamTable;
  readonly stepCache: StepCacheTable;
  readonly schedules: ScheduleTable;
  readonly versions: VersionTable;
  readonly blobs: BlobRefTable;
  readonly blobScopes: BlobScopeTable;
  readonly retention: Retention;
  readonly users: UserTable;
  readonly sessions: SessionTable;
  readonly accessTokens: AccessTokenTable;
  readonly secrets: SecretTable;
  readonly payloadKeys: PayloadKeyTable;
  readonly breakers: BreakerTable;
  readonly builds: BuildTable;
  readonly clusters: ClusterTable;
  readonly audit: AuditTable;
  readonly attempts: AttemptTable;
  readonly tally: Tally;
  readonly flow: Flow;
  readonly flowRows: FlowTables;
  readonly triggers: TriggerTable;
  readonly deliveries: DeliveryTable;
  readonly sight: AuditSight;
}

export function openTables(db: Connection): Tables {
  const tally = new Tally(db);
  const flowRows = new FlowTables(db);
  const flow = new Flow(flowRows);
  const tables = {
    db,
    tally,
    flow,
    flowRows,
    attempts: new AttemptTable(db),
    runs: new RunTable(db, tally, flow),
    journal: new JournalTable(db),
    waits: new WaitTable(db),
    events: new EventTable(db),
    tasks: new TaskTable(db),
    tokens: new TokenTable(db),
    comments: new CommentTable(db),
    state: new StateTable(db),
    locks: new LockTable(db),
    logs: new LogTable(db),
    attributes: new AttributeTable(db),
    streams: new StreamTable(db),
    stepCache: new StepCacheTable(db),
    schedules: new ScheduleTable(db),
    versions: new VersionTable(db),
    blobs: new BlobRefTable(db),
    blobScopes: new BlobScopeTable(db),
    retention: new Retention(db),
    users: new UserTable(db),
    sessions: new SessionTable(db),
    accessTokens: new AccessTokenTable(db),
    secrets: new SecretTable(db),
    payloadKeys: new PayloadKeyTable(db),
    breakers: new BreakerTable(db),
    builds: new BuildTable(db),
    clusters: new ClusterTable(db),
    audit: new AuditTable(db),
    triggers: new TriggerTable(db),
    deliveries: new DeliveryTable(db),
  };
  return { ...tables, sight: sightOf(tables) };
}
