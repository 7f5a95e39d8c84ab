// The route table: every URL the server answers and who may call it, in one place. Without zod, so that it costs nothing to load.
import { cacheRoutes, foreignCacheRoutes } from "./cache-routes.ts";
import { clusterRoutes, meshRoutes } from "./cluster-routes.ts";
import { consoleRoutes } from "./console-routes.ts";
import { dataRoutes } from "./data-routes.ts";
import { identityRoutes } from "./identity-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { logRoutes } from "./log-routes.ts";
import { recoveryRoutes } from "./recovery-routes.ts";
import { metricRoutes } from "./metric-routes.ts";
import { runRoutes } from "./run-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { terminalRoutes } from "./terminal-routes.ts";
import { triggerRoutes } from "./trigger-routes.ts";
import { versionRoutes } from "./version-routes.ts";
import { blobRoutes } from "./blob-routes.ts";
import { workerRoutes } from "./worker-routes.ts";

export const routes = {
  ...runRoutes,
  ...dataRoutes,
  ...identityRoutes,
  ...triggerRoutes,
  ...serviceRoutes,
  ...keyRoutes,
  ...versionRoutes,
  ...workerRoutes,
  ...logRoutes,
  ...metricRoutes,
  ...terminalRoutes,
  ...blobRoutes,
  ...cacheRoutes,
  ...foreignCacheRoutes,
  ...clusterRoutes,
  ...meshRoutes,
  ...recoveryRoutes,
  ...consoleRoutes,
} as const;

export type RouteName = keyof typeof routes;

/** Media type of bodies whose values travel as they are, in the value format instead of JSON. */
export const valueMediaType = "application/vnd.sluice.value+msgpack";

/** Header with the HMAC-SHA256 of a webhook's body, as `sha256=<hex>`. */
export const signatureHeader = "x-sluice-signature";
