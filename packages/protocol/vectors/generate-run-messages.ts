// Writes run-messages.json beside it: `bun packages/protocol/vectors/generate-run-messages.ts`. The committed file is the
// contract of frames 0x60–0x7f; run this only to add to it, and read the difference.
import { writeFileSync } from "node:fs";
import { encodeFrame } from "../src/frame.ts";
import { runMessageCodes } from "../src/run-messages.ts";
import type { RunMessageName } from "../src/run-messages.ts";
import { encodeValue } from "../src/value.ts";
import { toHex, vectorMessage } from "../src/vectors.suite.ts";

const bytes = (value: unknown): { $bytes: string } => ({ $bytes: btoa(String.fromCharCode(...encodeValue(value))) });
const run = "run_1m7yy4a6e0000t5e4pe4dysc1";
const at = 1_767_225_600_000;
const step = { seq: 0, kind: "step", name: "charge", n: 0, status: "completed", ord: 1, attempt: 2, value: bytes({ id: "c-1" }), at, end: at + 20 };
const sleep = { seq: 1, kind: "sleep", name: "cool down", n: 0, status: "running", ord: 0, attempt: 1, at: at + 21, end: 0, due: at + 86_400_000 };
const assignment = {
  run,
  epoch: 3,
  workflow: "order",
  version: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  input: bytes({ id: "o-17", total: 12.5 }),
  created: at - 5,
  started: at,
  attempt: 1,
  generation: 0,
  tags: ["eu"],
  ord: 1,
  url: "http://127.0.0.1:7890",
  journal: [step, sleep],
};
const placed = (seq: number, name: string): object => ({ seq, name, n: 0 });

const taskPlan = {
  on: { runtime: "python", labels: ["gpu"], capabilities: [] },
  resources: { cpu: 2, memory_bytes: 1_000_000_000 },
  retry: { attemptsMax: 3, backoff: "exponential", delayMs: 1_000, factor: 2, delayMsMax: 3_600_000, jitterRatio: 0, totalMsMax: 86_400_000 },
  timeout: 30_000,
  beat: 5_000,
  key: `${run}:14`,
};
const order = { task: "task_1", epoch: 1, name: "resize", input: bytes({ width: 64 }), attempt: 1, key: `${run}:14`, run, workflow: "order" };
const busy = { name: "Error", message: "busy" };

const payloads: readonly (readonly [RunMessageName, string, Record<string, unknown>])[] = [
  ["deploy", "no workflows", { items: [{ worker: "worker-1", version: "v", workflows: [] }] }],
  [
    "deploy",
    "triggers, schema and retention",
    {
      items: [
        {
          worker: "worker-1",
          version: "v",
          workflows: [
            {
              name: "order",
              triggers: [
                { type: "webhook", path: "/orders", method: "POST" },
                { type: "schedule", cron: "0 2 * * *", timezone: "Europe/Lisbon", input: bytes({}), catchUp: "one", catchUpMax: 100, overlap: "skip", jitter: 30_000 },
              ],
              validates: true,
              schema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
              timeout: 2_592_000_000,
              retention: { age: 86_400_000, count: 1000 },
            },
          ],
        },
      ],
    },
  ],
  ["assign", "with a journal", { items: [assignment] }],
  ["assign", "two, one to be cancelled, one to be checked", {
    items: [
      { ...assignment, journal: [], cancel: { status: "cancelled", reason: "cancelled_by_user", message: "why" } },
      { ...assignment, more: true, check: true, parent: "run_p", key: "o-17" },
    ],
  }],
  ["assign", "undoing", { items: [{ ...assignment, outcome: { op: "undoing", status: "failed", reason: "error", error: bytes({ message: "no" }) } }] }],
  ["journal", "last piece", { items: [{ run, epoch: 3, entries: [{ ...step, undo: true }], more: false }] }],
  [
    "ops",
    "steps",
    {
      items: [
        {
          run,
          epoch: 3,
          ops: [
            { op: "started", ...placed(0, "charge"), at, attempt: 1, undo: true },
            { op: "done", kind: "step", ...placed(0, "charge"), at, attempt: 1, value: bytes({ id: "c-1" }), undo: true },
            { op: "retry", kind: "step", ...placed(1, "label"), at, attempt: 1, error: bytes({ message: "no" }), delay: 1000 },
            { op: "done", kind: "undo", seq: -1, name: "charge", n: 0, at, attempt: 1, value: bytes(undefined) },
          ],
        },
        { run: "run_2", epoch: 1, ops: [{ op: "finish", status: "completed", output: bytes(3) }] },
      ],
    },
  ],
  [
    "ops",
    "waits, calls and state",
    {
      items: [
        {
          run,
          epoch: 3,
          ops: [
            { op: "sleep", ...placed(2, "sleep"), delay: 60_000 },
            { op: "event", ...placed(3, "paid"), key: "o-17", match: bytes({ ok: true }), timeout: 5000 },
            { op: "approval", ...placed(4, "manager"), description: "Order o-17", data: bytes({ total: 12.5 }) },
            { op: "token", ...placed(5, "upload") },
            {
              op: "token",
              ...placed(6, "link: manager: user:ada"),
              group: "0d2c8d44-6b6f-4c0e-8a57-1f2c4a1b9e11",
              title: "manager",
              terms: bytes({ group: "0d2c8d44-6b6f-4c0e-8a57-1f2c4a1b9e11", approver: "user:ada", need: 1, of: 2, delegable: true }),
              timeout: 60_000,
            },
            { op: "approval", ...placed(7, "manager: user:ada"), token: "tok_1" },
            { op: "callback", ...placed(6, "upload"), token: "tok_1" },
            { op: "call", ...placed(7, "shipping"), input: bytes({ a: 1 }), key: "k", tags: ["eu"], priority: 5, delay: 0 },
            { op: "emit", ...placed(8, "shipped"), payload: bytes({}), id: "evt-9" },
            { op: "state", ...placed(9, "global set n"), key: "n", scope: "global", verb: "incr", amount: -1.5, ttl: 60_000 },
            { op: "lock", ...placed(10, "printer"), ttl: 30_000 },
            { op: "unlock", ...placed(11, "printer"), fence: 12 },
            { op: "race", ...placed(12, "race"), value: bytes("a"), losers: [3, 4] },
            { op: "patched", ...placed(13, "v2") },
            { op: "log", level: "info", message: "Übersetze 東京 🚀", at },
            { op: "progress", value: bytes(0.5), at },
            { op: "idle", reason: "sleeping" },
            { op: "park", paused: false },
          ],
        },
      ],
    },
  ],
  ["ops", "endings", {
    items: [
      { run, epoch: 3, ops: [{ op: "undoing", status: "failed", reason: "error", error: bytes({ message: "no" }) }] },
      { run, epoch: 4, ops: [{ op: "blocked", reason: "non_determinism", error: bytes({ message: "no" }) }] },
    ],
  }],
  [
    "events",
    "every kind",
    {
      items: [
        {
          run,
          epoch: 3,
          events: [
            { event: "settle", seq: 0, ord: 1, status: "completed", at },
            { event: "settle", seq: 3, ord: 2, status: "failed", at, error: { $bytes: "" } },
            { event: "started", seq: 0 },
            { event: "wake", seq: 1 },
            { event: "cancel", status: "timedout", reason: "run_timeout", message: "The run took too long." },
            { event: "pause" },
            { event: "drop" },
          ],
        },
      ],
    },
  ],
  ["validate", "input", { items: [{ request: "1", workflow: "order", input: bytes({ id: 1 }) }] }],
  ["validated", "parsed", { items: [{ request: "1", input: bytes({ id: "1" }) }] }],
  ["validated", "refused", { items: [{ request: "1", issues: [{ path: "id", message: "is not a string" }] }] }],
  ["invoke", "a poll", { items: [{ request: "t1", workflow: "feed", trigger: 0, value: bytes({}), ms: 30_000 }] }],
  ["invoked", "found", { items: [{ request: "t1", found: { items: [{ id: "a", input: bytes({ id: "a" }) }], cursor: bytes(1) } }] }],
  ["invoked", "start", { items: [{ request: "t2", verdict: { verdict: "start", input: bytes({ n: 1 }), key: "k" } }] }],
  ["invoked", "failed", { items: [{ request: "t3", error: bytes({ message: "no" }) }] }],
  ["drain", "ten seconds", { items: [{ ms: 10_000 }] }],
  ["handback", "one run", { items: [{ runs: [{ run, epoch: 3 }] }] }],
  ["handback", "nothing", { items: [{ runs: [] }] }],
  ["piece", "first", { id: "00000000-0000-4000-8000-000000000001", index: 0, last: false, bytes: { $bytes: "AAEC" } }],
  ["piece", "last", { id: "00000000-0000-4000-8000-000000000001", index: 1, last: true, bytes: { $bytes: "Aw==" } }],
  ["checked", "follows the journal", { items: [{ run, epoch: 3 }] }],
  ["checked", "does not", { items: [{ run, epoch: 3, error: bytes({ message: "no" }) }] }],
  ["reveal", "a secret", { items: [{ request: "s1", name: "stripe/key" }] }],
  ["revealed", "its value", { items: [{ request: "s1", value: "sk_test_1" }] }],
  ["revealed", "there is none", { items: [{ request: "s1" }] }],
  ["revealed", "it cannot be opened", { items: [{ request: "s1", error: bytes({ message: "no" }) }] }],
  ["admit", "a breaker", { items: [{ request: "b1", breaker: { name: "payments", threshold: 5, recovery: 30_000, probes: 1 } }] }],
  ["admitted", "in round 2", { items: [{ request: "b1", round: 2 }] }],
  ["admitted", "not before", { items: [{ request: "b1", retry: at + 30_000 }] }],
  ["ops", "an attempt behind a breaker", {
    items: [
      {
        run,
        epoch: 3,
        ops: [
          { op: "done", kind: "step", ...placed(0, "charge"), at, attempt: 1, value: bytes(1), breaker: { name: "payments", threshold: 5, recovery: 30_000, probes: 1, round: 2, outcome: "ok" } },
        ],
      },
    ],
  }],
  ["services", "one that is ill", {
    items: [{ services: [{ id: "slack", name: "Slack", version: "1.0.0", status: "unhealthy", since: at, checked: at, message: "no answer", calls: 7, failures: 1 }] }],
  }],
  ["deploy", "tasks and no workflows", {
    items: [{ worker: "worker-1", version: "v", workflows: [], tasks: [{ name: "resize" }, { name: "images/crop", description: "Crops" }] }],
  }],
  ["ops", "a task", { items: [{ run, epoch: 3, ops: [{ op: "task", ...placed(14, "resize"), input: bytes({ width: 64 }), plan: taskPlan, timeout: 60_000 }] }] }],
  ["task", "first attempt", { items: [order] }],
  ["task", "two, one of them tried again", { items: [order, { ...order, task: "task_2", epoch: 4, attempt: 3 }] }],
  ["revoke", "nobody wants it", { items: [{ task: "task_1", epoch: 1, reason: "The run has ended." }] }],
  ["result", "a value", { items: [{ task: "task_1", epoch: 1, value: bytes({ file: "a.png" }) }] }],
  ["result", "a value of nothing", { items: [{ task: "task_1", epoch: 1 }] }],
  ["result", "an error, to be tried again in five seconds", { items: [{ task: "task_1", epoch: 1, error: bytes(busy), after: 5_000 }] }],
  ["result", "an error that another attempt does not mend", { items: [{ task: "task_1", epoch: 1, error: bytes(busy), final: true }] }],
  ["note", "a sign of life", { items: [{ task: "task_1", epoch: 1, at }] }],
  ["note", "a line of log", { items: [{ task: "task_1", epoch: 1, at, level: "warn", message: "Übersetze 東京 🚀", data: bytes({ n: 1 }) }] }],
  ["note", "how far it is", { items: [{ task: "task_1", epoch: 1, at, progress: bytes(0.5) }] }],
  ["handback", "a task", { items: [{ runs: [], tasks: [{ task: "task_1", epoch: 1 }] }] }],
  ["refresh", "two secrets", { items: [{ secrets: ["stripe/key", "smtp"] }] }],
];

const vectors = payloads.map(([name, what, payload], index) => {
  const id = `00000000-0000-4000-8000-${(index + 1).toString(16).padStart(12, "0")}`;
  const message = { version: 1 as const, type: runMessageCodes[name], id, timestamp: at + index, runtime: "bun", payload };
  return { name: `${name}: ${what}`, hex: toHex(encodeFrame(vectorMessage(message))), message };
});
const about =
  "Frames 0x60–0x7f of the worker protocol, version 1: hex is the whole frame. Values inside are documents of the value format; $bytes is bytes in base64.";
writeFileSync(new URL("run-messages.json", import.meta.url), `${JSON.stringify({ about, vectors, refused: [] }, null, 1)}\n`);
