// What the blocks of a flow do: branches, loops, things at the same time, other workflows. Waits are in `waits.ts`.
import { Flow } from "./flow.ts";
import type { FlowPlace, FlowRun } from "./flow-run.ts";
import type {
  BatchNode,
  FlowMaker,
  FlowNode,
  ForEachNode,
  IfNode,
  ItemSource,
  StepNode,
  SubflowNode,
  TogetherNode,
  WhileNode,
} from "./nodes.ts";
import { stepOptions } from "./step-plan.ts";
import type { CronflowContext } from "./types.ts";
import { runEvent, runHuman, runPause } from "./waits.ts";

/** Times a `while` may go round. */
const whileRoundsMax = 1_000;

/** The output of a block. */
export function runBlock(
  run: FlowRun,
  node: Exclude<FlowNode, StepNode | { readonly kind: "log" | "cancel" }>,
  place: FlowPlace,
): Promise<unknown> {
  switch (node.kind) {
    case "if":
      return runIf(run, node, place);
    case "parallel":
      return runParallel(run, node, place);
    case "race":
      return runRace(run, node, place);
    case "while":
      return runWhile(run, node, place);
    case "sleep":
      return run.ctx.sleep(`${place.path}${node.name}`, node.duration);
    case "subflow":
      return runSubflow(run, node, place);
    case "forEach":
      return runForEach(run, node, place);
    case "batch":
      return runBatch(run, node, place);
    case "human":
      return runHuman(run, node, place);
    case "event":
      return runEvent(run, node);
    default:
      return runPause(run, node, place);
  }
}

async function runIf(run: FlowRun, node: IfNode, place: FlowPlace): Promise<void> {
  for (const { name, condition, nodes } of node.branches) {
    const holds =
      condition === undefined || (await run.call(name, async (c) => Boolean(await condition(c)), { place }));
    if (holds !== true) continue;
    await run.walk(nodes, place);
    return;
  }
}

function runParallel(run: FlowRun, { name, handlers, options }: TogetherNode, place: FlowPlace): Promise<unknown[]> {
  const plan = { place, options: stepOptions(name, options) };
  return Promise.all(handlers.map((handler, index) => run.call(`${name}[${index}]`, handler, plan)));
}

async function runRace(run: FlowRun, { name, handlers, options }: TogetherNode, place: FlowPlace): Promise<unknown> {
  const plan = { place, options: stepOptions(name, options) };
  const branches = handlers.map(
    (handler, index) =>
      [`${name}[${index}]`, (ctx: FlowRun["ctx"]) => run.call(`${name}[${index}]`, handler, { ...plan, ctx })] as const,
  );
  const { value } = await run.ctx.race(Object.fromEntries(branches));
  return value;
}

async function runWhile(run: FlowRun, { name, condition, body }: WhileNode, place: FlowPlace): Promise<unknown> {
  const goesOn = async (c: CronflowContext): Promise<boolean> => Boolean(await condition(c));
  let output: unknown;
  for (let round = 0; (await run.call(`${name}: condition`, goesOn, { place })) === true; round++) {
    if (round === whileRoundsMax)
      throw new RangeError(`The condition of while ${name} still holds after ${whileRoundsMax} rounds.`);
    const made = await run.call(name, body, { place });
    if (made === undefined) continue;
    output = made;
    place.view.last = made;
  }
  return output;
}

async function runSubflow(run: FlowRun, { name, workflow, input }: SubflowNode, place: FlowPlace): Promise<unknown> {
  const made = typeof input === "function" ? await run.call(`${name}: input`, input as never, { place }) : input;
  return run.ctx.call(workflow, made === undefined ? place.view.last : made);
}

async function itemsOf(
  run: FlowRun,
  { name, items }: { readonly name: string; readonly items: ItemSource },
  place: FlowPlace,
): Promise<readonly unknown[]> {
  const found = typeof items === "function" ? await run.call(`${name}: items`, items, { place }) : items;
  if (Array.isArray(found)) return found as readonly unknown[];
  throw new TypeError(`The items of ${name} are no list, but ${found === null ? "null" : typeof found}.`);
}

/** Runs the flow that is made for an item; what its last step, or where it has none the maker, returned. */
async function runInner(run: FlowRun, body: FlowMaker, { item, name, place }: InnerFlow): Promise<unknown> {
  const flow = new Flow();
  const returned = body(item, flow);
  // A maker that is written as an async function has built its flow when its promise is there.
  const made: unknown = returned instanceof Promise ? await returned : returned;
  if (flow.nodes.length === 0) return made === flow ? undefined : made;
  const { outputs, last, token } = place.view;
  const view = { outputs: new Map(outputs), last, token };
  await run.walk(flow.nodes, { ...place, view, path: `${place.path}${name}/` });
  return view.last;
}

interface InnerFlow {
  readonly item: unknown;
  readonly name: string;
  readonly place: FlowPlace;
}

async function runForEach(run: FlowRun, node: ForEachNode, place: FlowPlace): Promise<unknown> {
  const { name, body, concurrency } = node;
  const items = await itemsOf(run, node, place);
  const results = await run.ctx.map(
    items,
    async (item, index) => ({ item, result: await runInner(run, body, { item, name, place }), index }),
    concurrency === undefined ? {} : { concurrency },
  );
  return { results, totalItems: items.length };
}

async function runBatch(run: FlowRun, node: BatchNode, place: FlowPlace): Promise<unknown> {
  const { name, size, body } = node;
  const items = await itemsOf(run, node, place);
  const results: unknown[] = [];
  for (let from = 0; from < items.length; from += size) {
    const batch = items.slice(from, from + size);
    const result = await runInner(run, body, { item: batch, name, place });
    results.push({ batch, result, index: results.length });
  }
  return { results, totalBatches: results.length, totalItems: items.length };
}
