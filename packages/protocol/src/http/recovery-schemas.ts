// Bodies of recoveries and failovers, and the file of a failover plan, as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { clusterNamePattern, failoverStatuses, readinessRules, recoveryPhases, safetyRules } from "../statuses.ts";
import { maybe, time } from "./schema-parts.ts";

const name = z.string().regex(clusterNamePattern);
const domain = z.string().min(1).max(200).describe("What fails together: a building, a region, a provider");
const kept = z
  .union([z.string().min(1), z.strictObject({ secret: z.string().min(1) })])
  .describe("Itself, or the name of a secret that has it");
const bySite = <T extends z.ZodType>(of: T) => z.record(name, of);

const epochs = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("etcd"),
      endpoints: z.array(z.url()).min(1),
      domains: z.array(domain).min(1),
      prefix: z.string().min(1).default("/sluice/recovery/"),
    }),
    z.strictObject({ kind: z.literal("postgres"), url: kept, domains: z.array(domain).min(1) }),
  ])
  .describe("The store outside of the sites that decides who writes: etcd, or PostgreSQL with a synchronous standby");

const data = z.discriminatedUnion("kind", [
  z.strictObject({
    name,
    kind: z.literal("postgres"),
    urls: bySite(kept).describe("As a superuser, straight to the server of each site"),
    standbyNames: bySite(z.string().min(1))
      .optional()
      .describe("application_name of each site's standby; its own name without it"),
    synchronous: z.boolean().default(true).describe("What is acknowledged has to be at both sites"),
  }),
]);

const traffic = z.discriminatedUnion("kind", [
  z.strictObject({
    name,
    kind: z.literal("haproxy"),
    addresses: z
      .array(z.string().regex(/^[^:]+:\d+$/))
      .min(1)
      .describe("host:port of the runtime API of each proxy"),
    backend: z.string().min(1),
    servers: bySite(z.array(z.string().min(1)).min(1)),
  }),
  z.strictObject({
    name,
    kind: z.literal("dns"),
    server: z.string().min(1),
    port: z.int().min(1).max(65_535).default(53),
    zone: z.string().min(1),
    record: z.string().min(1),
    type: z.enum(["A", "AAAA", "CNAME"]).default("A"),
    ttlSec: z.int().min(1).default(30),
    values: bySite(z.string().min(1)),
    key: kept.optional().describe("Of TSIG, as algorithm:name:secret"),
  }),
  z.strictObject({
    name,
    kind: z.literal("scale"),
    objects: bySite(
      z.strictObject({
        cluster: name,
        kind: z.enum(["Deployment", "StatefulSet"]).default("Deployment"),
        namespace: z.string().default("default"),
        name: z.string().min(1),
        replicas: z.int().min(1),
      }),
    ),
  }),
]);

const failoverPlanFile = z
  .strictObject({
    name,
    sites: z.array(z.strictObject({ name, domain })).length(2),
    engine: z
      .strictObject({ domain, database: domain.optional(), identity: domain.optional() })
      .describe("Where this server, its data and who signs people in are"),
    epochs,
    observers: z.array(z.strictObject({ name, domain, urls: bySite(z.url()) })).default([]),
    confirm: z
      .strictObject({
        agree: z.int().min(1).default(2).describe("Observers that have to agree that a site is down"),
        dwellMs: z.int().min(0).max(3_600_000).default(10_000).describe("And still do so after this"),
      })
      .prefault({}),
    data: z.array(data).min(1),
    traffic: z.array(traffic).default([]),
    probes: z
      .array(
        z.strictObject({ name, urls: bySite(z.url()), status: z.int().default(200), contains: z.string().optional() }),
      )
      .default([])
      .describe("What has to be true of the new site before it is opened"),
    loss: z.strictObject({ bytesMax: z.int().min(0).default(0) }).prefault({}),
    approval: z.enum(["other", "self", "none"]).default("other"),
    drill: z
      .strictObject({
        url: kept.optional().describe("The way clients take to the data: what a drill writes through"),
        maxAgeDays: z.number().min(1).default(90),
      })
      .prefault({}),
    readiness: z.strictObject({ everyMs: z.int().min(1_000).default(300_000) }).prefault({}),
  })
  .describe("A failover plan: two sites, what is at both, and how one takes the other's place");

const finding = z.strictObject({
  rule: z.enum(readinessRules),
  site: z.string().nullable().describe("The site whose failure it is about"),
  message: z.string(),
});

const readiness = z.strictObject({
  at: time,
  ready: z.boolean(),
  active: z.string().nullable(),
  epoch: z.int().nullable(),
  findings: z.array(finding),
});

const measured = z.strictObject({
  rpoMs: z.number().nullable().describe("Time between the end of what was there and the newest write that survived"),
  rtoMs: z.number().nullable().describe("Time in which nothing was acknowledged"),
  acknowledged: z.int(),
  lost: z.int(),
});

const recovery = z.strictObject({
  name: z.string(),
  file: z.string(),
  sites: z.array(z.strictObject({ name: z.string(), domain: z.string() })),
  approval: z.enum(["other", "self", "none"]),
  readiness: readiness.nullable(),
  lastDrill: z.strictObject({ id: z.string(), at: time, measured: measured.nullable() }).nullable(),
  failover: z.string().nullable().describe("The last one"),
});

const failover = z.strictObject({
  id: z.string(),
  recovery: z.string(),
  kind: z.enum(["failover", "drill"]),
  from: z.string(),
  to: z.string(),
  mode: z.enum(["graceful", "ungraceful"]),
  before: z.int().describe("The epoch that it was planned in: in another one it is stale"),
  overrides: z.array(z.enum(safetyRules)),
  hash: z.string(),
  status: z.enum(failoverStatuses),
  requestedBy: z.string(),
  approvedBy: z.string().nullable(),
  approval: z.enum(["other", "self", "none"]),
  breakGlass: z.string().nullable().describe("Why nobody else had to approve it"),
  reviewedBy: z.string().nullable(),
  createdAt: time,
  expiresAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  run: z.string().nullable(),
  phase: z.enum([...recoveryPhases, "thaw", "end"]).nullable(),
  epoch: z.int().nullable(),
  proofs: z.record(z.string(), z.enum(["confirmed", "synchronous", "promoted", "overridden"])),
  loss: z.array(z.strictObject({ data: z.string(), after: z.number(), bytes: z.number().nullable() })),
  exceptions: z.array(z.strictObject({ rule: z.enum(safetyRules), reason: z.string() })),
  broken: z.strictObject({ rule: z.enum(safetyRules), reason: z.string() }).nullable(),
  measured: measured.nullable(),
});

export const recoverySchemas = {
  FailoverPlanFile: failoverPlanFile,
  AddRecovery: z.strictObject({ file: z.string().describe("From the folder of the project") }),
  RecoveryMade: z.strictObject({ recovery }),
  Recoveries: z.strictObject({ recoveries: z.array(recovery) }),
  CheckRecovery: z.strictObject({
    protect: maybe(z.boolean()).describe("Have the active site acknowledge nothing that the other one has not"),
  }),
  NewFailover: z.strictObject({
    to: name,
    mode: maybe(z.enum(["graceful", "ungraceful"])),
    kind: maybe(z.enum(["failover", "drill"])),
    overrides: maybe(z.array(z.enum(safetyRules))),
  }),
  FailoverMade: z.strictObject({ failover }),
  Failovers: z.strictObject({ failovers: z.array(failover) }),
  FailoverApproval: z.strictObject({ hash: z.string(), code: maybe(z.string().max(64)) }),
  FailoverBegin: z.strictObject({
    hash: z.string(),
    breakGlass: maybe(z.string().min(1).max(1_000)).describe("Begin without the approval of somebody else, and why"),
    code: maybe(z.string().max(64)),
  }),
  FileSchemas: z.strictObject({ schemas: z.array(z.strictObject({ name: z.string(), url: z.string() })) }),
  FileSchema: z.record(z.string(), z.unknown()).describe("JSON Schema, draft 2020-12"),
} as const;
