// Tasks of simulated workflows: which steps are given to a worker as tasks, how they are called, and what the worker does.
import { NonRetryableError, task } from "@sluice/sdk";
import type { Context, StepContext, Task, TaskContext, TaskUndone } from "@sluice/sdk";
import { SimulatedRandom } from "../simulated-random.ts";
import { never } from "./life.suite.ts";
import type { Host } from "./life.suite.ts";
import { mapSteps } from "./program-shape.suite.ts";
import type { Node, Program, StepNode } from "./program.suite.ts";

/** The tasks of every simulated worker; what they are to do is in their input. */
const taskName = "act";
const undoName = "unact";

/** An execution that began. */
export interface TaskWitness {
  /** Returns how to say that its effect is over. */
  acted(host: Host, path: string): void;
  /** An attempt begins to take back what a task did; returns how to say that it has. `key`: as the attempt has it. */
  unacted(host: Host, path: string, key: string): () => void;
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
  const undoing = new SimulatedRandom(seed ^ 0x3b91e7);
  const tasked = programs.map((program) => ({ ...program, root: given(program.root, random, share) }));
  return tasked.map((program) => ({ ...program, root: withUndo(program.root, undoing, share) }));
}

/** Some of those with an undo as well, drawn apart once more. */
function withUndo(root: Node, random: SimulatedRandom, share: number): Node {
  return mapSteps(root, (step) => {
    if (step.undo === undefined || step.cache !== undefined || !random.chance(share)) return step;
    return { ...step, task: true, undo: { ...step.undo, task: random.chance(0.6) } };
  });
}

function given(root: Node, random: SimulatedRandom, share: number): Node {
  return mapSteps(root, (step) =>
    step.undo === undefined && step.cache === undefined && random.chance(share) ? { ...step, task: true } : step,
  );
}

type Undo = (result: unknown, step: StepContext) => unknown;

/** Calls the task that does what the step would. `undo`: what takes it back where no task does. */
export function callTask(
  ctx: Context,
  { node, path, undo }: { readonly node: StepNode; readonly path: string; readonly undo: Undo | undefined },
): Promise<unknown> {
  const { attempts, retryMs, timeoutMs, ms } = node;
  return ctx.task(
    taskName,
    { path, node },
    {
      retry: { attempts, backoff: "fixed", delay: retryMs, maxDelay: 3_600_000 },
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...(ms > 1_000 ? { heartbeat: 60_000 } : {}),
      ...(undo === undefined ? {} : { undo: node.undo?.task === true ? undoName : undo }),
    },
  );
}

/** The task as one worker does it. */
export function actor(host: Host, witness: TaskWitness): Task<Acting> {
  return task({ name: taskName }, (input: Acting, at) => act(input, at, { host, witness }));
}

/** What takes it back, as one worker does it; tried as often as the program says. */
export function unactor(host: Host, witness: TaskWitness): Task<TaskUndone<Acting>> {
  return task({ name: undoName }, ({ input: { path, node } }: TaskUndone<Acting>, at) => {
    if (host.dead) return never();
    const done = witness.unacted(host, path, at.idempotencyKey);
    return new Promise<void>((resolve, reject) => {
      host.after(node.undo?.ms ?? 0, () => {
        if (at.attempt <= (node.undo?.fails ?? 0)) {
          reject(new Error(`undo ${path} attempt ${at.attempt}`));
          return;
        }
        done();
        resolve();
      });
    });
  });
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
