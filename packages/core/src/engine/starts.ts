// Starting runs: validation by the workflow's own schema first, then one durable row.
import { decodeValue, encodeValue, toWire } from "@sluice/protocol";
import type { ChildOp, JoinReason, WorkerToEngine } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Refused } from "../kernel/flow.ts";
import type { Actor, NewRun, RunFlow, RunRecord } from "../kernel/run-store.ts";
import type { CurrentWorkflow } from "./deployments.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { attributesOf, checkAttributes } from "./attributes.ts";
import { flowOf } from "./flow.ts";
import { checkKey, storedKey } from "./idempotency-key.ts";
import type { Keyed } from "./idempotency-key.ts";
import { hashOf } from "./input-hash.ts";
import type { Begun } from "./sealing.ts";
import { validateJsonSchema } from "./json-schema.ts";
import type { EngineParts } from "./parts.ts";

/** A wish to start a run; `input` is an encoded value, `version` code whose worker may still have to come: the product's own. */
export interface StartRequest extends Keyed {
  readonly by: Actor;
  readonly workflow: string;
  readonly input: Uint8Array;
  readonly id?: string | undefined;
  readonly priority?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly version?: string | undefined;
  /** Search attributes by name. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /** The span it is begun in, as W3C `traceparent` has it. */
  readonly trace?: string | undefined;
}

export interface Started {
  readonly run: RunRecord;
  readonly created: boolean;
  /** Why flow control made it part of a run that was there. */
  readonly joined?: JoinReason | undefined;
}

type Verdict = Extract<WorkerToEngine, { type: "validated" }>;

const runIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const tagsMax = 32;
const tagCharsMax = 128;
const priorityMax = 1_000_000;

export class Starts {
  readonly #parts: EngineParts;
  readonly #dispatcher: Dispatcher;
  readonly #verdicts = new Map<string, (verdict: Verdict | undefined) => void>();
  #requests = 0;

  constructor(parts: EngineParts, dispatcher: Dispatcher) {
    this.#parts = parts;
    this.#dispatcher = dispatcher;
  }

  async start(request: StartRequest): Promise<Result<Started>> {
    const { deployments, draining } = this.#parts;
    if (draining()) return fail({ code: "draining", message: "The engine is stopping and takes no new runs." });
    const wrong = checkRequest(request);
    if (wrong !== undefined) return wrong;
    const current = deployments.workflow(request.workflow, request.version);
    if (current === undefined) return this.#unknown(request.workflow);
    const crowded = this.crowded();
    if (crowded !== undefined) return crowded;
    const attributes = checkAttributes(current.manifest, request.attributes);
    if (!attributes.ok) return attributes;
    const checked = await this.check(request.workflow, request.input);
    return checked.ok ? this.#create(request, current, checked.value) : checked;
  }

  /** Why no run is taken now, however good it is. */
  crowded(): Result<never> | undefined {
    const { deployments, limits } = this.#parts;
    const queues = this.#dispatcher.places.free <= 0 || deployments.workers.length === 0;
    if (!queues || this.#dispatcher.ready < limits.queueLengthMax) return undefined;
    return fail({
      code: "queue_full",
      message: `${this.#dispatcher.ready} runs are waiting already; no more are taken (queueLengthMax).`,
      hint: "Start fewer runs at a time, add workers, or raise the setting limits.queueLengthMax.",
    });
  }

  /** An input as the workflow's own schema makes it, or what is wrong with it. */
  async check(workflow: string, input: Uint8Array): Promise<Result<Uint8Array>> {
    const { deployments, values } = this.#parts;
    const current = deployments.workflow(workflow);
    if (current === undefined) return this.#unknown(workflow);
    if (input.length > values.payloadBytesMax) return fail(toWire(values.tooLarge("The input", input)));
    return current.manifest.validates ? this.#validate(current, input) : ok(input);
  }

  /** The same for the whole input of a run: where its workflow gathers inputs, a list of them. */
  async checkWhole(workflow: string, input: Uint8Array): Promise<Result<Uint8Array>> {
    if (this.#parts.deployments.workflow(workflow)?.manifest.flow?.batch === undefined) {
      return this.check(workflow, input);
    }
    const items = decodeValue(input);
    if (!Array.isArray(items)) return invalid(workflow, [{ path: "", message: "it is a list of inputs" }]);
    const checked: unknown[] = [];
    for (const item of items) {
      const each = await this.check(workflow, encodeValue(item));
      if (!each.ok) return each;
      checked.push(decodeValue(each.value));
    }
    return ok(encodeValue(checked));
  }

  async #create(request: StartRequest, current: CurrentWorkflow, input: Uint8Array): Promise<Result<Started>> {
    const { store, clock, values, owner, route, deployments, watchers, count, sealer } = this.#parts;
    const now = clock.now();
    const flow = this.flowOf(current, input);
    if (flow?.admission?.batch !== undefined && values.isLarge(input)) return tooLargeForBatch(request.workflow, input);
    const id = request.id ?? this.#parts.ids.run();
    const begun = sealer.begin(request.workflow);
    const { stored, release } = await this.#keep(begun?.seal.seal({ run: id, field: "input" }, input) ?? input);
    const places: (() => void)[] = [];
    try {
      const run = this.newRun(request, {
        current,
        id,
        input: stored,
        now,
        flow,
        // What was sent decides, not what the schema made of it: a default may be the time of day.
        ...(request.key === undefined ? {} : { hash: hashOf(request.input) }),
        begun,
      });
      const worker = deployments.withVersion(current.version);
      const claims = worker !== undefined && this.#dispatcher.places.free > 0 && run.dueAt <= now;
      if (claims) places.push(this.#dispatcher.places.reserve(1));
      const outcome = await store.createRun({ by: request.by, run, now, ...(claims ? { claim: { owner } } : {}) });
      if (outcome.outcome === "rate_limited") count("starts_rate_limited");
      if (outcome.outcome === "rate_limited" || outcome.outcome === "queue_full") return refusedBy(request, outcome);
      if (outcome.outcome === "joined") {
        count(`starts_${outcome.how}`);
        route(outcome.effects);
        return ok({ run: outcome.run, created: false, joined: outcome.how });
      }
      if (outcome.outcome === "conflict") return conflict(request, outcome.run);
      if (outcome.outcome === "id_taken") {
        return fail({
          code: "run_id_taken",
          message: `A run with the id ${run.id} exists already.`,
          hint: "Use an idempotency key to make a start repeatable.",
        });
      }
      if (outcome.outcome === "existing") return ok({ run: outcome.run, created: false });
      count("runs_started");
      if (outcome.run.owner === owner && worker !== undefined) {
        const record = values.isRef(outcome.run.input) ? { ...outcome.run, input } : outcome.run;
        const seal = begun === undefined ? undefined : { by: begun.seal, fork: false };
        const { id: of, epoch, workflow, version, trace } = record;
        const hot = this.#parts.hot.add({ run: of, epoch, workflow, version, entries: 0, seal, trace });
        const assignment = this.#dispatcher.assignmentOf(record, { journal: [] });
        await this.#dispatcher.assign({ hot, assignment }, worker);
      }
      route(outcome.effects);
      if (watchers.wants(run.id))
        watchers.publish({ run: run.id, type: "run", at: now, data: { status: outcome.run.status } });
      return ok({ run: outcome.run, created: true });
    } finally {
      for (const free of places) free();
      release?.();
    }
  }

  async #keep(input: Uint8Array): Promise<{ readonly stored: Uint8Array; readonly release?: () => void }> {
    return this.#parts.values.isLarge(input) ? this.#parts.values.keep(input) : { stored: input };
  }

  /** The gates of a run with this input. One that is kept as a blob cannot be read at once: its run has the key of none. */
  flowOf({ manifest }: CurrentWorkflow, input: Uint8Array): RunFlow | undefined {
    if (manifest.flow === undefined) return undefined;
    const { values, limits } = this.#parts;
    return flowOf(manifest, values.isRef(input) ? encodeValue(undefined) : input, limits);
  }

  newRun(
    request: StartRequest,
    rest: {
      readonly current: CurrentWorkflow;
      readonly id?: string;
      readonly input: Uint8Array;
      readonly now: number;
      readonly hash?: string;
      readonly flow?: RunFlow | undefined;
      readonly begun?: Pick<Begun, "row"> | undefined;
    },
  ): NewRun {
    const { current, input, now, hash } = rest;
    const { timeout } = current.manifest;
    const key = storedKey(request);
    const flow = "flow" in rest ? rest.flow : this.flowOf(current, input);
    return {
      id: rest.id ?? this.#parts.ids.run(),
      workflow: request.workflow,
      version: current.version,
      input,
      priority: request.priority ?? current.manifest.flow?.priority ?? 0,
      tags: request.tags ?? [],
      createdAt: now,
      dueAt: now + (request.delayMs ?? 0),
      ...attributesOf(current.manifest, request.attributes),
      ...rest.begun?.row,
      ...(request.trace === undefined ? {} : { trace: request.trace }),
      ...flowFields(current, flow),
      ...(key === undefined ? {} : { key }),
      ...(hash === undefined ? {} : { inputHash: hash }),
      ...(timeout === undefined ? {} : { timeoutAt: now + (request.delayMs ?? 0) + timeout }),
    };
  }

  /** The run of a child call; an unknown workflow's run waits until it is deployed. */
  childRun(p: {
    readonly workflow: string;
    readonly op: ChildOp;
    readonly parent: NewRun["parent"];
    readonly now: number;
  }): NewRun {
    const { workflow, op, parent, now } = p;
    const current = this.#parts.deployments.workflow(workflow);
    const dueAt = now + (op.delay ?? 0);
    const timeout = current?.manifest.timeout;
    const flow = current === undefined ? undefined : this.flowOf(current, op.input);
    return {
      id: this.#parts.ids.run(),
      workflow,
      version: current?.version ?? "",
      input: op.input,
      priority: op.priority ?? current?.manifest.flow?.priority ?? 0,
      tags: op.tags ?? [],
      createdAt: now,
      dueAt,
      ...flowFields(current, flow),
      ...(parent === undefined ? {} : { parent }),
      ...(op.key === undefined ? {} : { key: op.key, inputHash: hashOf(op.input) }),
      ...(timeout === undefined ? {} : { timeoutAt: dueAt + timeout }),
    };
  }

  /** The run that another of this workflow goes on as, on today's code; without a version on that of the run before it. */
  nextRun(p: { readonly workflow: string; readonly input: Uint8Array; readonly now: number }): NewRun {
    const { workflow, input, now } = p;
    const current = this.#parts.deployments.workflow(workflow);
    const timeout = current?.manifest.timeout;
    const flow = current === undefined ? undefined : this.flowOf(current, input);
    return {
      id: this.#parts.ids.run(),
      workflow,
      version: current?.version ?? "",
      input,
      // It passes the gates of its workflow, and is a start of its own.
      ...flowFields(current, flow === undefined ? undefined : { gates: flow.gates, share: flow.share }),
      priority: 0,
      tags: [],
      createdAt: now,
      dueAt: now,
      ...(timeout === undefined ? {} : { timeoutAt: now + timeout }),
    };
  }

  #unknown(name: string): Result<never> {
    const names = this.#parts.deployments.workflows.map((each) => each.manifest.name);
    return fail({
      code: "workflow_not_found",
      message: `There is no workflow named ${JSON.stringify(name)}.`,
      hint: names.length === 0 ? "No workflow is deployed yet." : `Deployed: ${names.slice(0, 20).join(", ")}.`,
    });
  }

  async #validate(current: CurrentWorkflow, input: Uint8Array): Promise<Result<Uint8Array>> {
    const worker = this.#parts.deployments.withVersion(current.version);
    const verdict = worker === undefined ? undefined : await this.#ask(worker.link.id, current.manifest.name, input);
    if (verdict?.input !== undefined) return ok(verdict.input);
    if (verdict?.issues !== undefined) return invalid(current.manifest.name, verdict.issues);
    if (current.manifest.schema === undefined) return noWorker(current.manifest.name);
    const judged = await validateJsonSchema(current.manifest.schema, decodeValue(input));
    if (judged.kind === "undecided") return noWorker(current.manifest.name);
    return judged.kind === "valid" ? ok(input) : invalid(current.manifest.name, judged.issues);
  }

  #ask(worker: string, workflow: string, input: Uint8Array): Promise<Verdict | undefined> {
    const request = `v${++this.#requests}`;
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(this.#parts.limits.validateTimeoutMs, () => {
        this.#verdicts.delete(request);
        resolve(undefined);
      });
      this.#verdicts.set(request, (verdict) => {
        cancel();
        this.#verdicts.delete(request);
        resolve(verdict);
      });
      this.#parts.send(worker, { type: "validate", request, workflow, input });
    });
  }

  verdict(verdict: Verdict): void {
    this.#verdicts.get(verdict.request)?.(verdict);
  }

  /** No worker will answer any more. */
  giveUp(): void {
    for (const resolve of this.#verdicts.values()) resolve(undefined);
  }
}

/** What of flow control belongs to a run about to exist. */
export function flowFields(
  current: CurrentWorkflow | undefined,
  flow: RunFlow | undefined,
): Pick<NewRun, "flow" | "startWithinMs"> {
  const within = current?.manifest.flow?.startWithin;
  return { ...(flow === undefined ? {} : { flow }), ...(within === undefined ? {} : { startWithinMs: within }) };
}

function tooLargeForBatch(workflow: string, input: Uint8Array): Result<never> {
  return fail({
    code: "payload_too_large",
    message: `An input of ${workflow} is gathered with others and has ${input.length} bytes; those that are kept by themselves are not (inlineBytesMax).`,
    hint: "Put what is large elsewhere and send where it is.",
  });
}

function refusedBy({ workflow }: StartRequest, refused: Refused): Result<never> {
  if (refused.outcome === "queue_full") {
    return fail({
      code: "queue_full",
      message: `${refused.queued} runs of ${workflow} are waiting already; no more are taken (queueLengthMax).`,
      hint: "Start fewer runs at a time, or raise the setting limits.queueLengthMax.",
    });
  }
  const { retryAt } = refused;
  return fail({
    code: "rate_limited",
    message: `The rate limit of ${workflow} takes no more starts until ${new Date(retryAt).toISOString()}.`,
    hint: "Start it again then; `throttle` in place of `rateLimit` would let starts wait.",
    details: { retryAt },
  });
}

function invalid(
  workflow: string,
  issues: readonly { readonly path: string; readonly message: string }[],
): Result<never> {
  return fail({
    code: "invalid_input",
    message: `The input of ${workflow} is not valid: ${issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ")}`,
    details: issues,
  });
}

function noWorker(workflow: string): Result<never> {
  return fail({
    code: "no_worker",
    message: `No worker is up to check the input of ${workflow}.`,
    hint: "Try again in a moment; `sluice doctor` says why no worker is up.",
  });
}

function conflict(request: StartRequest, run: RunRecord): Result<never> {
  return fail({
    code: "idempotency_conflict",
    message: `The idempotency key ${JSON.stringify(request.key)} of ${request.workflow} belongs to run ${run.id}, which was started with another input.`,
    hint: "Use another key, or the same input.",
    details: { run: run.id, idempotencyKey: request.key },
  });
}

function checkRequest(request: StartRequest): ReturnType<typeof fail> | undefined {
  const bad = (message: string, hint: string): ReturnType<typeof fail> => fail({ code: "bad_request", message, hint });
  const { id, tags, priority, delayMs } = request;
  if (id !== undefined && !runIdPattern.test(id)) {
    return bad(
      `${JSON.stringify(id)} cannot be the id of a run.`,
      "Letters, digits, '.', '_' and '-', at most 128 characters.",
    );
  }
  if (
    tags !== undefined &&
    (tags.length > tagsMax || tags.some((tag) => tag.length === 0 || tag.length > tagCharsMax))
  ) {
    return bad(
      "The tags are too many, too long or empty.",
      `At most ${tagsMax} tags of 1 to ${tagCharsMax} characters.`,
    );
  }
  if (priority !== undefined && (!Number.isInteger(priority) || Math.abs(priority) > priorityMax)) {
    return bad(`${priority} is no priority.`, `A whole number from -${priorityMax} to ${priorityMax}.`);
  }
  if (delayMs !== undefined && !(delayMs >= 0 && Number.isFinite(delayMs))) {
    return bad(`${delayMs} is no delay.`, "A duration such as 5m.");
  }
  return checkKey(request);
}
