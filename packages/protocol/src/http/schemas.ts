// Bodies of the HTTP API as zod schemas, for the API document and its tests. Loads zod: to be imported on first use only.
import { z } from "zod";
import { cacheSchemas } from "./cache-schemas.ts";
import { foreignCacheSchemas } from "./foreign-cache-schemas.ts";
import { clusterSchemas } from "./cluster-schemas.ts";
import { meshSchemas } from "./mesh-schemas.ts";
import { consoleSchemas } from "./console-schemas.ts";
import { dataSchemas } from "./data-schemas.ts";
import { identitySchemas } from "./identity-schemas.ts";
import { keySchemas } from "./key-schemas.ts";
import { logSchemas } from "./log-schemas.ts";
import { recoverySchemas } from "./recovery-schemas.ts";
import { metricSchemas } from "./metric-schemas.ts";
import { runSchemas } from "./run-schemas.ts";
import { serviceSchemas } from "./service-schemas.ts";
import { terminalSchemas } from "./terminal-schemas.ts";
import { triggerSchemas } from "./trigger-schemas.ts";
import { versionSchemas } from "./version-schemas.ts";
import { blobSchemas } from "./blob-schemas.ts";
import { workerSchemas } from "./worker-schemas.ts";

/** Every body by the name it has in the API document. */
export const schemas = {
  ...runSchemas,
  ...dataSchemas,
  ...identitySchemas,
  ...triggerSchemas,
  ...serviceSchemas,
  ...keySchemas,
  ...versionSchemas,
  ...workerSchemas,
  ...logSchemas,
  ...metricSchemas,
  ...terminalSchemas,
  ...blobSchemas,
  ...cacheSchemas,
  ...foreignCacheSchemas,
  ...clusterSchemas,
  ...meshSchemas,
  ...recoverySchemas,
  ...consoleSchemas,
} as const;

export type SchemaName = keyof typeof schemas;

/** Every schema as JSON Schema (draft 2020-12), which is what OpenAPI 3.1 takes. */
export function jsonSchemas(): Record<string, unknown> {
  const shown = Object.entries(schemas).map(([key, schema]) => {
    const { $schema: _dialect, ...json } = z.toJSONSchema(schema);
    return [key, json];
  });
  return Object.fromEntries(shown) as Record<string, unknown>;
}
