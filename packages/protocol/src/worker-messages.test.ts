// The message table against the page that defines it: codes, directions, required and optional keys.
import { describe, expect, test } from "bun:test";
import type { WireMessage } from "./frame.ts";
import { workerMessageCodes, workerMessageName } from "./worker-message-codes.ts";
import type { WorkerMessageName } from "./worker-message-codes.ts";
import { parseWorkerMessage, workerMessages } from "./worker-messages.ts";

function message(name: WorkerMessageName, payload: Record<string, unknown>): WireMessage {
  return { version: 1, type: workerMessageCodes[name], id: "i", timestamp: 1, runtime: "python", payload };
}

/** A payload with the required keys of each type and nothing else. */
const required: Readonly<Record<WorkerMessageName, Record<string, unknown>>> = {
  HELLO: { worker_id: "w", capabilities: [] },
  HELLO_ACK: { accepted: true },
  HEARTBEAT: {},
  HEARTBEAT_ACK: {},
  BUILD_REQUEST: { build_id: "b", target: "t", options: {} },
  BUILD_STARTED: { build_id: "b" },
  BUILD_PROGRESS: { build_id: "b" },
  BUILD_COMPLETED: { build_id: "b", status: "success" },
  BUILD_FAILED: { build_id: "b", status: "failed" },
  BUILD_CANCEL: { build_id: "b" },
  STATE_GET: { key: "k" },
  STATE_SET: { key: "k", value: null },
  STATE_DELETE: { key: "k" },
  STATE_RESPONSE: { request_id: "r", ok: true },
  LOCK_ACQUIRE: { resource: "l", ttl_ms: 1 },
  LOCK_RELEASE: { resource: "l", token: "t" },
  LOCK_RESPONSE: { request_id: "r", ok: false },
  RESOURCE_CLAIM: { resources: {} },
  RESOURCE_RELEASE: { claim_id: "c" },
  RESOURCE_STATUS: { total: {}, claimed: {} },
  ERROR: { code: "c", message: "m" },
};

test("codes and directions are those of the page", () => {
  const page =
    "01 HELLO w 02 HELLO_ACK m 10 HEARTBEAT b 11 HEARTBEAT_ACK b 20 BUILD_REQUEST m 21 BUILD_STARTED w 22 BUILD_PROGRESS w " +
    "23 BUILD_COMPLETED w 24 BUILD_FAILED w 25 BUILD_CANCEL m 30 STATE_GET w 31 STATE_SET w 32 STATE_DELETE w " +
    "33 STATE_RESPONSE m 40 LOCK_ACQUIRE w 41 LOCK_RELEASE w 42 LOCK_RESPONSE m 50 RESOURCE_CLAIM w 51 RESOURCE_RELEASE w " +
    "52 RESOURCE_STATUS b ff ERROR b";
  const letters = { to_master: "w", to_worker: "m", both: "b" } as const;
  const table = Object.entries(workerMessages).map(
    ([name, row]) => `${row.code.toString(16).padStart(2, "0")} ${name} ${letters[row.direction]}`,
  );
  expect(table.join(" ")).toBe(page);
  for (const [name, { code }] of Object.entries(workerMessages))
    expect(workerMessageName(code)).toBe(name as WorkerMessageName);
});

for (const name of Object.keys(required) as WorkerMessageName[]) {
  describe(name, () => {
    test("takes its required keys alone, ignores unknown keys and reads nil as absent", () => {
      const payload = required[name];
      const bare = parseWorkerMessage(message(name, payload));
      expect(bare).toMatchObject({ ok: true, message: { name, id: "i", runtime: "python", payload } });
      expect(parseWorkerMessage(message(name, { ...payload, unheard_of: { a: 1 } })).ok).toBe(true);
      const optional = Object.keys(workerMessages[name].payload.shape).filter((key) => !(key in payload));
      const nils = parseWorkerMessage(
        message(name, { ...Object.fromEntries(optional.map((key) => [key, null])), ...payload }),
      );
      if (!nils.ok) throw new Error(nils.message);
      const read = nils.message.payload as Record<string, unknown>;
      for (const key of optional)
        expect([undefined, ...(["output", "value"].includes(key) ? [null] : [])]).toContain(read[key] as null);
    });

    test("refuses each required key when it is missing, by name", () => {
      for (const key of Object.keys(required[name])) {
        const { [key]: _, ...rest } = required[name];
        const result = parseWorkerMessage(message(name, rest));
        expect(result).toMatchObject({ ok: false, code: "message_bad_payload" });
        expect(result.ok ? "" : result.message).toStartWith(`${name}: payload.${key}: `);
      }
    });

    test("refuses the wrong sender only", () => {
      const { direction } = workerMessages[name];
      const sent = message(name, required[name]);
      expect(parseWorkerMessage(sent, "worker").ok).toBe(direction !== "to_worker");
      expect(parseWorkerMessage(sent, "master").ok).toBe(direction !== "to_master");
    });
  });
}

test("an unknown type, and one of runs and steps, is answered by its number", () => {
  for (const type of [0, 3, 0x60, 0x7f, 0xfe, 1e9]) {
    expect(parseWorkerMessage({ ...message("HEARTBEAT", {}), type })).toMatchObject({
      ok: false,
      code: "message_unknown_type",
    });
  }
  expect(parseWorkerMessage({ ...message("HEARTBEAT", {}), type: 3 })).toMatchObject({
    message: "message type 0x03 is not known here",
  });
});

test("wrong types of known keys are refused with their place", () => {
  const bad: readonly (readonly [WorkerMessageName, Record<string, unknown>, string])[] = [
    ["HELLO", { worker_id: "", capabilities: [] }, "payload.worker_id"],
    ["HELLO", { worker_id: "w", capabilities: [1] }, "payload.capabilities.0"],
    ["HELLO", { worker_id: "w", capabilities: [], slots: 0 }, "payload.slots"],
    ["HELLO", { worker_id: "w", capabilities: [], running: [{ build_id: "b" }] }, "payload.running.0.epoch"],
    ["BUILD_COMPLETED", { build_id: "b", status: "failed" }, "payload.status"],
    ["BUILD_PROGRESS", { build_id: "b", stream: "stdin" }, "payload.stream"],
    ["BUILD_REQUEST", { build_id: "b", target: "t", options: { command: "npm run" } }, "payload.options.command"],
    ["LOCK_ACQUIRE", { resource: "l", ttl_ms: -1 }, "payload.ttl_ms"],
    ["RESOURCE_CLAIM", { resources: { cpu: -1 } }, "payload.resources.cpu"],
    ["STATE_SET", { key: "k", value: 1, if_version: 2n ** 60n }, "payload.if_version"],
  ];
  for (const [name, payload, place] of bad) {
    const result = parseWorkerMessage(message(name, payload));
    expect(result.ok ? "accepted" : result.message).toStartWith(`${name}: ${place}: `);
  }
});

test("a worker of any make keeps the version key of its runtime", () => {
  const result = parseWorkerMessage(message("HELLO", { worker_id: "w", capabilities: [], python_version: "3.12.1" }));
  expect(result).toMatchObject({ ok: true, message: { payload: { python_version: "3.12.1" } } });
});
