// Completes a worker's operations for the store: absolute times, tokens, ids of children, blobs for large values.
import { encodeError, encodeValue, formatTraceparent, parseTraceparent, SluiceError, spanIdOf } from "@sluice/protocol";
import type { ChildOp, RunOp } from "@sluice/protocol";
import type { Ids } from "../kernel/ids.ts";
import type { NewRun, StoreOp } from "../kernel/run-store.ts";
import type { HotSeal, Sealer } from "./sealing.ts";
import type { Values } from "./values.ts";

/** What is known about the run whose operations these are. */
export interface PrepareFor {
  readonly run: string;
  readonly workflow: string;
  readonly now: number;
  readonly streamBytesMax: number;
  readonly seal: HotSeal | undefined;
  /** The span that began the run, where it is part of a trace. */
  readonly trace: string | undefined;
}

export interface PrepareWith {
  readonly ids: Ids;
  readonly values: Values;
  readonly sealer: Sealer;
  /** The rest of a child run, from its workflow. */
  readonly child: (p: {
    readonly workflow: string;
    readonly op: ChildOp;
    readonly parent: NewRun["parent"];
    readonly now: number;
  }) => NewRun;
  /** The run that another of this workflow goes on as. */
  readonly next: (p: { readonly workflow: string; readonly input: Uint8Array; readonly now: number }) => NewRun;
}

/** What makes the runs that operations begin. */
interface RunMaker {
  childRun(p: Parameters<PrepareWith["child"]>[0]): NewRun;
  nextRun(p: Parameters<PrepareWith["next"]>[0]): NewRun;
}

export function prepareWith(parts: Pick<PrepareWith, "ids" | "values" | "sealer">, maker: RunMaker): PrepareWith {
  return { ...parts, child: (p) => maker.childRun(p), next: (p) => maker.nextRun(p) };
}

/** Operations for the store; undefined for what is only shown. Large values are dealt with by `keepLarge` afterwards. */
export function prepareOp(op: RunOp, run: PrepareFor, by: PrepareWith): StoreOp | undefined {
  const { now } = run;
  switch (op.op) {
    case "park":
      return undefined;
    case "started":
      return op.undo ? op : undefined;
    case "retry":
      return { ...op, due: now + op.delay };
    case "sleep":
      return { ...op, due: op.until ?? now + (op.delay ?? 0) };
    case "event":
    case "callback":
    case "lock":
      return op.timeout === undefined ? op : { ...op, due: now + op.timeout };
    case "approval": {
      const due = op.timeout === undefined ? {} : { due: now + op.timeout };
      const { token } = op;
      return token === undefined ? { ...op, token: by.ids.token(), ...due } : { ...op, token, linked: true, ...due };
    }
    case "token": {
      const token = by.ids.token();
      return {
        ...op,
        token,
        value: encodeValue(token),
        ...(op.timeout === undefined ? {} : { due: now + op.timeout }),
      };
    }
    case "task": {
      const due = op.timeout === undefined ? {} : { due: now + op.timeout };
      return { ...op, task: by.ids.task(), ...due };
    }
    case "call":
    case "start": {
      const parent = { run: run.run, seq: op.seq, detached: op.op === "start" };
      const made = by.child({ workflow: op.name, op, parent, now });
      const child = run.trace === undefined ? made : { ...made, ...tracedBy(run, op.seq) };
      if (!by.sealer.active) return { ...op, child };
      return sealedChild({ ...op, child }, run, by);
    }
    case "chunk":
      return { ...op, keepBytes: run.streamBytesMax };
    case "finish":
      if (op.input === undefined) return op;
      return { ...op, child: by.sealer.child(run.seal, nextRun(op.input, run, by)) };
    case "state":
      return { ...op, scope: scopeName(op.scope, run) };
    default:
      return op;
  }
}

function nextRun(input: Uint8Array, run: PrepareFor, by: PrepareWith): NewRun {
  return { ...by.next({ workflow: run.workflow, input, now: run.now }), ...tracedBy(run) };
}

/** The entry is the span that begins a child; the run is that of the one that it goes on as. */
function tracedBy({ run, trace }: PrepareFor, seq?: number): Pick<NewRun, "trace"> {
  const began = parseTraceparent(trace);
  return began === undefined ? {} : { trace: formatTraceparent({ ...began, spanId: spanIdOf(run, seq) }) };
}

/** The run it begins, sealed where it is to be; one that cannot be is the recorded failure of its call. */
function sealedChild(op: ChildOp & { readonly child: NewRun }, run: PrepareFor, { sealer }: PrepareWith): StoreOp {
  try {
    const child = sealer.child(run.seal, op.child);
    return { ...op, child, input: child.input };
  } catch (error) {
    if (error instanceof SluiceError) return refused(op, error, run.now);
    throw error;
  }
}

function scopeName(scope: "run" | "workflow" | "global", run: PrepareFor): string {
  if (scope === "run") return `run:${run.run}`;
  return scope === "workflow" ? `workflow:${run.workflow}` : "global";
}

const valueKeys = ["value", "error", "output", "payload", "input", "data"] as const;

/** True when some value of this operation cannot be stored as it is. */
export function hasLarge(op: StoreOp, values: Values): boolean {
  for (const key of valueKeys) {
    if (key in op && values.isLarge((op as Record<string, unknown>)[key] as Uint8Array | undefined)) return true;
  }
  return false;
}

/** Replaces large values by references to blobs; one over the limit becomes the recorded failure of its call. */
export async function keepLarge(
  op: StoreOp,
  values: Values,
  now: number,
): Promise<{ readonly op: StoreOp; readonly releases: readonly (() => void)[] }> {
  const releases: (() => void)[] = [];
  const changed: Record<string, unknown> = {};
  for (const key of valueKeys) {
    const bytes = (op as unknown as Record<string, unknown>)[key] as Uint8Array | undefined;
    if (!values.isLarge(bytes)) continue;
    if (bytes.length > values.payloadBytesMax)
      return { op: refused(op, values.tooLarge(describe(op, key), bytes), now), releases };
    if ("child" in op && op.child?.flow?.admission?.batch !== undefined)
      return {
        op: refused(op, values.tooLarge(`${describe(op, key)}, which is gathered with others,`, bytes), now),
        releases,
      };
    const { stored, release } = await values.keep(bytes);
    releases.push(release);
    changed[key] = stored;
  }
  if (op.op === "emit" && changed["payload"] !== undefined) changed["content"] = op.payload;
  if ("child" in op && op.child !== undefined && changed["input"] !== undefined)
    changed["child"] = { ...op.child, input: changed["input"] };
  return { op: { ...op, ...changed } as StoreOp, releases };
}

function describe(op: StoreOp, key: string): string {
  return "name" in op ? `The ${key} of ${op.op} ${op.name}` : `The ${key} of the run`;
}

/** The failure of an operation that cannot be carried out, in the place of the operation. */
export function refused(op: StoreOp, error: SluiceError, now: number): StoreOp {
  const bytes = encodeError(error);
  if (op.op === "finish" || op.op === "undoing") {
    const { status, reason } = op;
    // A success that cannot be recorded is a failure like any other: what was done has to be undone first.
    if (status === "completed") return { op: "undoing", status: "failed", reason: "error", error: bytes };
    return op.op === "finish"
      ? { op: "finish", status, reason: reason ?? "error", error: bytes }
      : { ...op, error: bytes };
  }
  if (
    op.op === "log" ||
    op.op === "chunk" ||
    op.op === "attributes" ||
    op.op === "progress" ||
    op.op === "blocked" ||
    op.op === "idle"
  ) {
    return { op: "log", level: "warn", message: error.message, at: now };
  }
  const kind =
    op.op === "done" || op.op === "retry" ? op.kind : op.op === "started" || op.op === "cache" ? "step" : op.op;
  return { op: "done", kind, seq: op.seq, name: op.name, n: op.n, at: now, attempt: 1, error: bytes };
}
