// What goes in and out of each route, for the API document and its tests. Loads zod: to be imported on first use only.
import { cacheContracts } from "./cache-contracts.ts";
import { foreignCacheContracts } from "./foreign-cache-contracts.ts";
import { clusterContracts } from "./cluster-contracts.ts";
import { meshContracts } from "./mesh-contracts.ts";
import { consoleContracts } from "./console-contracts.ts";
import type { Contract, Parameter } from "./contract.ts";
import { dataContracts } from "./data-contracts.ts";
import { identityContracts } from "./identity-contracts.ts";
import type { RouteName } from "./routes.ts";
import { keyContracts } from "./key-contracts.ts";
import { logContracts } from "./log-contracts.ts";
import { recoveryContracts } from "./recovery-contracts.ts";
import { metricContracts } from "./metric-contracts.ts";
import { runContracts } from "./run-contracts.ts";
import { serviceContracts } from "./service-contracts.ts";
import { jsonSchemas, schemas } from "./schemas.ts";
import type { SchemaName } from "./schemas.ts";
import { terminalContracts } from "./terminal-contracts.ts";
import { triggerContracts } from "./trigger-contracts.ts";
import { versionContracts } from "./version-contracts.ts";
import { blobContracts } from "./blob-contracts.ts";
import { workerContracts } from "./worker-contracts.ts";

export { jsonSchemas, schemas };
export type { Contract, Parameter, SchemaName };

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const contracts: Readonly<Record<RouteName, Contract>> = {
  ...runContracts,
  ...dataContracts,
  ...identityContracts,
  ...serviceContracts,
  ...keyContracts,
  ...versionContracts,
  ...workerContracts,
  ...logContracts,
  ...metricContracts,
  ...terminalContracts,
  ...blobContracts,
  ...cacheContracts,
  ...foreignCacheContracts,
  ...clusterContracts,
  ...meshContracts,
  ...recoveryContracts,
  ...triggerContracts,
  ...consoleContracts,
};
