// The client of a running server, for every JavaScript runtime: the interface that `open` offers in process.
import { decodeValue, encodeValue, parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration, JoinReason } from "@sluice/protocol";
import type {
  Client,
  Decision,
  PendingApproval,
  Run,
  RunHandle,
  RunQuery,
  ServerClient,
  StartOptions,
  StateValue,
} from "./client.ts";
import { HttpLogs } from "./connect-logs.ts";
import { HttpMetrics } from "./connect-metrics.ts";
import { ConnectedRun, runOf } from "./connect-run.ts";
import { HttpLink } from "./http-link.ts";
import type { Fetch } from "./http-link.ts";
import type { Workflow } from "./workflow.ts";

export interface ConnectOptions {
  /** Address of the server, such as `http://127.0.0.1:7890`. */
  readonly url: string;
  /** The server's bearer token. */
  readonly token?: string;
  /** Instead of the runtime's own. */
  readonly fetch?: Fetch;
  /** Longest time for one request, its waiting on the server aside. Default 30 seconds. */
  readonly timeout?: Duration;
  /** How long requests that may be repeated are repeated while the server cannot be reached. Default 1 minute. */
  readonly reconnect?: Duration;
}

const timeoutDefault = "30s";
const reconnectDefault = "1m";
const approvalsMax = 200;

/**
 * Connects to a server; nothing is sent until something is asked for. Failures are thrown as `SluiceError`. Reading, and
 * starting with an idempotency key, is repeated while the server cannot be reached; other changes are not, since a lost
 * answer does not say whether they happened.
 */
export function connect(options: ConnectOptions): ServerClient {
  const link = new HttpLink({
    url: options.url,
    token: options.token,
    fetch: options.fetch ?? (async (url, init) => globalThis.fetch(url, init)),
    timeoutMs: parseDuration(options.timeout ?? timeoutDefault),
    reconnectMs: parseDuration(options.reconnect ?? reconnectDefault),
  });
  return new HttpClient(link);
}

/** Attributes as they travel: a time as milliseconds. */
function sentAttributes(
  attributes: NonNullable<StartOptions["attributes"]>,
): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, value instanceof Date ? value.getTime() : value]),
  );
}

class HttpClient implements ServerClient {
  readonly #link: HttpLink;
  readonly logs: ServerClient["logs"];
  readonly metrics: ServerClient["metrics"];

  constructor(link: HttpLink) {
    this.#link = link;
    this.logs = new HttpLogs(link);
    this.metrics = new HttpMetrics(link);
  }

  async start(workflow: Workflow | string, input?: unknown, options: StartOptions = {}): Promise<RunHandle<never>> {
    const { id, idempotencyKey, priority, delay, tags, attributes } = options;
    const name = typeof workflow === "string" ? workflow : workflow.name;
    const answer = await this.#link.send({
      method: "POST",
      path: ["workflows", name, "runs"],
      repeatable: idempotencyKey !== undefined,
      body: {
        input: encodeValue(input),
        ...(id === undefined ? {} : { id }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(priority === undefined ? {} : { priority }),
        ...(delay === undefined ? {} : { delay }),
        ...(tags === undefined ? {} : { tags }),
        ...(attributes === undefined ? {} : { attributes: sentAttributes(attributes) }),
      },
    });
    const run = answer["run"] as { readonly id: string };
    const joined = answer["joined"] as JoinReason | undefined;
    return new ConnectedRun<never>(this.#link, { id: run.id, created: answer["created"] === true, joined });
  }

  run<O = unknown>(id: string): RunHandle<O> {
    return new ConnectedRun<O>(this.#link, { id, created: false });
  }

  async runs(query: RunQuery = {}): Promise<{ readonly runs: readonly Run[]; readonly nextCursor: string | null }> {
    const { status, attributes, ...rest } = query;
    const page = await this.#link.send({
      method: "GET",
      path: ["runs"],
      query: { ...rest, attr: attributes?.join(","), status: typeof status === "object" ? status.join(",") : status },
      repeatable: true,
    });
    return {
      runs: (page["runs"] as readonly unknown[]).map(runOf),
      nextCursor: page["nextCursor"] as string | null,
    };
  }

  async emit(
    name: string,
    payload?: unknown,
    options: { readonly key?: string; readonly id?: string } = {},
  ): Promise<{ readonly duplicate: boolean }> {
    const answer = await this.#link.send({
      method: "POST",
      path: ["events"],
      repeatable: options.id !== undefined,
      body: {
        name,
        payload: encodeValue(payload),
        ...(options.key === undefined ? {} : { key: options.key }),
        ...(options.id === undefined ? {} : { id: options.id }),
      },
    });
    return { duplicate: answer["duplicate"] === true };
  }

  async approvals(): Promise<readonly PendingApproval[]> {
    const answer = await this.#link.send({
      method: "GET",
      path: ["approvals"],
      query: { limit: approvalsMax },
      repeatable: true,
    });
    type Listed = Omit<PendingApproval, "token"> & { readonly token: string | null };
    return (answer["approvals"] as readonly Listed[]).map((approval) => ({
      ...approval,
      token: approval.token ?? "",
      data: approval.data instanceof Uint8Array ? decodeValue(approval.data) : null,
    }));
  }

  async approve(token: string, decision: Decision): Promise<void> {
    const { approved, reason, payload } = decision;
    await this.#link.send({
      method: "POST",
      path: ["approvals", token],
      repeatable: false,
      body: {
        approved,
        ...(reason === undefined ? {} : { reason }),
        ...(payload === undefined ? {} : { payload: encodeValue(payload) }),
      },
    });
  }

  async complete(token: string, payload?: unknown): Promise<void> {
    await this.#link.send({
      method: "POST",
      path: ["callbacks", token],
      repeatable: false,
      body: encodeValue(payload),
    });
  }

  readonly state: Client["state"] = {
    get: async (scope: string, key: string): Promise<StateValue | undefined> => {
      try {
        const entry = await this.#link.send({ method: "GET", path: ["state", scope, key], repeatable: true });
        const { value, version, expiresAt } = entry as { value: Uint8Array; version: number; expiresAt: number | null };
        return { value: decodeValue(value), version, expiresAt };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    set: async (...[scope, key, value, options = {}]) => {
      const { ttl, ifVersion } = options;
      const answer = await this.#link.send({
        method: "PUT",
        path: ["state", scope, key],
        repeatable: ifVersion === undefined,
        headers:
          ifVersion === undefined ? {} : ifVersion === 0 ? { "if-none-match": "*" } : { "if-match": `"${ifVersion}"` },
        body: { value: encodeValue(value), ...(ttl === undefined ? {} : { ttl }) },
      });
      return answer["version"] as number;
    },
    delete: async (scope, key) => {
      try {
        await this.#link.send({ method: "DELETE", path: ["state", scope, key], repeatable: false });
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
  };

  /** Nothing is held open between requests. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof SluiceError && error.code === "not_found";
}
