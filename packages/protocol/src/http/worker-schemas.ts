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

const build = z.strictObject({
  id: z.string(),
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
        status: z.enum(buildStatuses),
        worker: z.string().nullable(),
        epoch: z.int(),
      }),
    ),
  }),
} as const;
