// The client of an engine in the same process: the interface that `connect` offers over HTTP.
import { attributeFilter, termsOf, unwrap } from "@sluice/core";
import type { Actor, Engine, TokenRecord } from "@sluice/core";
import { decodeValue, encodeValue, parseDuration } from "@sluice/protocol";
import type {
  Client,
  Decision,
  PendingApproval,
  Run,
  RunHandle,
  RunQuery,
  StartOptions,
  StateValue,
  Workflow,
} from "@sluice/sdk";
import { EmbeddedRun } from "./run.ts";
import { showRun } from "./view.ts";

const pageSizeDefault = 50;
const approvalsMax = 1_000;

export class EmbeddedClient implements Client {
  readonly #engine: Engine;
  readonly #by: Actor;
  readonly #close: () => Promise<void>;

  constructor(engine: Engine, by: Actor, close: () => Promise<void>) {
    this.#engine = engine;
    this.#by = by;
    this.#close = close;
  }

  async start(workflow: Workflow | string, input?: unknown, options: StartOptions = {}): Promise<RunHandle<never>> {
    const { run, created, joined } = unwrap(
      await this.#engine.startRun({
        by: this.#by,
        workflow: typeof workflow === "string" ? workflow : workflow.name,
        input: encodeValue(input),
        id: options.id,
        key: options.idempotencyKey,
        priority: options.priority,
        delayMs: options.delay === undefined ? undefined : parseDuration(options.delay),
        tags: options.tags,
        attributes: options.attributes,
      }),
    );
    return new EmbeddedRun<never>(this.#engine, this.#by, { id: run.id, created, joined });
  }

  run<O = unknown>(id: string): RunHandle<O> {
    return new EmbeddedRun<O>(this.#engine, this.#by, { id, created: false });
  }

  async runs(query: RunQuery = {}): Promise<{ readonly runs: readonly Run[]; readonly nextCursor: string | null }> {
    const { workflow, tag, chain, attributes = [], from, to, status, cursor } = query;
    const statuses = status === undefined || typeof status === "string" ? status && [status] : status;
    const page = await this.#engine.store.listRuns({
      filter: {
        ...unwrap(attributeFilter(attributes, this.#engine.deployments)),
        workflow,
        tag,
        chain,
        from,
        to,
        status: statuses,
      },
      limit: query.limit ?? pageSizeDefault,
      cursor,
    });
    const runs = await Promise.all(page.runs.map((run) => showRun(this.#engine.values, run)));
    return { runs, nextCursor: page.next ?? null };
  }

  async emit(
    name: string,
    payload?: unknown,
    options: { readonly key?: string; readonly id?: string } = {},
  ): Promise<{ readonly duplicate: boolean }> {
    const emitted = await this.#engine.emit({ by: this.#by, name, payload: encodeValue(payload), ...options });
    return { duplicate: unwrap(emitted).duplicate };
  }

  async approvals(): Promise<readonly PendingApproval[]> {
    const tokens = await this.#engine.store.listTokens({ kind: "approval", status: "open", limit: approvalsMax });
    return Promise.all(
      tokens.map(async (token) => ({
        token: token.token,
        run: token.run,
        workflow: token.workflow,
        name: token.name,
        description: token.description ?? null,
        data: token.data === undefined ? null : decodeValue(await this.#engine.values.load(token.data)),
        createdAt: token.createdAt,
        expiresAt: token.expiresAt ?? null,
        ...askedOf(token),
      })),
    );
  }

  async approve(token: string, decision: Decision): Promise<void> {
    const decider = { by: this.#by, operator: true, requester: async () => undefined };
    unwrap(await this.#engine.approvals.decide({ ...decision, decider, token }));
  }

  async complete(token: string, payload?: unknown): Promise<void> {
    unwrap(await this.#engine.completeToken({ by: this.#by, token, kind: "callback", value: encodeValue(payload) }));
  }

  readonly state: Client["state"] = {
    get: async (scope: string, key: string): Promise<StateValue | undefined> => {
      const entry = unwrap(await this.#engine.state.get(scope, key));
      if (entry === undefined) return undefined;
      const value = decodeValue(await this.#engine.values.load(entry.value));
      return { value, version: entry.version, expiresAt: entry.expiresAt ?? null };
    },
    set: async (...[scope, key, value, options = {}]) =>
      unwrap(await this.#engine.state.set({ by: this.#by, scope, key, value: encodeValue(value), ...options })),
    delete: async (scope, key) => unwrap(await this.#engine.state.delete({ by: this.#by, scope, key })),
  };

  async close(): Promise<void> {
    await this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function askedOf(token: TokenRecord): Pick<PendingApproval, "approver" | "need" | "of"> {
  const terms = termsOf(token);
  return { approver: terms?.approver ?? null, need: terms?.need ?? 1, of: terms?.of ?? 1 };
}
