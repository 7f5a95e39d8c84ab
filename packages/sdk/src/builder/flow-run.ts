// One run of a flow: walks the tree and makes every node durable calls. Which calls it makes depends only on their results.
import { formatDuration, parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { Context, StepOptions } from "../context.ts";
import { CancelledError, NonRetryableError, TimeoutError } from "../errors.ts";
import { runBlock } from "./blocks.ts";
import { cancelCode, FlowContexts } from "./flow-context.ts";
import type { CallNotes, FlowView } from "./flow-context.ts";
import type { FlowHost } from "./host.ts";
import type { CancelNode, FlowNode, LogNode, StepNode } from "./nodes.ts";
import { errorOf, stepOptions } from "./step-plan.ts";
import { readInput } from "./trigger-input.ts";
import type { ReadInput } from "./trigger-input.ts";
import type { CronflowContext, DefineOptions, FlowHandler } from "./types.ts";

import type { PausedNote } from "./waits.ts";

/** A flow that is complete. */
export interface FlowProgram {
  readonly definition: DefineOptions;
  readonly nodes: readonly FlowNode[];
  readonly host: FlowHost;
  /** Longest time of a run, where hooks are to hear of its end. */
  readonly limitMs?: number | undefined;
}

/** Where in a flow its functions are: what they see, and what their names begin with. */
export interface FlowPlace {
  readonly view: FlowView;
  /** Such as `onboard/` for the flows of a loop. */
  readonly path: string;
  /** True where a failure does not end the run: something stands in for it, or it is beside the flow. */
  readonly caught?: boolean | undefined;
}

/** Nodes that may have an output. */
type FlowWorkNode = Exclude<FlowNode, LogNode | CancelNode>;

/** A hook that is called outside of every step is in no place where secrets are known. */
const noSecret = (): Promise<string> =>
  Promise.reject(
    new NonRetryableError("A hook of a run that has ended has no secrets; ask for them in a step.", {
      code: "bad_request",
    }),
  );

/** Runs a flow to its end; the output of its last step. */
export function runFlow(program: FlowProgram, ctx: Context, input: unknown): Promise<unknown> {
  return new FlowRun(program, ctx, readInput(input, ctx.run)).run();
}

export class FlowRun {
  readonly ctx: Context;
  readonly #program: FlowProgram;
  readonly #input: ReadInput;
  readonly #contexts: FlowContexts;
  /** Actions under way: each settles without an error. */
  readonly #actions: Promise<void>[] = [];

  constructor(program: FlowProgram, ctx: Context, input: ReadInput) {
    this.ctx = ctx;
    this.#program = program;
    this.#input = input;
    this.#contexts = new FlowContexts(program.definition, program.host, [ctx, input]);
  }

  async run(): Promise<unknown> {
    const view: FlowView = { outputs: new Map(), last: undefined, token: undefined };
    const place = { view, path: "" };
    try {
      await this.#hook("onStart", place, {});
      await this.#inTime(place);
    } catch (error) {
      await this.#failed(error, place);
      throw error;
    }
    await this.#hook("onSuccess", place, { result: view.last, status: "completed" });
    await this.#hook("onComplete", place, { result: view.last, status: "completed" });
    return view.last;
  }

  /** Hooks hear of a run whose time is up: its end is then decided here, by a race, and not from outside. */
  async #inTime(place: FlowPlace): Promise<void> {
    const { limitMs } = this.#program;
    if (limitMs === undefined) return this.#walkAll(place);
    const { winner } = await this.ctx.race({
      flow: (ctx) => new FlowRun(this.#program, ctx, this.#input).#walkAll(place),
      "time limit": (ctx) => ctx.sleep("time limit", limitMs),
    });
    if (winner === "time limit") throw new TimeoutError(`The run took longer than ${formatDuration(limitMs)}.`);
  }

  async #walkAll(place: FlowPlace): Promise<void> {
    try {
      await this.walk(this.#fromTrigger(), place);
    } finally {
      await this.#quiet();
    }
  }

  /** Waits for the actions that are under way. */
  async #quiet(): Promise<void> {
    await Promise.all(this.#actions);
  }

  /** A webhook may name the step that its runs begin with. */
  #fromTrigger(): readonly FlowNode[] {
    const { nodes } = this.#program;
    const { from } = this.#input.note;
    if (from === undefined) return nodes;
    const index = nodes.findIndex(({ name }) => name === from);
    if (index >= 0) return nodes.slice(index);
    throw new NonRetryableError(`The flow has no step ${JSON.stringify(from)} to begin with.`);
  }

  async #failed(thrown: unknown, place: FlowPlace): Promise<void> {
    if (thrown instanceof CancelledError) return;
    const notes = { error: errorOf(thrown), status: "failed" as const };
    if (this.ctx.signal.aborted) return;
    await this.#hookAtOnce("onFailure", place, notes);
    await this.#hookAtOnce("onComplete", place, notes);
  }

  /** Makes the calls of these nodes, one after the other. */
  async walk(nodes: readonly FlowNode[], place: FlowPlace): Promise<void> {
    for (const node of nodes) {
      if (node.kind === "action") this.#actions.push(this.#runAction(node, place));
      else if (node.kind === "log") await this.#log(node, place);
      else if (node.kind === "cancel") throw new CancelledError(node.reason);
      else await this.#runNode(node, place);
    }
  }

  async #runNode(node: FlowWorkNode, place: FlowPlace): Promise<void> {
    const { view } = place;
    const output = await this.#outputOf(node, place);
    if (node.kind === "if" || node.kind === "sleep") return;
    view.outputs.set(node.name, output);
    if (node.kind !== "while" || output !== undefined) view.last = output;
    await this.#hook("onSuccess", place, { result: output, status: "completed", named: node.name });
  }

  async #outputOf(node: FlowWorkNode, around: FlowPlace): Promise<unknown> {
    const { delay, onError } = node.options;
    const { path } = around;
    const place = onError === undefined ? around : { ...around, caught: true };
    try {
      if (delay !== undefined) await this.ctx.sleep(`${path}${node.name}: delay`, delay);
      if (isWork(node)) return await this.#runStep(node, place);
      const mock = node.kind === "if" ? undefined : this.#mockOf(node.name, path + node.name);
      return mock === undefined ? await runBlock(this, node, place) : await this.call(node.name, mock, { place });
    } catch (thrown) {
      const error = errorOf(thrown);
      if (isCancel(error)) throw new CancelledError(error.message);
      if (error instanceof CancelledError || this.ctx.signal.aborted) throw thrown;
      if (onError !== undefined) return this.call(`${node.name}: onError`, onError, { place, notes: { error } });
      if (node.kind !== "if") await this.#stepFailed(place, { error, status: "failed", named: node.name });
      throw thrown;
    }
  }

  async #runStep({ name, handler, options: written }: StepNode, place: FlowPlace): Promise<unknown> {
    const options = stepOptions(name, written);
    const { cache } = written;
    if (cache === undefined) return this.call(name, handler, { place, options });
    // What the key is made of may differ on a replay: it is a result too.
    const key = String(await this.call(`${name}: cache key`, cache.key, { place }));
    return this.call(name, handler, { place, options: { ...options, cache: { key, ttl: cache.ttl } } });
  }

  async #runAction(node: StepNode, { view, path }: FlowPlace): Promise<void> {
    // Beside the flow: it sees what there was when it began.
    const place = { view: { ...view, outputs: new Map(view.outputs) }, path, caught: true };
    try {
      await this.#outputOf(node, place);
      await this.#hook("onSuccess", place, { status: "completed", named: node.name });
    } catch (error) {
      if (error instanceof CancelledError || this.ctx.signal.aborted) return;
      this.ctx.log.warn(`Action ${node.name} has failed: ${errorOf(error).message}`);
    }
  }

  async #log({ name, message, level }: LogNode, place: FlowPlace): Promise<void> {
    const text =
      typeof message === "function" ? await this.call(name, async (c) => String(await message(c)), { place }) : message;
    this.ctx.log[level](String(text));
  }

  notePause(note: PausedNote): void {
    this.#program.host.paused?.(note);
  }

  milliseconds(duration: Duration): number {
    return parseDuration(duration);
  }

  /** Runs a function of the flow as a durable step. */
  call(
    name: string,
    handler: FlowHandler,
    { place, options = {}, notes = {}, ctx = this.ctx }: CallOptions,
  ): Promise<unknown> {
    const full = `${place.path}${name}`;
    const function_ = this.#mockOf(name, full) ?? handler;
    return ctx.step(
      full,
      (step) => function_(this.#contexts.make(place.view, { named: name, ...notes, step })),
      options,
    );
  }

  #mockOf(name: string, full: string): FlowHandler | undefined {
    const { id } = this.ctx.run;
    const mock = this.#program.host.mock(id, full) ?? this.#program.host.mock(id, name);
    if (mock !== undefined || this.#input.note.mocked?.includes(name) !== true) return mock;
    return () => {
      throw new NonRetryableError(`What stood in for step ${name} is gone with the process that replayed the run.`);
    };
  }

  /**
   * A failure that nothing catches ends the run: what is called for it leaves no entry, so that the journal ends where a retry
   * goes on.
   */
  #stepFailed(place: FlowPlace, notes: Omit<CallNotes, "step">): Promise<void> {
    return place.caught === true ? this.#hook("onFailure", place, notes) : this.#hookAtOnce("onFailure", place, notes);
  }

  /** Calls a hook outside of the journal: again when the process dies before the run has ended. */
  async #hookAtOnce(
    which: "onFailure" | "onComplete",
    { view }: FlowPlace,
    notes: Omit<CallNotes, "step">,
  ): Promise<void> {
    const hook: ((ctx: CronflowContext, stepId?: string) => unknown) | undefined =
      this.#program.definition.hooks?.[which];
    if (hook === undefined) return;
    const { ctx } = this;
    const step = { signal: ctx.signal, attempt: 1, idempotencyKey: `${ctx.run.id}:${which}`, secret: noSecret };
    try {
      const c = this.#contexts.make(view, { ...notes, step });
      await (notes.named === undefined ? hook(c) : hook(c, notes.named));
    } catch (error) {
      ctx.log.warn(`Hook ${which} has failed: ${errorOf(error).message}`);
    }
  }

  async #hook(
    which: "onStart" | "onSuccess" | "onFailure" | "onComplete",
    place: FlowPlace,
    notes: Partial<CallNotes>,
  ): Promise<void> {
    const hook: ((ctx: CronflowContext, stepId?: string) => unknown) | undefined =
      this.#program.definition.hooks?.[which];
    if (hook === undefined) return;
    const { named } = notes;
    try {
      await this.call(
        named === undefined ? `hook ${which}` : `hook ${which} of ${named}`,
        async (c) => {
          await (named === undefined ? hook(c) : hook(c, named));
        },
        { place, notes },
      );
    } catch (error) {
      if (error instanceof CancelledError || this.ctx.signal.aborted) throw error;
      this.ctx.log.warn(`Hook ${which} has failed: ${errorOf(error).message}`);
    }
  }
}

export interface CallOptions {
  readonly place: FlowPlace;
  readonly options?: StepOptions<unknown>;
  readonly notes?: Partial<CallNotes>;
  /** Of the branch of a race. */
  readonly ctx?: Context;
}

function isWork(node: FlowNode): node is StepNode {
  return node.kind === "step" || node.kind === "action";
}

function isCancel(error: Error): boolean {
  return error instanceof NonRetryableError && error.code === cancelCode;
}
