// Flow control as workflows declare it, made into what the store keeps: rules, and for each run the gates it passes. A key is a
// path into the input, and the engine reads it: it never executes user code.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { FlowManifest, WorkflowManifest } from "@sluice/protocol";
import { gateId, queueGate, ruleId, type Admission } from "../kernel/flow.ts";
import type { FlowRule, RunFlow } from "../kernel/run-store.ts";
import { hashOf } from "./input-hash.ts";
import type { EngineLimits } from "./limits.ts";

/** Longer keys are replaced by their digest. */
const keyCharsMax = 200;

/** What the code of a workflow says about its gates. */
export function flowRules({ name, flow }: WorkflowManifest): readonly FlowRule[] {
  if (flow === undefined) return [];
  const { concurrency = [], throttle, singleton, fairness } = flow;
  const rules: FlowRule[] = concurrency.map(({ limit, key = "", countWaiting }) => {
    const kind = "concurrency" as const;
    return { id: ruleId(name, kind, key), workflow: name, kind, path: key, max: limit, countWaiting };
  });
  if (throttle !== undefined) {
    const { count, per, burst, key = "" } = throttle;
    const kind = "throttle" as const;
    const id = ruleId(name, kind, key);
    rules.push({ id, workflow: name, kind, path: key, max: count, perMs: per, burst, countWaiting: false });
  }
  if (singleton !== undefined) {
    const { key = "" } = singleton;
    const kind = "singleton" as const;
    rules.push({ id: ruleId(name, kind, key), workflow: name, kind, path: key, max: 1, countWaiting: true });
  }
  if (fairness !== undefined) {
    const { key, limit } = fairness;
    const kind = "fairness" as const;
    rules.push({ id: ruleId(name, kind, key), workflow: name, kind, path: key, max: limit, countWaiting: false });
  }
  return rules;
}

/** The gates of a run with this input; undefined when it passes none. A start has an `admission` too, a fork has not. */
export function flowOf(
  { name, flow }: WorkflowManifest,
  input: Uint8Array,
  limits: Pick<EngineLimits, "queueLengthMax" | "batchBytesMax">,
): RunFlow | undefined {
  if (flow === undefined) return undefined;
  const keys = new KeyReader(input);
  const gate = (kind: "concurrency" | "throttle" | "singleton" | "fairness", key = ""): string =>
    gateId(ruleId(name, kind, key), keys.read(key));
  const { concurrency = [], throttle, singleton, fairness, queue } = flow;
  const share = fairness === undefined ? "" : gate("fairness", fairness.key);
  const gates = [
    ...(queue === undefined ? [] : [queueGate(queue)]),
    ...concurrency.map(({ key }) => gate("concurrency", key)),
    ...(singleton === undefined ? [] : [gate("singleton", singleton.key)]),
    ...(fairness === undefined ? [] : [share]),
    // Last: only what has passed all others takes a beginning from it.
    ...(throttle === undefined ? [] : [gate("throttle", throttle.key)]),
  ];
  const admission = admissionOf({ name, flow }, keys, limits);
  if (gates.length === 0 && admission === undefined) return undefined;
  return { gates, share, ...(admission === undefined ? {} : { admission }) };
}

function admissionOf(
  { name, flow }: { readonly name: string; readonly flow: FlowManifest },
  keys: KeyReader,
  limits: Pick<EngineLimits, "queueLengthMax" | "batchBytesMax">,
): Admission | undefined {
  const { rateLimit, debounce, batch, singleton } = flow;
  const windowId = (what: string, key = ""): string => ["window", name, what, key, keys.read(key)].join("\t");
  const gated = flow.concurrency ?? flow.throttle ?? flow.fairness ?? flow.queue ?? singleton;
  if (rateLimit === undefined && debounce === undefined && batch === undefined && gated === undefined) return undefined;
  return {
    queuedMax: limits.queueLengthMax,
    ...(rateLimit === undefined
      ? {}
      : { rate: { id: windowId("rate", rateLimit.key), count: rateLimit.count, perMs: rateLimit.per } }),
    ...(debounce === undefined
      ? {}
      : {
          debounce: {
            id: windowId("debounce", debounce.key),
            waitMs: debounce.wait,
            maxWaitMs: debounce.maxWait,
            leading: debounce.leading,
            trailing: debounce.trailing,
          },
        }),
    ...(batch === undefined
      ? {}
      : {
          batch: {
            id: windowId("batch", batch.key),
            size: batch.size,
            waitMs: batch.wait,
            bytesMax: limits.batchBytesMax,
          },
        }),
    ...(singleton === undefined
      ? {}
      : {
          singleton: {
            id: gateId(ruleId(name, "singleton", singleton.key ?? ""), keys.read(singleton.key ?? "")),
            mode: singleton.mode,
          },
        }),
  };
}

/** Reads keys from an input, which is decoded only where there is one to read. */
class KeyReader {
  readonly #input: Uint8Array;
  #value: unknown;
  #decoded = false;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  /** The key at a path; empty for none. What is not there is a key of its own, shared by all inputs without it. */
  read(path: string): string {
    if (path === "") return "";
    if (!this.#decoded) {
      this.#value = decodeValue(this.#input);
      this.#decoded = true;
    }
    let value = this.#value;
    for (const name of path.split(".").slice(1)) {
      const inside = typeof value === "object" && value !== null && Object.hasOwn(value, name);
      value = inside ? (value as Record<string, unknown>)[name] : undefined;
    }
    const text = keyText(value);
    return text.length > keyCharsMax ? text.slice(0, 32) + hashOf(encodeValue(text)) : text;
  }
}

/** As people would write it; a list or an object as JSON. */
function keyText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object")
    return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item));
  return `${value as number}`;
}
