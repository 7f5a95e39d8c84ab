// Everything the adapter holds, one collection for each noun.
import { AuditTrail } from "./audit/audit-trail.ts";
import { Breakers } from "./breakers.ts";
import { Flow } from "../flow/flow.ts";
import { Events } from "./events.ts";
import { Tally } from "./figures/tally.ts";
import { Accounts } from "./identity/accounts.ts";
import { MemoryFlowRows } from "./flow/flow-rows.ts";
import { Locks } from "./locks.ts";
import type { PayloadKeys } from "./payload-keys/payload-keys.ts";
import { Runs } from "./runs.ts";
import { Schedules } from "./schedules.ts";
import { MemoryBlobScopeRows } from "./blob-scopes/memory-blob-scopes.ts";
import { MemoryBuildRows } from "./builds/builds.ts";
import { MemoryClusterRows } from "./clusters/clusters.ts";
import type { Secrets } from "./secrets/secrets.ts";
import { StepCache } from "./step-cache.ts";
import { State } from "./state.ts";
import { Tokens } from "./tokens.ts";
import { Triggers } from "./triggers/triggers.ts";
import { Versions } from "./versions.ts";
import { Waits } from "./waits.ts";

export class Tables {
  readonly flowRows = new MemoryFlowRows();
  readonly flow = new Flow(this.flowRows);
  readonly runs = new Runs(this.flow);
  readonly waits = new Waits();
  readonly events = new Events();
  readonly tokens = new Tokens();
  readonly state = new State();
  readonly locks = new Locks();
  readonly stepCache = new StepCache();
  readonly schedules = new Schedules();
  readonly versions = new Versions();
  readonly accounts = new Accounts();
  readonly breakers = new Breakers();
  readonly secrets: Secrets = new Map();
  readonly payloadKeys: PayloadKeys = new Map();
  readonly builds = new MemoryBuildRows();
  readonly blobScopes = new MemoryBlobScopeRows((hash) => this.builds.names(hash));
  readonly clusters = new MemoryClusterRows();
  readonly tally = new Tally();
  readonly triggers = new Triggers();
  readonly audit: AuditTrail;

  constructor(instance: string) {
    this.audit = new AuditTrail(instance);
  }
}
