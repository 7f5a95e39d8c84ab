// The chain of calls: each adds a node to the flow, or says more about the one before.
import { parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { FlowMaker, FlowNode, IfNode, ItemSource, LogLevel } from "./nodes.ts";
import type {
  CacheConfig,
  CronflowContext,
  FlowHandler,
  FlowStepOptions,
  HumanOptions,
  RetryConfig,
  StepName,
} from "./types.ts";

interface OpenIf {
  readonly node: IfNode;
  /** True once it has its `else`. */
  closed: boolean;
}

/** Nodes that are made again when they fail, have a time limit or a remembered output. */
const repeatable: ReadonlySet<FlowNode["kind"]> = new Set<FlowNode["kind"]>(["step", "action", "parallel", "race"]);
/** Nodes that have no output of their own which another could stand in for. */
const outputless: ReadonlySet<FlowNode["kind"]> = new Set<FlowNode["kind"]>(["if", "log", "cancel"]);

/** A flow being written. Throws `invalid_workflow` at the call that makes no sense. */
export class Flow {
  readonly #nodes: FlowNode[] = [];
  readonly #ifs: OpenIf[] = [];
  readonly #counts = new Map<string, number>();

  /** What has been written so far. */
  get nodes(): readonly FlowNode[] {
    return this.#nodes;
  }

  /** True while an `if` is written that has not ended. */
  get isOpen(): boolean {
    return this.#ifs.length > 0;
  }

  /** A unit of work whose output is kept. */
  step(name: StepName, handler: FlowHandler, options: FlowStepOptions = {}): this {
    return this.#work("step", name, { handler, options });
  }

  /** A unit of work beside the flow: durable, not waited for until the end, its output of no interest. */
  action(name: StepName, handler: FlowHandler, options: FlowStepOptions = {}): this {
    return this.#work("action", name, { handler, options });
  }

  #work(
    kind: "step" | "action",
    name: StepName,
    { handler, options }: { readonly handler: FlowHandler; readonly options: FlowStepOptions },
  ): this {
    const given = typeof name === "string" ? { id: name } : name;
    const id = checkName(kind, given?.id);
    checkFunction(`${kind} ${id}`, handler);
    checkOptions(id, options);
    return this.#add({
      kind,
      name: id,
      handler,
      options,
      ...("title" in given ? { title: given.title } : {}),
      ...("description" in given ? { description: given.description } : {}),
    });
  }

  /** A line in the run's log. */
  log(message: string | ((ctx: CronflowContext) => unknown), level: LogLevel = "info"): this {
    return this.#add({ kind: "log", name: this.#unique("log"), message, level, options: {} });
  }

  /** Tries the step before again when it fails. */
  retry(retry: RetryConfig = {}): this {
    return this.#modify("retry", { retry });
  }

  /** Longest time of one attempt of the step before. */
  timeout(timeout: Duration): this {
    return this.#modify("timeout", { timeout });
  }

  /** Remembers the output of the step before under a key. */
  cache(cache: CacheConfig): this {
    return this.#modify("cache", { cache });
  }

  /** Waits before the step before begins. */
  delay(delay: Duration): this {
    return this.#modify("delay", { delay });
  }

  /** What it returns stands in for the output of the step before, when that has failed for good. */
  onError(onError: FlowHandler): this {
    return this.#modify("onError", { onError });
  }

  #modify(what: keyof FlowStepOptions, options: FlowStepOptions): this {
    const node = this.#list().at(-1);
    const fits = what === "onError" || what === "delay" ? !outputless.has(node?.kind ?? "if") : undefined;
    if (node === undefined || !(fits ?? repeatable.has(node.kind))) {
      throw refused(
        `.${what}() has no step to speak of.`,
        `Write it right behind the .step() it is for${node === undefined ? "" : `; here it follows ${node.kind} ${node.name}`}.`,
      );
    }
    checkOptions(node.name, options);
    node.options = { ...node.options, ...options };
    return this;
  }

  /** Goes on with what follows, up to the next `elseIf`, `else` or `endIf`, where the condition holds. */
  if(name: string, condition: FlowHandler, _options?: object): this {
    checkName("if", name);
    checkFunction(`if ${name}`, condition);
    const node: IfNode = { kind: "if", name, branches: [{ name, condition, nodes: [] }], options: {} };
    this.#add(node);
    this.#ifs.push({ node, closed: false });
    return this;
  }

  /** Where none of the conditions before held and this one does. */
  elseIf(name: string, condition: FlowHandler): this {
    checkName("elseIf", name);
    checkFunction(`elseIf ${name}`, condition);
    this.#openIf("elseIf").node.branches.push({ name, condition, nodes: [] });
    return this;
  }

  /** Where none of the conditions held. */
  else(): this {
    const open = this.#openIf("else");
    open.closed = true;
    open.node.branches.push({ name: `${open.node.name}: else`, condition: undefined, nodes: [] });
    return this;
  }

  /** Ends the branches: what follows is done whichever was taken. */
  endIf(): this {
    if (this.#ifs.pop() === undefined) throw refused(".endIf() without .if().", "Remove it, or begin with .if().");
    return this;
  }

  #openIf(what: string): OpenIf {
    const open = this.#ifs.at(-1);
    if (open === undefined) throw refused(`.${what}() without .if().`, "Begin with .if(name, condition).");
    if (open.closed) throw refused(`.${what}() after .else().`, "The .else() is the last branch.");
    return open;
  }

  /** Runs functions at the same time; the output is the list of theirs. */
  parallel(handlers: readonly FlowHandler[], options: FlowStepOptions = {}): this {
    return this.#together("parallel", handlers, options);
  }

  /** Runs functions at the same time; the output is that of the first that is through. */
  race(handlers: readonly FlowHandler[], options: FlowStepOptions = {}): this {
    return this.#together("race", handlers, options);
  }

  #together(kind: "parallel" | "race", handlers: readonly FlowHandler[], options: FlowStepOptions): this {
    if (!isList(handlers) || handlers.length === 0)
      throw refused(`.${kind}() has no functions.`, `.${kind}([async (ctx) => …, async (ctx) => …])`);
    for (const handler of handlers) checkFunction(kind, handler);
    const name = this.#unique(kind);
    checkOptions(name, options);
    return this.#add({ kind, name, handlers: [...handlers], options });
  }

  /** Runs a function as long as a condition holds, at most 1,000 times. */
  while(name: string, condition: FlowHandler, body: FlowHandler): this {
    checkName("while", name);
    checkFunction(`while ${name}`, condition);
    checkFunction(`while ${name}`, body);
    return this.#add({ kind: "while", name: this.#unique(name), condition, body, options: {} });
  }

  /** Ends the run as cancelled. */
  cancel(reason?: string): this {
    return this.#add({ kind: "cancel", name: this.#unique("cancel"), reason, options: {} });
  }

  /** Waits that long, through restarts. */
  sleep(duration: Duration): this {
    parseDuration(duration);
    return this.#add({ kind: "sleep", name: this.#unique("sleep"), duration, options: {} });
  }

  /** Runs another workflow and goes on with its output. */
  subflow(...[name, workflow, input]: readonly [name: string, workflow: string, input?: unknown]): this {
    checkName("subflow", name);
    checkName("subflow", workflow);
    return this.#add({ kind: "subflow", name: this.#unique(name), workflow, input, options: {} });
  }

  /** Runs a flow for each item, at the same time; the output is `{results: [{item, result, index}], totalItems}`. */
  forEach(
    ...[name, items, body, options = {}]: readonly [
      name: string,
      items: ItemSource,
      body: FlowMaker,
      options?: { readonly concurrency?: number },
    ]
  ): this {
    checkName("forEach", name);
    checkFunction(`forEach ${name}`, body);
    const { concurrency } = options;
    return this.#add({ kind: "forEach", name: this.#unique(name), items, body, concurrency, options: {} });
  }

  /** Runs a flow for each so many items, one after the other; the output is `{results, totalBatches, totalItems}`. */
  batch(name: string, from: { readonly items: ItemSource; readonly size: number }, body: FlowMaker): this {
    checkName("batch", name);
    checkFunction(`batch ${name}`, body);
    const { items, size } = from;
    if (!Number.isSafeInteger(size) || size < 1)
      throw refused(`The batches of ${name} cannot have ${size} items.`, "The size is a whole number from 1.");
    return this.#add({ kind: "batch", name: this.#unique(name), items, size, body, options: {} });
  }

  /** Waits for somebody's answer; it is the output, or `{approved: false, status: "timeout", timedOut: true}`. */
  humanInTheLoop(human: HumanOptions = {}): this {
    if (human.timeout !== undefined) parseDuration(human.timeout);
    return this.#add({ kind: "human", name: this.#unique("human-in-the-loop"), human, options: {} });
  }

  /** Waits for an event; its payload is the output. */
  waitForEvent(event: string, timeout?: Duration): this {
    checkName("waitForEvent", event);
    if (timeout !== undefined) parseDuration(timeout);
    return this.#add({ kind: "event", name: this.#unique(`wait-for-${event}`), event, timeout, options: {} });
  }

  /** Waits until the run's token is answered; the answer is the output. */
  pause(callback?: (ctx: CronflowContext, token: string) => unknown): this {
    return this.#add({ kind: "pause", name: this.#unique("pause"), callback, options: {} });
  }

  #add(node: FlowNode): this {
    this.#list().push(node);
    return this;
  }

  /** Where the next node goes: the branch that is being written, or the flow itself. */
  #list(): FlowNode[] {
    return this.#ifs.at(-1)?.node.branches.at(-1)?.nodes ?? this.#nodes;
  }

  /** A name no other block of this flow has: a second `parallel` is `parallel-2`. */
  #unique(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  }
}

function isList(value: unknown): value is readonly FlowHandler[] {
  return Array.isArray(value);
}

function checkName(what: string, name: unknown): string {
  if (typeof name === "string" && name.trim() !== "") return name;
  throw refused(`A ${what} has no name.`, "The name is text that is not empty.");
}

function checkFunction(what: string, value: unknown): void {
  if (typeof value !== "function") throw refused(`${what} has no function.`, "Pass a function of the context.");
}

function checkOptions(name: string, options: FlowStepOptions): void {
  const { timeout, delay, cache, onError, retry } = options;
  for (const duration of [timeout, delay, cache?.ttl, retry?.backoff?.delay, retry?.backoff?.maxDelay])
    if (duration !== undefined) parseDuration(duration);
  if (cache !== undefined) checkFunction(`The cache key of ${name}`, cache.key);
  if (onError !== undefined) checkFunction(`onError of ${name}`, onError);
  const attempts = retry?.attempts;
  if (attempts !== undefined && (!Number.isSafeInteger(attempts) || attempts < 1))
    throw refused(`Step ${name} cannot be tried ${attempts} times.`, "attempts is a whole number from 1.");
}

export function refused(message: string, hint: string): SluiceError {
  return new SluiceError({ code: "invalid_workflow", message, hint });
}
