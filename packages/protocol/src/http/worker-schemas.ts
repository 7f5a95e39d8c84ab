// Bodies of workers and builds as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { buildStatuses } from "../statuses.ts";
import { maybe, name, time } from "./schema-parts.ts";

const worker = z.strictObject({
  id: z.string(),
  kind: z.enum(["local", "remote"]).describe("local: a process that this server started"),
  runtime: z.string(),
  version: z.string().nullable().describe("Of the runtime, as far as it said so"),
  status: z.enum(["starting", "serving", "stalled", "leaving", "connected", "draining"]),
  transport: z.string().nullable().describe("tcp or websocket"),
  address: z.string().nullable(),
  capabilities: z.array(z.string()),
  labels: z.array(z.string()),
  slots: z.int().nullable(),
  busy: z.int().describe("Runs, tasks and builds that it has"),
  load: z.number().nullable().describe("As it says"),
  since: time,
  heardMsAgo: z.number().nullable().describe("Milliseconds since it was heard last"),
  clockSkewMs: z.number().nullable().describe("Its clock minus the server's, as of its last heartbeat"),
  pid: z.int().nullable(),
});

const file = z.strictObject({
  path: name,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
  mode: z.int().nonnegative(),
  link: maybe(z.string()),
});

const options = z
  .strictObject({
    command: maybe(z.array(z.string())).describe("Program and arguments; no shell is involved"),
    cwd: maybe(z.string()),
    env: maybe(z.record(z.string(), z.string())),
    inputs: maybe(z.array(file)),
    outputs: maybe(z.array(z.string())),
    timeout_ms: maybe(z.number().nonnegative()),
  })
  .describe("As BUILD_REQUEST carries them to the worker");

const placement = z.strictObject({
  capabilities: z.array(z.string()),
  labels: z.array(z.string()),
  runtime: z.string().nullable(),
});

const outcome = z.strictObject({
  id: z.string().max(1_024),
  status: z.enum(["completed", "failed", "skipped", "cancelled"]),
  cache: z.enum(["hit", "miss", "off", "none"]),
  hash: z.string().max(64),
  gives: z.string().max(256),
  durationMs: z.number().nonnegative(),
  savedMs: z.number().nonnegative(),
  exitCode: z.int().nullable(),
  why: z.string().max(4_096).nullable(),
});

const planned = z.strictObject({
  id: z.string().max(1_024),
  package: z.string().max(512),
  folder: z.string().max(4_096).describe("Of the package, from the root on"),
  task: z.string().max(512),
  command: z.string().max(4_096).nullable().describe("Its script; null where it has none"),
  dependencies: z.array(z.string().max(1_024)),
  expectedMs: z.number().nonnegative().nullable().describe("How long it took before"),
});

const build = z.strictObject({
  id: z.string(),
  kind: z
    .enum(["command", "workspace"])
    .describe("command: one that a worker executes; workspace: one of `sluice build`, which is the run of this id"),
  root: z.string().nullable().describe("Of the workspace"),
  machine: z.string().nullable().describe("Where the workspace is"),
  here: z.boolean().describe("That is the server's own machine"),
  cache: z
    .strictObject({ hits: z.int(), executed: z.int(), savedMs: z.number() })
    .nullable()
    .describe("Of a workspace's build that has ended"),
  target: z.string(),
  status: z.enum(buildStatuses),
  options: z.unknown(),
  on: placement,
  worker: z.string().nullable(),
  epoch: z.int().describe("How often it was given to a worker"),
  cancelling: z.boolean(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  done: z.number().nullable(),
  total: z.number().nullable(),
  message: z.string().nullable(),
  exitCode: z.int().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  output: z.unknown().describe("What the worker gave back"),
  artifacts: z.array(z.unknown()),
  durationMs: z.number().nullable(),
  outputBytes: z.int().describe("Of streamed output, as far as it is kept"),
  outputBytesSeen: z.int(),
});

export const workerSchemas = {
  Workers: z.strictObject({ workers: z.array(worker) }),
  StartBuild: z.strictObject({
    target: name,
    options: maybe(options),
    on: maybe(
      z.strictObject({
        capabilities: maybe(z.array(name)),
        labels: maybe(z.array(name)),
        runtime: maybe(name),
      }),
    ).describe("Which workers it may go to"),
  }),
  BuildMade: z.strictObject({ build }),
  Builds: z.strictObject({ builds: z.array(build), nextCursor: z.string().nullable() }),
  BuildTasks: z.strictObject({
    tasks: z.array(
      z.strictObject({
        id: z.string(),
        target: z.string(),
        status: z.enum([...buildStatuses, "skipped"]),
        worker: z.string().nullable(),
        epoch: z.int(),
        package: z.string().nullable(),
        folder: z.string().nullable().describe("Of the package, from the root of the workspace on"),
        command: z.string().nullable(),
        dependencies: z.array(z.string()),
        expectedMs: z.number().nullable().describe("How long it took before"),
        cache: z.enum(["hit", "miss", "off", "none"]).nullable().describe("Null until it has ended"),
        hash: z.string().nullable(),
        startedAt: time.nullable(),
        endedAt: time.nullable(),
        durationMs: z.number().nullable(),
        savedMs: z.number().nullable().describe("What a hit has spared"),
        exitCode: z.int().nullable(),
        why: z.string().nullable().describe("Why it failed or was skipped, or was not kept"),
        reasons: z.array(z.string()).nullable().describe("What of its key is not as it was: why it was executed"),
      }),
    ),
  }),
  BeginBuild: z
    .strictObject({
      root: z.string().min(1).max(4_096),
      machine: z.string().max(512),
      tasks: z.array(z.string().max(1_024)).max(1_000),
      fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
      plan: z.array(planned).max(100_000),
      settled: maybe(z.array(outcome).max(100_000)).describe("All outcomes, where nothing has to be executed"),
    })
    .describe("What `sluice build` is going to do"),
  BuildBegun: z.strictObject({
    run: z.string(),
    version: z.string().describe("Of the worker that carries it out"),
    resumed: z.boolean().describe("An earlier process began it"),
  }),
  BuildTaskLog: z.strictObject({
    lines: z.array(z.strictObject({ at: time, text: z.string() })),
    cut: z.boolean().describe("There is more where it was built"),
  }),
} as const;
