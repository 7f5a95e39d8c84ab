// Bodies of meshes, and the file of a canary, as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { clusterNamePattern } from "../statuses.ts";
import { maybe, time } from "./schema-parts.ts";

const objectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const namespaceName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const revision = namespaceName;
const prometheus = z
  .string()
  .max(1_024)
  .regex(/^([a-z0-9-]+\/[a-z0-9-]+:[a-z0-9-]+|https?:\/\/\S+)$/)
  .describe("`namespace/service:port` of the cluster, or a URL");
const checksMax = 20;
const namespacesMax = 1_000;
const weightsMax = 50;
const dayMs = 86_400_000;

const check = z.strictObject({
  name: z.string().min(1).max(200),
  query: z.string().min(1).max(4_096).describe("PromQL that comes to one number"),
  min: z.number().optional(),
  max: z.number().optional(),
});

const target = z.strictObject({
  subset: z.string().min(1).max(253),
  deployment: objectName.optional().describe("Its images are promoted, or take those of the other"),
});

const canaryFile = z
  .strictObject({
    namespace: namespaceName,
    virtualService: objectName,
    host: z.string().min(1).max(253).describe("As the virtual service names it"),
    stable: target,
    canary: target,
    weights: z
      .array(z.int().min(1).max(99))
      .min(1)
      .max(weightsMax)
      .default([5, 25, 50])
      .describe("Percent of the canary, from step to step"),
    mirror: z.boolean().default(false).describe("Give it a copy of all requests first, whose answers nobody sees"),
    intervalMs: z.int().min(100).max(dayMs).default(60_000).describe("Between two looks at the figures"),
    looks: z.int().min(1).max(1_000).default(5).describe("Looks at each step"),
    failuresMax: z.int().min(0).max(1_000).default(1).describe("Bad looks that are borne, altogether"),
    promotion: z.enum(["automatic", "approved"]).default("automatic"),
    prometheus: prometheus.optional(),
    checks: z.array(check).max(checksMax).default([]),
  })
  .describe("A canary: how its share grows, and which figures say whether it goes on");

const proxy = z.strictObject({
  pod: z.string(),
  namespace: z.string(),
  revision: z.string(),
  version: z.string(),
  wanted: z.string().nullable().describe("The revision it would have after a restart"),
  stale: z.string().nullable().describe("Why it is not as it should be"),
});

const mesh = z.strictObject({
  revisions: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      ready: z.boolean(),
      tags: z.array(z.string()),
      proxies: z.int(),
    }),
  ),
  tags: z.array(z.strictObject({ name: z.string(), revision: z.string(), namespaces: z.array(z.string()) })),
  validator: z.string().nullable().describe("The revision whose webhook validates configuration"),
  namespaces: z.array(
    z.strictObject({
      name: z.string(),
      asks: z.string().describe("A revision or a tag"),
      revision: z.string(),
      mtls: z.enum(["STRICT", "PERMISSIVE", "DISABLE"]),
      mtlsBy: z.string(),
    }),
  ),
  proxies: z.array(proxy),
  certificates: z
    .array(
      z.strictObject({
        source: z.string(),
        subject: z.string(),
        notAfter: time.nullable(),
        state: z.enum(["good", "soon", "expired", "unreadable"]),
      }),
    )
    .describe("The first to expire first"),
  problems: z.array(z.string()),
});

export const meshSchemas = {
  CanaryFile: canaryFile,
  MeshSeen: z.strictObject({ mesh }),
  AnalyzeMesh: z.strictObject({
    namespace: maybe(namespaceName).describe("Only what is in it"),
    manifests: maybe(z.string().max(8 * 1_048_576)).describe("YAML of what would be there besides"),
  }),
  MeshFindings: z.strictObject({
    findings: z.array(
      z.strictObject({
        code: z.string(),
        name: z.string(),
        level: z.enum(["error", "warning", "info"]),
        resource: z.string(),
        namespace: z.string(),
        message: z.string(),
        path: z.string().nullable(),
      }),
    ),
  }),
  UpgradeMesh: z.strictObject({
    from: revision,
    to: revision,
    tag: revision.default("default").describe("Moved from one to the other"),
    component: maybe(z.string().regex(clusterNamePattern)).describe(
      "Installs the new revision; without one it is there",
    ),
    namespaces: maybe(z.array(namespaceName).max(namespacesMax)).describe("The first goes ahead of the others"),
    prometheus: maybe(prometheus),
    checks: z.array(check).max(checksMax).default([]),
    approval: z
      .enum(["other", "self"])
      .default("other")
      .describe("Who lets the old revision go: somebody else, or anybody who may"),
    settleMs: z.int().min(0).max(dayMs).default(60_000).describe("Between a change and the look at its figures"),
  }),
  ReleaseCanary: z.strictObject({ canary: canaryFile }),
  MeshRun: z.strictObject({ run: z.string() }),
} as const;
