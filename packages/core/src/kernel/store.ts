// Everything durable behind one name: what the engine keeps, who may use it, and the trail of what they did. Together because
// a change and its row in the trail are committed together.
import type { AuditLog } from "./audit-log.ts";
import type { BlobScopeStore } from "./blob-scope-store.ts";
import type { BuildStore } from "./build-store.ts";
import type { ClusterStore } from "./cluster-store.ts";
import type { IdentityStore } from "./identity-store.ts";
import type { PayloadKeyStore } from "./payload-keys.ts";
import type { RunFigures } from "./run-figures.ts";
import type { RunStore } from "./run-store.ts";
import type { SecretStore } from "./secret-store.ts";
import type { TriggerStore } from "./trigger-store.ts";

export interface Store extends RunStore {
  readonly identity: IdentityStore;
  readonly audit: AuditLog;
  readonly figures: RunFigures;
  readonly secrets: SecretStore;
  readonly payloadKeys: PayloadKeyStore;
  readonly builds: BuildStore;
  readonly blobScopes: BlobScopeStore;
  readonly clusters: ClusterStore;
  readonly triggers: TriggerStore;
  /** Name of this data, made when it was first opened: also that of the node's chain in the audit trail. */
  readonly instance: string;
}
