// Tasks of simulated workflows: which steps are given to a worker as tasks, how they are called, and what the worker does.
import { NonRetryableError, task } from "@sluice/sdk";
import type { Context, Task, TaskContext } from "@sluice/sdk";
import { SimulatedRandom } from "../simulated-random.ts";
import { never } from "./life.suite.ts";
import type { Host } from "./life.suite.ts";
import type { Node, Program, StepNode } from "./program.suite.ts";

/** The one task of every simulated worker; what it is to do is in its input. */
const taskName = "act";

/** An execution that began. */
export interface TaskWitness {
  /** Returns how to say that its effect is over. */
  acted(host: Host, path: string): void;
}

interface Acting {
  readonly path: string;
  readonly node: StepNode;
}

/** Lets workers do some of the steps of some seeds as tasks. Drawn apart: programs stay as they were. */
export function withTasks(programs: readonly Program[], seed: number): readonly Program[] {
  const random = new SimulatedRandom(seed ^ 0x7a5c19);
  if (!random.chance(0.4)) return programs;
  const share = random.pick([0.3, 1]);
  return programs.map((program) => ({ ...program, root: given(program.root, random, share) }));
}

function given(node: Node, random: SimulatedRandom, share: number): Node {
  switch (node.type) {
    case "step":
      return node.undo === undefined && node.cache === undefined && random.chance(share)
        ? { ...node, task: true }
        : node;
    case "lock":
    case "map":
    case "try":
      return { ...node, body: given(node.body, random, share) };
    case "seq":
    case "all":
    case "race":
    case "ctxRace":
      return { ...node, nodes: node.nodes.map((each) => given(each, random, share)) };
    default:
      return node;
  }
}

/** Calls the task that does what the step would. */
export function callTask(ctx: Context, node: StepNode, path: string): Promise<unknown> {
  const { attempts, retryMs, timeoutMs, ms } = node;
  return ctx.task(
    taskName,
    { path, node },
    {
      retry: { attempts, backoff: "fixed", delay: retryMs, maxDelay: 3_600_000 },
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...(ms > 1_000 ? { heartbeat: 60_000 } : {}),
    },
  );
}

/** The task as one worker does it. */
export function actor(host: Host, witness: TaskWitness): Task<Acting> {
  return task({ name: taskName }, (input: Acting, at) => act(input, at, { host, witness }));
}

/** One attempt: its outcome depends on the number of the attempt alone. */
function act(
  { path, node }: Acting,
  at: TaskContext,
  { host, witness }: { readonly host: Host; readonly witness: TaskWitness },
): unknown {
  if (host.dead) return never();
  witness.acted(host, path);
  at.log(`task ${path} attempt ${at.attempt}`);
  const outcome = (): string => {
    if (node.fatal) throw new NonRetryableError(`fatal ${path}`);
    if (at.attempt - node.slow <= node.fails) throw new Error(`failed ${path}`);
    return `did ${path}`;
  };
  const tooLong = node.timeoutMs !== undefined && at.attempt <= node.slow;
  const ms = tooLong ? (node.timeoutMs ?? 0) + 50 : node.ms;
  if (ms === 0) return outcome();
  return new Promise((resolve, reject) => {
    const cancel = host.after(ms, () => {
      try {
        resolve(outcome());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    if (node.deaf) return;
    at.signal.addEventListener("abort", () => {
      cancel();
      reject(at.signal.reason as Error);
    });
  });
}
