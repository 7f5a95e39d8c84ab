// STATE_*: values that workers share with everybody, in the scope `global`, within the prefixes of their token.
import { decodeValue, encodeValue, workerMessageCodes } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { WorkerMessage, WorkerPayload } from "@sluice/protocol/worker-messages";
import { matchesAny } from "../kernel/patterns.ts";
import { attempt, fail, guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import { frameValue } from "./frame-value.ts";
import type { FleetParts } from "./ports.ts";
import type { RemoteWorker } from "./remote-worker.ts";

const scope = "global";

type StateRequest = Extract<WorkerMessage, { readonly name: "STATE_GET" | "STATE_SET" | "STATE_DELETE" }>;
interface Answer {
  readonly value?: unknown;
  readonly version?: number | undefined;
}

export class StateRequests {
  readonly #parts: Pick<FleetParts, "state" | "loadValue">;

  constructor(parts: Pick<FleetParts, "state" | "loadValue">) {
    this.#parts = parts;
  }

  /** Answers a request; bugs reject. */
  async answer(worker: RemoteWorker, request: StateRequest): Promise<void> {
    const answered = refusedTo(worker, request.payload.key) ?? (await this.#answered(worker, request));
    worker.send(workerMessageCodes.STATE_RESPONSE, responseTo(request.id, answered));
  }

  #answered(worker: RemoteWorker, request: StateRequest): Promise<Result<Answer>> {
    switch (request.name) {
      case "STATE_GET":
        return this.#get(request.payload.key);
      case "STATE_SET":
        return guarded(() => this.#set(worker, request.payload));
      default:
        return this.#delete(worker, request.payload);
    }
  }

  async #get(key: string): Promise<Result<Answer>> {
    const found = await this.#parts.state.get(scope, key);
    if (!found.ok) return found;
    const entry = found.value;
    // Version 0 is that of a key that is not there: `if_version: 0` sets it only then.
    if (entry === undefined) return ok({ value: null, version: 0 });
    return attempt(async () => ({
      value: frameValue(decodeValue(await this.#parts.loadValue(entry.value))),
      version: entry.version,
    }));
  }

  async #set(worker: RemoteWorker, p: WorkerPayload<"STATE_SET">): Promise<Result<Answer>> {
    const { key, value, ttl_ms: ttl, if_version: ifVersion } = p;
    const set = await this.#parts.state.set({
      by: worker.permit.actor,
      scope,
      key,
      value: encodeValue(value),
      ttl,
      ifVersion,
    });
    return set.ok ? ok({ version: set.value }) : set;
  }

  async #delete(worker: RemoteWorker, p: WorkerPayload<"STATE_DELETE">): Promise<Result<Answer>> {
    const { key, if_version: ifVersion } = p;
    const deleted = await this.#parts.state.delete({ by: worker.permit.actor, scope, key, ifVersion });
    return deleted.ok ? ok({ version: 0 }) : deleted;
  }
}

function responseTo(request: string, answered: Result<Answer>): Readonly<Record<string, unknown>> {
  if (answered.ok) return { request_id: request, ok: true, ...answered.value };
  const { version } = (answered.error.details ?? {}) as { readonly version?: number };
  return { request_id: request, ok: false, version, error: shown(answered.error) };
}

/** What a worker is told whose token does not let it use a key of state, or a lock of that name; undefined where it may. */
export function refusedTo({ permit: { states } }: RemoteWorker, name: string): Result<never> | undefined {
  if (states === undefined || matchesAny(states, name)) return undefined;
  return fail({ code: "forbidden", message: "The name is not within the prefixes of the worker's token." });
}

/** An error as it stands in a payload. */
export function shown({ code, message }: WireError): { readonly code: string; readonly message: string } {
  return { code, message };
}
