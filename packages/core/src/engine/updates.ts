// Turns journal writes into updates for those who watch a run.
import { decodeErrorValue, decodeValue } from "@sluice/protocol";
import type { RunEvent, RunOp } from "@sluice/protocol";
import type { RunUpdate, Watchers } from "./watch.ts";
import type { FinishedRun } from "../kernel/run-store.ts";
import { isStandIn } from "../kernel/blob-ref.ts";

/** Publishes what operations did; `events` tells which of them settled, and with which number. */
export function publishOps(
  watchers: Watchers,
  run: string,
  { ops, events }: { readonly ops: readonly RunOp[]; readonly events: readonly RunEvent[] },
): void {
  const settled = new Map<number, Extract<RunEvent, { event: "settle" }>>();
  for (const event of events) if (event.event === "settle") settled.set(event.seq, event);
  // Of several operations on one entry the last one is what settled it.
  const last = new Map<number, RunOp>();
  for (const op of ops) if ("seq" in op && settled.has(op.seq)) last.set(op.seq, op);
  for (const op of ops) {
    const own = "seq" in op && last.get(op.seq) === op ? settled.get(op.seq) : undefined;
    const update = updateOf(run, op, own);
    if (update !== undefined) watchers.publish(update);
    if (own !== undefined) settled.delete(own.seq);
  }
  for (const event of settled.values()) watchers.publish(settledUpdate(run, event));
}

/** An entry that settled without an operation of its own run. */
export function settledUpdate(run: string, event: Extract<RunEvent, { event: "settle" }>): RunUpdate {
  return { run, id: event.ord, type: "step", at: event.at, data: { seq: event.seq, status: event.status } };
}

/** The end of a run. */
export function endedUpdate({ run, status, reason }: FinishedRun, at: number): RunUpdate {
  return { run, type: "run", at, data: { status, statusReason: reason ?? null } };
}

function updateOf(
  run: string,
  op: RunOp,
  settled: Extract<RunEvent, { event: "settle" }> | undefined,
): RunUpdate | undefined {
  switch (op.op) {
    case "log":
      return { run, type: "log", at: op.at, data: { level: op.level, message: op.message, data: shown(op.data) } };
    case "progress":
      return { run, type: "progress", at: op.at, data: { progress: shown(op.value) } };
    case "idle":
      return { run, type: "run", at: 0, data: { status: "waiting", statusReason: op.reason ?? null } };
    case "undoing":
      return { run, type: "run", at: 0, data: { status: "undoing" } };
    case "blocked":
      return {
        run,
        type: "run",
        at: 0,
        data: { status: "waiting", statusReason: op.reason, error: failure(op.error) },
      };
    case "attributes":
    case "chunk":
    case "cache":
    case "finish":
    case "park":
      return undefined;
    default:
      break;
  }
  const kind = op.op === "done" || op.op === "retry" ? op.kind : op.op === "started" ? "step" : op.op;
  const data: Record<string, unknown> = { seq: op.seq, kind, name: op.name, status: settled?.status ?? "running" };
  if ("attempt" in op) data["attempt"] = op.attempt;
  if (op.op === "done" && op.error !== undefined) data["error"] = failure(op.error);
  if (op.op === "retry") {
    data["error"] = failure(op.error);
    data["retryInMs"] = op.delay;
  }
  return { run, id: settled?.ord, type: "step", at: settled?.at ?? ("at" in op ? op.at : 0), data };
}

function failure(bytes: Uint8Array): unknown {
  if (isStandIn(bytes)) return { message: "too large to show here" };
  const { name, message, code } = decodeErrorValue(bytes);
  return { name, message, code: code ?? null };
}

function shown(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined || isStandIn(bytes) ? null : decodeValue(bytes);
}
