// Schemas of the worker protocol's payloads. Unknown keys are ignored and missing required ones refused; an optional key
// may also be nil, which runtimes with one word for "absent" send, and reads as absent.
import { z } from "zod";

function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value): z.output<T> | undefined => value ?? undefined);
}

const name = z.string().min(1);
const text = z.string();
const ms = z.number().nonnegative();
const count = z.int().nonnegative();
const epoch = count;
/** Any value, nil included, as long as the key is there. */
const value = z.unknown();
const failure = z.object({ code: name, message: text });
/** Amounts by name: `cpu` in cores, `memory_bytes`, or a name of one's own. */
const amounts = z.record(z.string(), z.number().nonnegative());
/** A file by its content; the bytes travel over HTTP. */
const file = z.object({
  path: name,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in lower case hex"),
  size: count,
  mode: count,
  link: optional(text),
});
const running = z.object({ build_id: name, epoch });
const runningOrId = z.union([name, z.object({ build_id: name, epoch: optional(epoch) })]);
/** A workflow or task by name, or described further. */
const offer = z.union([name, z.looseObject({ name })]);

/** Payload schemas by message name. */
export const workerPayloads = {
  /** Loose, since the key `<runtime>_version` is not known beforehand. */
  HELLO: z.looseObject({
    worker_id: name,
    capabilities: z.array(text),
    runtime: optional(text),
    token: optional(text),
    slots: optional(z.int().positive()),
    labels: optional(z.array(text)),
    resources: optional(amounts),
    heartbeat_ms: optional(z.number().positive()),
    life: optional(text),
    workflows: optional(z.array(offer)),
    tasks: optional(z.array(offer)),
    running: optional(z.array(running)),
  }),
  HELLO_ACK: z.object({
    accepted: z.boolean(),
    master_id: optional(text),
    assigned_resources: optional(z.array(value)),
    heartbeat_ms: optional(ms),
    lease_ms: optional(ms),
    credential: optional(text),
    blobs_url: optional(text),
    reason: optional(text),
  }),
  HEARTBEAT: z.object({
    worker_id: optional(text),
    load: optional(z.union([z.number(), z.record(z.string(), value)])),
    running: optional(z.array(runningOrId)),
  }),
  HEARTBEAT_ACK: z.object({ worker_id: optional(text) }),
  BUILD_REQUEST: z.object({
    build_id: name,
    target: text,
    options: z.object({
      command: optional(z.array(text)),
      cwd: optional(text),
      env: optional(z.record(z.string(), z.string())),
      inputs: optional(z.array(file)),
      outputs: optional(z.array(text)),
      timeout_ms: optional(ms),
    }),
    epoch: optional(epoch),
  }),
  BUILD_STARTED: z.object({ build_id: name, pid: optional(count) }),
  BUILD_PROGRESS: z.object({
    build_id: name,
    done: optional(z.number().nonnegative()),
    total: optional(z.number().nonnegative()),
    message: optional(text),
    stream: optional(z.enum(["stdout", "stderr"])),
    chunk: optional(z.union([text, z.instanceof(Uint8Array)])),
  }),
  BUILD_COMPLETED: z.object({
    build_id: name,
    status: z.literal("success"),
    output: value.optional(),
    exit_code: optional(z.int()),
    duration_ms: optional(ms),
    artifacts: optional(z.array(file)),
    epoch: optional(epoch),
  }),
  BUILD_FAILED: z.object({
    build_id: name,
    status: z.literal("failed"),
    output: value.optional(),
    exit_code: optional(z.int()),
    error: optional(failure),
    epoch: optional(epoch),
  }),
  BUILD_CANCEL: z.object({ build_id: name, grace_ms: optional(ms) }),
  STATE_GET: z.object({ key: name }),
  STATE_SET: z.object({ key: name, value, ttl_ms: optional(ms), if_version: optional(count) }),
  STATE_DELETE: z.object({ key: name, if_version: optional(count) }),
  STATE_RESPONSE: z.object({
    request_id: name,
    ok: z.boolean(),
    value: value.optional(),
    version: optional(count),
    error: optional(failure),
  }),
  LOCK_ACQUIRE: z.object({ resource: name, ttl_ms: ms, wait_ms: optional(ms), token: optional(text) }),
  LOCK_RELEASE: z.object({ resource: name, token: text }),
  LOCK_RESPONSE: z.object({
    request_id: name,
    ok: z.boolean(),
    token: optional(text),
    fence: optional(count),
    /** Milliseconds since 1970. */
    expires: optional(ms),
    error: optional(failure),
  }),
  RESOURCE_CLAIM: z.object({ resources: amounts, wait_ms: optional(ms) }),
  RESOURCE_RELEASE: z.object({ claim_id: name }),
  RESOURCE_STATUS: z.object({
    request_id: optional(text),
    ok: optional(z.boolean()),
    claim_id: optional(text),
    total: amounts,
    claimed: amounts,
  }),
  ERROR: z.object({ request_id: optional(text), code: name, message: text }),
} as const;
