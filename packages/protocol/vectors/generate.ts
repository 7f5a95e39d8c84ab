// Writes the golden vectors beside it: `bun packages/protocol/vectors/generate.ts`. The committed files are the contract,
// which other implementations replay; run this only to add to them, and read the difference.
import { writeFileSync } from "node:fs";
import { encodeFrame } from "../src/frame.ts";
import { valueToJson } from "../src/value-json.ts";
import { encodeValue } from "../src/value.ts";
import { toHex, vectorMessage } from "../src/vectors.suite.ts";
import { workerMessageCodes } from "../src/worker-message-codes.ts";
import type { WorkerMessageName } from "../src/worker-message-codes.ts";

const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const file = { path: "src/main.ts", sha256, size: 4096, mode: 0o644 };
const integers = [0, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 9_007_199_254_740_991];
const negatives = [-1, -32, -33, -128, -129, -32_768, -32_769, -2_147_483_648, -2_147_483_649, -9_007_199_254_740_991];

/** Payloads, with bytes and integers beyond 2^53 as in the file: `$bytes`, `$integer`. */
const messages: readonly (readonly [WorkerMessageName, string, Record<string, unknown>])[] = [
  ["HELLO", "basic worker", { worker_id: "py-1", capabilities: ["build"] }],
  [
    "HELLO",
    "with everything",
    {
      worker_id: "bun-1",
      capabilities: ["build", "state", "lock"],
      runtime: "bun",
      token: "st_abc",
      slots: 4,
      labels: ["gpu", "zone=eu"],
      resources: { cpu: 7.5, memory_bytes: 17_179_869_184 },
      bun_version: "1.4.5",
      heartbeat_ms: 5000,
      workflows: ["order"],
      tasks: ["resize"],
      running: [{ build_id: "b-1", epoch: 3 }],
    },
  ],
  [
    "HELLO_ACK",
    "accepted",
    { accepted: true, master_id: "m-1", assigned_resources: [], heartbeat_ms: 5000, lease_ms: 15_000, credential: "wc_1" },
  ],
  ["HELLO_ACK", "refused", { accepted: false, reason: "The token is not valid." }],
  ["HEARTBEAT", "from the master", {}],
  ["HEARTBEAT", "from a worker", { worker_id: "bun-1", load: 0.25, running: ["b-1"] }],
  ["HEARTBEAT_ACK", "answer", { worker_id: "bun-1" }],
  [
    "BUILD_REQUEST",
    "with everything",
    {
      build_id: "b-1",
      target: "web#build",
      options: {
        command: ["npm", "run", "build"],
        cwd: "packages/web",
        env: { CI: "1", LANG: "C.UTF-8" },
        inputs: [file, { path: "current", sha256, size: 0, mode: 0o777, link: "releases/7" }],
        outputs: ["dist/**"],
        timeout_ms: 600_000,
      },
      epoch: 1,
    },
  ],
  ["BUILD_REQUEST", "bare", { build_id: "b-2", target: "docs", options: {} }],
  ["BUILD_STARTED", "with pid", { build_id: "b-1", pid: 4242 }],
  ["BUILD_PROGRESS", "count", { build_id: "b-1", done: 3, total: 10, message: "Übersetze 東京 🚀" }],
  ["BUILD_PROGRESS", "output as text", { build_id: "b-1", stream: "stdout", chunk: "compiled\n" }],
  ["BUILD_PROGRESS", "output as bytes", { build_id: "b-1", stream: "stderr", chunk: { $bytes: "G1szMW3/AA==" } }],
  [
    "BUILD_COMPLETED",
    "with artifacts",
    { build_id: "b-1", status: "success", output: "ok", exit_code: 0, duration_ms: 1234, artifacts: [file], epoch: 1 },
  ],
  ["BUILD_COMPLETED", "bare", { build_id: "b-2", status: "success" }],
  [
    "BUILD_FAILED",
    "by exit code",
    {
      build_id: "b-1",
      status: "failed",
      output: "no such file",
      exit_code: 2,
      error: { code: "build_failed", message: "The command ended with 2." },
      epoch: 1,
    },
  ],
  ["BUILD_FAILED", "by signal, nil for absent", { build_id: "b-1", status: "failed", exit_code: -9, error: null }],
  ["BUILD_CANCEL", "with grace", { build_id: "b-1", grace_ms: 3000 }],
  ["STATE_GET", "key", { key: "deploy/last" }],
  ["STATE_SET", "object", { key: "deploy/last", value: { at: 1.5, by: "ada", ok: true }, ttl_ms: 60_000, if_version: 7 }],
  ["STATE_SET", "nil", { key: "k", value: null }],
  ["STATE_SET", "integers", { key: "k", value: integers }],
  ["STATE_SET", "negative integers", { key: "k", value: negatives }],
  [
    "STATE_SET",
    "64-bit integers",
    { key: "k", value: [{ $integer: "18446744073709551615" }, { $integer: "-9223372036854775808" }] },
  ],
  ["STATE_SET", "32 characters", { key: "k", value: "0123456789abcdef0123456789abcdef" }],
  ["STATE_SET", "long text", { key: "k", value: "é".repeat(200) }],
  ["STATE_SET", "long array", { key: "k", value: Array.from({ length: 16 }, (_, index) => index) }],
  ["STATE_SET", "bytes", { key: "k", value: { $bytes: "AAEC/w==" } }],
  ["STATE_DELETE", "with version", { key: "deploy/last", if_version: 8 }],
  ["STATE_RESPONSE", "found", { request_id: "00000000-0000-4000-8000-000000000030", ok: true, value: [1, "two"], version: 7 }],
  [
    "STATE_RESPONSE",
    "refused",
    {
      request_id: "00000000-0000-4000-8000-000000000031",
      ok: false,
      error: { code: "state_version_conflict", message: "The key is at version 9." },
    },
  ],
  ["LOCK_ACQUIRE", "new", { resource: "deploy", ttl_ms: 30_000, wait_ms: 1000 }],
  ["LOCK_ACQUIRE", "renewal", { resource: "deploy", ttl_ms: 30_000, token: "lt_1" }],
  ["LOCK_RELEASE", "by token", { resource: "deploy", token: "lt_1" }],
  [
    "LOCK_RESPONSE",
    "granted",
    { request_id: "00000000-0000-4000-8000-000000000040", ok: true, token: "lt_1", fence: 12, expires: 1_767_225_630_000 },
  ],
  ["RESOURCE_CLAIM", "amounts", { resources: { cpu: 1.5, memory_bytes: 536_870_912, licence: 1 }, wait_ms: 0 }],
  ["RESOURCE_RELEASE", "claim", { claim_id: "c-1" }],
  [
    "RESOURCE_STATUS",
    "answer to a claim",
    {
      request_id: "00000000-0000-4000-8000-000000000050",
      ok: true,
      claim_id: "c-1",
      total: { cpu: 8, memory_bytes: 17_179_869_184 },
      claimed: { cpu: 1.5, memory_bytes: 536_870_912 },
    },
  ],
  ["RESOURCE_STATUS", "empty", { total: {}, claimed: {} }],
  [
    "ERROR",
    "answer",
    { request_id: "00000000-0000-4000-8000-000000000001", code: "message_unknown_type", message: "message type 0x7e is not known here" },
  ],
];

/** Frames that a reader refuses, and why. */
const refusedFrames = [
  { name: "zero length", hex: "00000000", code: "frame_empty" },
  { name: "17 MiB announced", hex: "01100000", code: "frame_too_large" },
  { name: "a byte that is no MessagePack", hex: "00000001c1", code: "frame_bad_msgpack" },
  { name: "bytes after the map", hex: "0000000280c0", code: "frame_bad_msgpack" },
  { name: "text that is not UTF-8", hex: "0000000381a1ff", code: "frame_bad_msgpack" },
  { name: "a map that ends too early", hex: "0000000186", code: "frame_bad_msgpack" },
  { name: "an integer as key", hex: "00000003810102", code: "frame_bad_msgpack" },
  { name: "an extension", hex: "00000003d40000", code: "frame_bad_msgpack" },
  { name: "an array", hex: "0000000190", code: "frame_bad_shape" },
  { name: "an empty map", hex: "0000000180", code: "frame_bad_shape" },
  { name: "version 2", hex: "0000000a81a776657273696f6e02", code: "frame_bad_version" },
  { name: "version alone", hex: "0000000a81a776657273696f6e01", code: "frame_bad_shape" },
];

/** Values as JavaScript expressions. */
const values: readonly (readonly [string, string])[] = [
  ["null", "null"],
  ["true", "true"],
  ["false", "false"],
  ["undefined", "undefined"],
  ["zero", "0"],
  ["negative zero", "-0"],
  ["integers", "[1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, Number.MAX_SAFE_INTEGER]"],
  ["negative integers", "[-1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, Number.MIN_SAFE_INTEGER]"],
  ["numbers past the safe integers", "[2 ** 53, -(2 ** 53), 1e300]"],
  ["fractions", "[0.5, -12.25, 5e-324]"],
  ["not finite", "[NaN, Infinity, -Infinity]"],
  ["empty string", '""'],
  ["text", '"Grüße, 東京 🚀"'],
  ["text with a byte order mark", '"\\ufeffx".repeat(30)'],
  ["text of 256 bytes", '"x".repeat(256)'],
  ["text of 256 bytes in 128 characters", '"é".repeat(128)'],
  ["lone surrogates", '"a\\ud800b\\udc00"'],
  ["lone surrogate as key", '({ "\\ud83d": 1 })'],
  ["order", '({ id: "o-17", total: 12.5, items: [1, 2, 3] })'],
  ["empty containers", "({ a: [], b: {} })"],
  ["16 keys", 'Object.fromEntries(Array.from({ length: 16 }, (_, i) => ["k" + i, i]))'],
  ["a property that is undefined", "({ a: undefined, b: [undefined] })"],
  ["own __proto__", 'JSON.parse(\'{"__proto__": {"admin": true}}\')'],
  ["bigints", "[0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]"],
  ["bigints of two words", "[2n ** 63n, -(2n ** 63n) - 1n, 2n ** 127n - 1n, -(2n ** 127n)]"],
  ["bigint of three words", "2n ** 127n"],
  ["date", 'new Date("2026-01-01T00:00:00.001Z")'],
  ["dates at the ends", "[new Date(-8.64e15), new Date(8.64e15), new Date(NaN)]"],
  ["regexp", "/a(b)?\\/c/giu"],
  ["map", 'new Map([["a", 1], ["b", { c: 2 }]])'],
  ["map with object keys", "new Map([[{ a: 1 }, 1], [new Date(0), 2], [NaN, 3]])"],
  ["set", 'new Set([1, "1", undefined, [1]])'],
  ["bytes", "new Uint8Array([0, 1, 254, 255])"],
  ["array buffer", "new Uint8Array([1, 2, 3]).buffer"],
  ["int8 array", "new Int8Array([-1, 2])"],
  ["clamped array", "new Uint8ClampedArray([1, 255])"],
  ["int16 array", "new Int16Array([-2, 258])"],
  ["uint16 array", "new Uint16Array([258])"],
  ["int32 array", "new Int32Array([-2])"],
  ["uint32 array", "new Uint32Array([4294967295])"],
  ["float32 array", "new Float32Array([0.5, -2])"],
  ["float64 array", "new Float64Array([0.1, NaN])"],
  ["bigint64 array", "new BigInt64Array([-2n])"],
  ["biguint64 array", "new BigUint64Array([2n ** 64n - 1n])"],
  ["data view", "new DataView(new Uint8Array([1, 2, 3]).buffer)"],
  ["views that share a buffer", "(() => { const a = new Uint8Array([1, 2, 3, 4]); return { a, b: new Uint16Array(a.buffer, 2, 1), c: a.buffer, d: new DataView(a.buffer, 1, 2) }; })()"],
  ["error", 'Object.assign(new Error("broken"), { stack: "Error: broken\\n    at here" })'],
  ["error with name, code and cause", 'Object.assign(new TypeError("no", { cause: Object.assign(new RangeError("far"), { stack: "s" }) }), { name: "PaymentError", code: "E_PAY", stack: "t" })'],
  ["aggregate error", 'Object.assign(new AggregateError([1, "two"], "both"), { stack: "u" })'],
  ["boxed", '[Object(true), Object(1.5), Object("text"), Object(2n)]'],
  ["array with holes", "[1, , 3, ,]"],
  ["sparse array", "(() => { const a = []; a[100000] = 1; return a; })()"],
  ["match", '"xabx".match(/(?<first>a)b/)'],
  ["shared object", '(() => { const a = { city: "Wien" }; return { billing: a, shipping: a }; })()'],
  ["shared date", "(() => { const d = new Date(0); return [d, d]; })()"],
  ["cycle", '(() => { const a = { name: "a" }; a.self = a; return a; })()'],
  ["cycles through every container", "(() => { const o = {}; o.list = [o]; o.map = new Map([[o, o.list]]); o.set = new Set([o.map]); return o; })()"],
  ["twenty objects and a reference to the last", "(() => { const a = Array.from({ length: 20 }, (_, i) => ({ i })); a.push(a[19]); return a; })()"],
];

/** Documents that a reader refuses. */
const refusedValues = [
  { name: "nothing", hex: "" },
  { name: "format version 2", hex: "d40002c0" },
  { name: "an extension without the header", hex: "d40100" },
  { name: "an extension without the header, inside", hex: "91d40100" },
  { name: "an extension that is not known", hex: "d40001d47f00" },
  { name: "a reference to nothing", hex: "d40001d60200000000" },
  { name: "bytes after the value", hex: "c0c0" },
  { name: "text that is not UTF-8", hex: "a1ff" },
  { name: "a map key that is an integer", hex: "810101" },
  { name: "an array of 4 billion announced", hex: "ddffffffff" },
  { name: "a BigInt of one byte", hex: "d40001d40401" },
  { name: "0xc1", hex: "c1" },
];

function frameVectors(): object[] {
  return messages.map(([type, name, payload], index) => {
    const id = `00000000-0000-4000-8000-${(index + 1).toString(16).padStart(12, "0")}`;
    const runtime = type === "HELLO" && payload["runtime"] === undefined ? "python" : "bun";
    const message = {
      version: 1 as const,
      type: workerMessageCodes[type],
      id,
      timestamp: 1_767_225_600_000 + index,
      runtime,
      payload,
    };
    return { name: `${type}: ${name}`, hex: toHex(encodeFrame(vectorMessage(message))), message };
  });
}

function valueVectors(): object[] {
  return values.map(([name, expression]) => {
    // The expressions are the constants above.
    // eslint-disable-next-line typescript/no-implied-eval
    const evaluate = new Function(`return (${expression});`) as () => unknown;
    const value = evaluate();
    return { name, hex: toHex(encodeValue(value)), expression, json: valueToJson(value) };
  });
}

function write(name: string, content: object): void {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, null, 1)}\n`);
}

write("messages.json", {
  about:
    "Frames of the worker protocol, version 1: hex is the whole frame. In messages, $bytes is bytes in base64 and $integer an integer beyond 2^53. refused: frames and the code they are refused with.",
  vectors: frameVectors(),
  refused: refusedFrames,
});
write("values.json", {
  about:
    "Values in format version 1: expression is JavaScript and describes the value, json is what the HTTP API shows of it. refused: documents that are no value.",
  vectors: valueVectors(),
  refused: refusedValues,
});
