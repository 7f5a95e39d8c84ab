// Writes worker-frames.json beside it: `bun packages/protocol/vectors/generate-worker-frames.ts`. Several frames of every type
// that any make of worker may speak, what a reader has to take though nobody should write it, and what it has to refuse.
import { writeFileSync } from "node:fs";
import { encode } from "@msgpack/msgpack";
import { encodeFrame } from "../src/frame.ts";
import { toHex, vectorMessage } from "../src/vectors.suite.ts";
import { workerMessageCodes } from "../src/worker-message-codes.ts";
import type { WorkerMessageName } from "../src/worker-message-codes.ts";

type Payload = Record<string, unknown>;

const sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const request = "00000000-0000-4000-8000-0000000000ff";
const artifact = { path: "dist/app.js", sha256, size: 70_000, mode: 0o100_644 };

/** As in messages.json: `$bytes` is bytes in base64, `$integer` an integer beyond 2^53. */
const frames: readonly (readonly [WorkerMessageName, string, Payload])[] = [
  ["HELLO", "only what is required", { worker_id: "w", capabilities: [] }],
  ["HELLO", "of a basic worker with a token", { worker_id: "ci-7", capabilities: ["build", "docker"], runtime: "python", token: "sluice_t0" }],
  ["HELLO", "of Python", { worker_id: "py", capabilities: ["build"], runtime: "python", python_version: "3.12.3", slots: 2, heartbeat_ms: 5000 }],
  ["HELLO", "of Node", { worker_id: "n", capabilities: ["build"], runtime: "node", node_version: "20.19.0", labels: ["os=linux", "arch=x64", "libc=glibc"], heartbeat_ms: 1 }],
  ["HELLO", "of Deno", { worker_id: "d", capabilities: ["task"], runtime: "deno", deno_version: "2.5.0", tasks: [{ name: "resize", version: "1" }] }],
  ["HELLO", "that comes back", { worker_id: "w", capabilities: ["build"], token: "wc_1", heartbeat_ms: 5000, running: [{ build_id: "b-1", epoch: 1 }, { build_id: "b-2", epoch: 4_294_967_296 }] }],
  ["HELLO", "with resources", { worker_id: "w", capabilities: [], resources: { cpu: 0.5, memory_bytes: 4_294_967_296, gpu: 1 } }],
  ["HELLO", "with keys that nobody knows", { worker_id: "w", capabilities: [], colour: "blue", nested: { deep: [1, { er: null }] } }],
  ["HELLO", "with nil for what is absent", { worker_id: "w", capabilities: [], token: null, slots: null, labels: null, running: null }],
  ["HELLO", "with 16 capabilities", { worker_id: "w", capabilities: Array.from({ length: 16 }, (_, index) => `c${index}`) }],
  ["HELLO_ACK", "accepted, nothing else", { accepted: true }],
  ["HELLO_ACK", "for a basic worker", { accepted: true, master_id: "m-1", assigned_resources: [] }],
  ["HELLO_ACK", "with a credential", { accepted: true, master_id: "m-1", assigned_resources: [], heartbeat_ms: 10_000, lease_ms: 30_000, credential: "sluice_wc_9" }],
  ["HELLO_ACK", "another version", { accepted: false, reason: "Protocol version 2 is not spoken here; version 1 is." }],
  ["HEARTBEAT", "empty", {}],
  ["HEARTBEAT", "with load as a map", { worker_id: "w", load: { cpu: 0.75, slots: 1 }, running: [{ build_id: "b-1", epoch: 2 }] }],
  ["HEARTBEAT", "with nothing running", { worker_id: "w", load: 0, running: [] }],
  ["HEARTBEAT_ACK", "empty", {}],
  ["HEARTBEAT_ACK", "of a worker", { worker_id: "w" }],
  ["BUILD_REQUEST", "argv with spaces and quotes", { build_id: "b", target: "t", options: { command: ["sh", "-c", "echo \"$HOME\" 'x y'"], env: {} } }],
  ["BUILD_REQUEST", "in a folder, with a time", { build_id: "b", target: "//app:test", options: { command: ["pytest", "-q"], cwd: "services/api", timeout_ms: 1 }, epoch: 2 }],
  ["BUILD_REQUEST", "with options that nobody knows", { build_id: "b", target: "t", options: { command: [], colour: "red" }, epoch: 65_536 }],
  ["BUILD_REQUEST", "with nil for what is absent", { build_id: "b", target: "", options: { command: null, cwd: null, env: null, timeout_ms: null }, epoch: null }],
  ["BUILD_STARTED", "without a pid", { build_id: "b" }],
  ["BUILD_STARTED", "with a large pid", { build_id: "b", pid: 4_194_304 }],
  ["BUILD_PROGRESS", "nothing but a sign of life", { build_id: "b" }],
  ["BUILD_PROGRESS", "a fraction", { build_id: "b", done: 0.5, total: 1 }],
  ["BUILD_PROGRESS", "empty output", { build_id: "b", stream: "stdout", chunk: "" }],
  ["BUILD_PROGRESS", "256 bytes", { build_id: "b", stream: "stdout", chunk: { $bytes: Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index)).toString("base64") } }],
  ["BUILD_PROGRESS", "text of 65,536 bytes", { build_id: "b", stream: "stderr", chunk: "x".repeat(65_536) }],
  ["BUILD_COMPLETED", "with output as a map", { build_id: "b", status: "success", output: { tests: 12, failed: 0 }, exit_code: 0 }],
  ["BUILD_COMPLETED", "with nil as output", { build_id: "b", status: "success", output: null, duration_ms: 12.5, epoch: 1 }],
  ["BUILD_COMPLETED", "with two artifacts", { build_id: "b", status: "success", artifacts: [artifact, { ...artifact, path: "latest", size: 0, link: "app.js" }], epoch: 255 }],
  ["BUILD_FAILED", "nothing else", { build_id: "b", status: "failed" }],
  ["BUILD_FAILED", "by an error of the worker", { build_id: "b", status: "failed", error: { code: "spawn_failed", message: "No such program: npx." }, epoch: 128 }],
  ["BUILD_FAILED", "exit code 255", { build_id: "b", status: "failed", exit_code: 255, output: "…\n" }],
  ["BUILD_CANCEL", "at once", { build_id: "b", grace_ms: 0 }],
  ["BUILD_CANCEL", "as the worker sees fit", { build_id: "b" }],
  ["STATE_GET", "a key with a separator", { key: "team/a:b c" }],
  ["STATE_GET", "a key beyond ASCII", { key: "größe/東京" }],
  ["STATE_SET", "false", { key: "k", value: false }],
  ["STATE_SET", "only if it is not there", { key: "k", value: "first", if_version: 0 }],
  ["STATE_SET", "that lives a millisecond", { key: "k", value: 1, ttl_ms: 1 }],
  ["STATE_SET", "nested", { key: "k", value: { a: [{ b: [[], {}, ""] }] } }],
  ["STATE_SET", "doubles", { key: "k", value: [0.1, -1.5, 1e300, 5e-324] }],
  ["STATE_SET", "a map of 16", { key: "k", value: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, index])) }],
  ["STATE_SET", "text of 31, 32, 255 and 256 bytes", { key: "k", value: [31, 32, 255, 256].map((length) => "a".repeat(length)) }],
  ["STATE_DELETE", "whatever it is", { key: "k" }],
  ["STATE_DELETE", "of one version", { key: "k", if_version: 1 }],
  ["STATE_RESPONSE", "to a set", { request_id: request, ok: true, version: 1 }],
  ["STATE_RESPONSE", "nothing under the key", { request_id: request, ok: true, value: null, version: 0 }],
  ["STATE_RESPONSE", "not within the prefixes", { request_id: request, ok: false, error: { code: "forbidden", message: "The key is not within this worker's prefixes." } }],
  ["LOCK_ACQUIRE", "without waiting", { resource: "deploy", ttl_ms: 1 }],
  ["LOCK_ACQUIRE", "for an hour", { resource: "db/migrate", ttl_ms: 3_600_000, wait_ms: 4_294_967_295 }],
  ["LOCK_RELEASE", "beyond ASCII", { resource: "größe", token: "lt_2" }],
  ["LOCK_RELEASE", "a token of 32 characters", { resource: "deploy", token: "0123456789abcdef0123456789abcdef" }],
  ["RESOURCE_RELEASE", "a short id", { claim_id: "c" }],
  ["LOCK_RESPONSE", "released", { request_id: request, ok: true }],
  ["LOCK_RESPONSE", "held by another", { request_id: request, ok: false, error: { code: "lock_held", message: "Another holds the lock." } }],
  ["LOCK_RESPONSE", "a large fence", { request_id: request, ok: true, token: "t", fence: 4_294_967_296, expires: 1_767_225_600_000 }],
  ["RESOURCE_CLAIM", "nothing", { resources: {} }],
  ["RESOURCE_CLAIM", "named, and wait", { resources: { licence: 2, cpu: 1 }, wait_ms: 30_000 }],
  ["RESOURCE_RELEASE", "a UUID", { claim_id: request }],
  ["RESOURCE_STATUS", "a question", { total: {}, claimed: {}, request_id: request }],
  ["RESOURCE_STATUS", "a claim that does not fit", { request_id: request, ok: false, total: { cpu: 2 }, claimed: { cpu: 2 } }],
  ["ERROR", "about nothing in particular", { code: "frame_empty", message: "a frame of no bytes" }],
  ["ERROR", "with nil for what is absent", { request_id: null, code: "c", message: "" }],
];

const identity = { id: "00000000-0000-4000-8000-00000000000a", timestamp: 1_767_225_600_000, runtime: "go" };
const bare = { version: 1, type: 0x10, ...identity, payload: {} };
const heartbeat = JSON.stringify({ ...bare });

/** Frames of other writers that a reader takes, and what it reads. */
const taken: readonly { readonly name: string; readonly hex: string; readonly message: object }[] = [
  { name: "keys in another order", hex: frameOf(encode({ payload: {}, type: 0x10, version: 1, ...identity })), message: bare },
  { name: "a key beside the six", hex: frameOf(encode({ ...bare, trace: "t" })), message: bare },
  { name: "integers in eight bytes", hex: frameOf(withWideType()), message: bare },
];

/** Frames that can be read, and what a master answers to the message in them; the connection stays. */
const judged: readonly { readonly name: string; readonly hex: string; readonly sender: string; readonly code: string }[] = [
  ...(
    [
      ["HELLO", { capabilities: [] }],
      ["HELLO", { worker_id: "", capabilities: [] }],
      ["HELLO", { worker_id: "w" }],
      ["HELLO", { worker_id: "w", capabilities: "build" }],
      ["HELLO", { worker_id: "w", capabilities: [], slots: 0 }],
      ["HELLO", { worker_id: "w", capabilities: [], running: [{ build_id: "b" }] }],
      ["BUILD_STARTED", {}],
      ["BUILD_PROGRESS", { build_id: "b", stream: "stdin", chunk: "x" }],
      ["BUILD_COMPLETED", { build_id: "b" }],
      ["BUILD_COMPLETED", { build_id: "b", status: "failed" }],
      ["BUILD_COMPLETED", { build_id: "b", status: "success", artifacts: [{ path: "a", sha256: "A", size: 1, mode: 0 }] }],
      ["BUILD_FAILED", { build_id: "b", status: "success" }],
      ["STATE_GET", {}],
      ["STATE_SET", { key: "k" }],
      ["STATE_SET", { key: "k", value: 1, if_version: -1 }],
      ["STATE_DELETE", { key: 1 }],
      ["LOCK_ACQUIRE", { resource: "r" }],
      ["LOCK_RELEASE", { resource: "r" }],
      ["RESOURCE_CLAIM", { resources: { cpu: -1 } }],
      ["RESOURCE_RELEASE", {}],
      ["ERROR", { code: "c" }],
    ] as const
  ).map(([type, payload], index) => ({
    name: `${type} ${JSON.stringify(payload)}`,
    hex: frame(workerMessageCodes[type], payload, index),
    sender: "worker",
    code: "message_bad_payload",
  })),
  { name: "a worker sends HELLO_ACK", hex: frame(0x02, { accepted: true }, 0), sender: "worker", code: "message_wrong_direction" },
  { name: "a worker sends BUILD_REQUEST", hex: frame(0x20, { build_id: "b", target: "t", options: {} }, 0), sender: "worker", code: "message_wrong_direction" },
  { name: "a master sends HELLO", hex: frame(0x01, { worker_id: "w", capabilities: [] }, 0), sender: "master", code: "message_wrong_direction" },
  { name: "type 0x00", hex: frame(0x00, {}, 0), sender: "worker", code: "message_unknown_type" },
  { name: "type 0x53", hex: frame(0x53, {}, 0), sender: "worker", code: "message_unknown_type" },
  { name: "type 0x100", hex: frame(0x100, {}, 0), sender: "master", code: "message_unknown_type" },
];

/** The type as a u64, which no writer needs for a small number and every reader understands. */
function withWideType(): Uint8Array {
  const bytes = [...encode(JSON.parse(heartbeat))];
  const at = bytes.findIndex((byte, index) => byte === 0xa4 && bytes[index + 1] === 0x74) + 5;
  bytes.splice(at, 1, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0x10);
  return Uint8Array.from(bytes);
}

function frameOf(body: Uint8Array): string {
  return body.length.toString(16).padStart(8, "0") + toHex(body);
}

function frame(type: number, payload: Payload, index: number): string {
  return toHex(encodeFrame({ version: 1, type, ...identity, timestamp: identity.timestamp + index, payload }));
}

const vectors = frames.map(([type, name, payload], index) => {
  const message = {
    version: 1 as const,
    type: workerMessageCodes[type],
    id: `00000000-0000-4000-8000-${(index + 0x1000).toString(16).padStart(12, "0")}`,
    timestamp: 1_767_225_600_000 + index,
    runtime: ["bun", "node", "deno", "python"][index % 4] as string,
    payload,
  };
  return { name: `${type}: ${name}`, hex: toHex(encodeFrame(vectorMessage(message))), message };
});

const file = {
  about:
    "Frames of the worker protocol, version 1: hex is the whole frame. In messages, $bytes is bytes in base64 and $integer an integer beyond 2^53. vectors: what is written and read byte for byte. taken: frames of other writers, and what is read. judged: frames whose message is answered with ERROR of that code when that side has sent it.",
  vectors,
  taken,
  judged,
};
writeFileSync(new URL("worker-frames.json", import.meta.url), `${JSON.stringify(file, null, 1)}\n`);
