// Bodies of clusters, components, plans and operations, and the file of a component, as zod schemas. Loads zod: to be imported on
// first use only.
import { z } from "zod";
import {
  changeActions,
  clusterNamePattern,
  healthStates,
  operationStatuses,
  planStatuses,
  reconcileStates,
} from "../statuses.ts";
import { maybe, time } from "./schema-parts.ts";

const clusterName = z.string().regex(clusterNamePattern);
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

const componentFile = z
  .strictObject({
    name: clusterName,
    cluster: clusterName.describe("As it was added: sluice cluster add NAME"),
    owner: z.string().min(1).max(200).optional(),
    manifests: z.array(z.string().min(1)).min(1).optional().describe("Files and folders, from the folder of this file"),
    kustomize: z.string().min(1).optional().describe("Folder of a kustomization; kustomize or kubectl renders it"),
    helm: z
      .strictObject({
        chart: z.string().min(1).describe("Folder of a chart, or its address: oci:// or https://"),
        values: z.array(z.string().min(1)).default([]).describe("Files of values"),
        version: z.string().min(1).optional(),
      })
      .optional()
      .describe("A chart; helm renders it"),
    git: z
      .strictObject({
        url: z
          .string()
          .regex(/^(https:\/\/|ssh:\/\/|file:\/\/|git@)[^\s]+$/)
          .describe("Of the repository"),
        ref: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/)
          .optional()
          .describe("Branch, tag or commit (default: the repository's own)"),
        path: z.string().default("").describe("Folder that manifests, kustomize and helm are in"),
      })
      .optional()
      .describe("The files are in a repository"),
    namespace: z.string().min(1).default("default").describe("Of objects that name none"),
    dependsOn: z.array(clusterName).default([]).describe("Components that have to be healthy first"),
    health: z
      .strictObject({
        timeoutMs: z.int().min(1_000).max(86_400_000).default(300_000).describe("Longest wait for each wave"),
      })
      .prefault({}),
    drift: z
      .strictObject({
        everyMs: z.int().min(1_000).max(604_800_000).default(900_000).describe("Between two looks"),
        mode: z
          .enum(["report", "repair"])
          .default("report")
          .describe("Whether drift is told, or put right by a plan that is approved as the policy says"),
      })
      .optional()
      .describe("Looks by itself whether the cluster is still as it was applied"),
    prune: z
      .strictObject({
        enabled: z.boolean().default(true),
        maxPercent: z.number().min(0).max(100).default(50).describe("Of what the component has; more is refused"),
        allow: z
          .array(z.string())
          .default([])
          .describe("Namespaces, definitions and claims that may go, each as `Kind name` or `Kind namespace/name`"),
      })
      .prefault({}),
    policy: z
      .strictObject({
        approval: z
          .enum(["other", "self", "none"])
          .default("other")
          .describe("Who approves: somebody else than who made the plan, anybody who may, or nobody"),
        namespaces: z.array(z.string()).optional().describe("The only ones that may be changed"),
        protectedKinds: z
          .array(z.string())
          .default([])
          .describe("Kinds that may not be changed, as Kind or Kind.group"),
        objectsMax: z.int().min(1).optional().describe("Objects that one plan may change"),
        force: z
          .array(z.string())
          .default([])
          .describe("Fields that are taken from other managers, such as .spec.replicas"),
        windows: z
          .array(
            z.strictObject({
              days: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).optional(),
              from: clockTime,
              to: clockTime,
              timezone: z.string().default("UTC"),
            }),
          )
          .default([])
          .describe("When it may be applied; without one, always"),
      })
      .prefault({}),
  })
  .refine(
    ({ manifests, kustomize, helm }) => [manifests, kustomize, helm].filter((each) => each !== undefined).length === 1,
    { message: "exactly one of manifests, kustomize and helm has to be there" },
  )
  .describe("A component: something that is declared and brought to a cluster as a whole");

const identity = z.strictObject({ server: z.string(), ca: z.string(), uid: z.string() });

const cluster = z.strictObject({
  name: z.string(),
  identity,
  context: z.string().nullable(),
  version: z.string(),
  impersonate: z.boolean().describe("What is done there is asked for in the name of the person behind it"),
  addedAt: time,
});

const objectHealth = z.strictObject({
  key: z.string(),
  reconciled: z.enum(reconcileStates),
  reconciledReason: z.string(),
  health: z.enum(healthStates).nullable(),
  healthReason: z.string(),
  evidence: z.array(z.string()),
  since: time.nullable(),
});

const health = z.strictObject({
  reconciled: z.enum(reconcileStates),
  health: z.enum(healthStates),
  reason: z.string(),
  at: time,
  objects: z.array(objectHealth),
});

const component = z.strictObject({
  name: z.string(),
  cluster: z.string(),
  file: z.string(),
  owner: z.string().nullable(),
  dependsOn: z.array(z.string()),
  version: z.int().describe("Counts what was applied"),
  epoch: z.int(),
  objects: z.int(),
  operation: z.string().nullable().describe("The last one"),
  health: health.omit({ objects: true }).nullable().describe("As it was seen last"),
});

const change = z.strictObject({
  key: z.string(),
  action: z.enum(changeActions),
  wave: z.int(),
  fields: z.array(z.strictObject({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
  conflicts: z.array(z.strictObject({ field: z.string(), manager: z.string() })),
  migrates: z.boolean().describe("Fields of client-side apply become the component's"),
  risk: z.enum(["low", "medium", "high"]),
  irreversible: z.boolean(),
  reason: z.string().nullable(),
});

const plan = z.strictObject({
  id: z.string(),
  component: z.string(),
  cluster: z.string(),
  kind: z
    .enum(["apply", "undo", "known"])
    .describe("known: what an operation waits for, now that it is known what its plan could not show"),
  status: z.enum(planStatuses),
  hash: z.string(),
  requestedBy: z.string(),
  approvedBy: z.string().nullable(),
  approval: z.enum(["other", "self", "none"]),
  revision: z.string().nullable().describe("The commit that its manifests are of"),
  createdAt: time,
  expiresAt: time,
  changes: z.array(change).describe("Riskiest first"),
  prune: z.array(z.string()),
  unknown: z.array(z.string()).describe("What a dry run cannot show"),
  violations: z.array(z.strictObject({ rule: z.string(), message: z.string() })),
});

const operation = z.strictObject({
  id: z.string(),
  component: z.string(),
  cluster: z.string(),
  plan: z.string(),
  kind: z.enum(["apply", "undo"]),
  status: z.enum(operationStatuses),
  reason: z.string().nullable(),
  epoch: z.int(),
  run: z.string(),
  as: z.string().nullable().describe("In whose name the cluster is asked, where it takes that"),
  startedAt: time,
  endedAt: time.nullable(),
});

export const clusterSchemas = {
  ComponentFile: componentFile,
  AddCluster: z.strictObject({
    name: clusterName,
    kubeconfig: maybe(z.string()).describe("Text of the file; without one, the cluster that the server is in"),
    context: maybe(z.string()),
    impersonate: maybe(z.boolean()).describe(
      "Plan and apply in the name of the person behind it; the account has to be allowed to",
    ),
    acceptIdentity: maybe(z.boolean()).describe("It is meant to be another cluster than last time"),
  }),
  ClusterMade: z.strictObject({ cluster }),
  Clusters: z.strictObject({ clusters: z.array(cluster) }),
  ClusterStatus: z.strictObject({
    cluster,
    reachable: z.boolean(),
    reason: z.string().nullable(),
    latencyMs: z.number().nullable(),
    clockSkewMs: z.number().nullable(),
  }),
  AddComponent: z.strictObject({ file: z.string().describe("From the folder of the project") }),
  ComponentMade: z.strictObject({ component }),
  Components: z.strictObject({ components: z.array(component) }),
  ComponentHealthSeen: z.strictObject({ health }),
  ComponentDrift: z.strictObject({
    drift: z.strictObject({
      component: z.string(),
      at: time,
      changes: z.array(change).describe("What applying it again would change"),
    }),
  }),
  PlanMade: z.strictObject({ plan }),
  Plans: z.strictObject({ plans: z.array(plan) }),
  PlanHash: z.strictObject({ hash: z.string() }),
  Bootstrap: z.strictObject({
    components: maybe(z.array(clusterName)).describe("With all that they stand on; all of them without it"),
  }),
  BootstrapBegun: z.strictObject({ run: z.string() }),
  PlanApproval: z.strictObject({
    hash: z.string(),
    code: maybe(z.string().max(64)).describe(
      "Of one's second factor, where one has one and has not just signed in with it",
    ),
  }),
  OperationMade: z.strictObject({ operation }),
  Operations: z.strictObject({ operations: z.array(operation) }),
} as const;
