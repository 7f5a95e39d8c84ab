// A worker as a stranger would write it from the protocol's page: it knows 0x01–0x52, sends no heartbeats and does one build at
// a time. The same file runs under Bun, Node and Deno: `basic-worker.mjs PORT WORKER_ID [TOKEN]`.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import process from "node:process";
import { decode, encode } from "@msgpack/msgpack";

const [port, workerId, token] = process.argv.slice(2);
const runtime = globalThis.Deno ? "deno" : process.versions.bun ? "bun" : "node";
const socket = connect(Number(port), "127.0.0.1");
const answers = new Map();
const children = new Map();
const cancelled = new Set();

function send(type, payload) {
  const id = randomUUID();
  const body = encode({ version: 1, type, id, timestamp: Date.now(), runtime, payload }, { ignoreUndefined: true });
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length);
  frame.set(body, 4);
  socket.write(frame);
  return id;
}

function ask(type, payload) {
  return new Promise((resolve) => answers.set(send(type, payload), resolve));
}

const shared = {
  async state({ key }) {
    const created = await ask(0x31, { key, value: { n: 1, list: [null, true, 2.5] }, if_version: 0 });
    const again = await ask(0x31, { key, value: 2, if_version: 0 });
    const found = await ask(0x30, { key });
    const deleted = await ask(0x32, { key, if_version: created.version });
    const gone = await ask(0x30, { key });
    return {
      created: created.ok,
      conflict: again.error?.code,
      found: found.value,
      deleted: deleted.ok,
      gone: gone.version,
    };
  },
  async lock({ resource, rounds }) {
    const fences = [];
    for (let round = 0; round < rounds; round++) {
      const held = await ask(0x40, { resource, ttl_ms: 60_000, wait_ms: 20_000 });
      const { value = 0 } = await ask(0x30, { key: `inside ${resource}` });
      await ask(0x31, { key: `inside ${resource}`, value: (value ?? 0) + 1 });
      fences.push(held.fence);
      const wrong = await ask(0x41, { resource, token: "wrong" });
      if (wrong.ok) throw new Error("a lock was released with another token");
      await ask(0x41, { resource, token: held.token });
    }
    return fences;
  },
  async resources() {
    const claimed = await ask(0x50, { resources: { cpu: 2 } });
    const refused = await ask(0x50, { resources: { cpu: 1 }, wait_ms: 0 });
    const released = await ask(0x51, { claim_id: claimed.claim_id });
    const status = await ask(0x52, { total: {}, claimed: {} });
    return {
      claimed: claimed.ok,
      refused: refused.ok,
      released: released.ok,
      total: status.total,
      left: status.claimed,
    };
  },
};

async function build({ build_id, target, options, epoch }) {
  send(0x21, { build_id, pid: process.pid });
  if (target === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, options.block_ms);
  if (target === "die") process.kill(process.pid, "SIGKILL");
  if (shared[target]) return send(0x23, { build_id, status: "success", output: await shared[target](options), epoch });
  if (options.command) return command({ build_id, options, epoch });
  const output = target === "large" ? "é".repeat(5 * 1024 * 1024) : target;
  send(0x22, { build_id, done: 1, total: 1, message: "Übersetzt 🚀" });
  return send(0x23, { build_id, status: "success", output, epoch });
}

function command({ build_id, options, epoch }) {
  const [program, ...rest] = options.command;
  const child = spawn(program, rest, { env: { ...process.env, ...options.env }, detached: true });
  children.set(build_id, child);
  for (const stream of ["stdout", "stderr"]) {
    child[stream].on("data", (chunk) => send(0x22, { build_id, stream, chunk: new Uint8Array(chunk) }));
  }
  child.on("close", (code) => {
    children.delete(build_id);
    if (code === 0) send(0x23, { build_id, status: "success", exit_code: 0, epoch });
    else {
      const why = cancelled.has(build_id) ? "cancelled" : "build_failed";
      const error = { code: why, message: `It ended with ${code}.` };
      send(0x24, { build_id, status: "failed", exit_code: code ?? undefined, error, epoch });
    }
  });
}

function cancel({ build_id, grace_ms = 1_000 }) {
  const child = children.get(build_id);
  if (child === undefined) return;
  cancelled.add(build_id);
  process.kill(-child.pid, "SIGTERM");
  setTimeout(() => children.has(build_id) && process.kill(-child.pid, "SIGKILL"), grace_ms);
}

function take({ type, payload }) {
  const waiting = answers.get(payload.request_id);
  if (waiting) {
    answers.delete(payload.request_id);
    waiting(payload);
  } else if (type === 0x02 && !payload.accepted) {
    console.error(payload.reason);
    process.exit(3);
  } else if (type === 0x02) console.log(`accepted ${runtime}`);
  else if (type === 0x10) send(0x11, { worker_id: workerId });
  else if (type === 0x20) void build(payload);
  else if (type === 0x25) cancel(payload);
}

let held = Buffer.alloc(0);
socket.on("data", (chunk) => {
  held = Buffer.concat([held, chunk]);
  while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
    const end = 4 + held.readUInt32BE(0);
    const message = decode(held.subarray(4, end));
    held = held.subarray(end);
    take(message);
  }
});
socket.on("connect", () => {
  const resources = { cpu: 2 };
  send(0x01, {
    worker_id: workerId,
    capabilities: ["build"],
    runtime,
    token,
    labels: [`machine=${workerId}`],
    resources,
  });
});
socket.on("close", () => process.exit(0));
socket.on("error", (error) => console.error(String(error)));
