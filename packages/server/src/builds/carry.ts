// Has a build carried out as a run: of the server where there is one, else of an engine of its own.
import type { Logger } from "@sluice/core";
import { digestOfTexts, runTasks } from "@sluice/core/builds";
import type { BuildRequest, TaskOutcome } from "@sluice/core/builds";
import { toWire } from "@sluice/protocol";
import type { BuildOutput, BuildWork } from "./build-workflow.ts";
import type { ServedInput } from "./served-builds.ts";
import type { BuildServer } from "./served-worker.ts";

interface CarryingGround {
  readonly log: Logger;
  readonly server: BuildServer | undefined;
  /** Of an engine of its own. */
  readonly folder: string;
}

interface Carrying {
  readonly work: BuildWork;
  readonly request: BuildRequest;
  readonly force: boolean;
  readonly show: {
    began(run: string, isResumed: boolean): void;
    remark(text: string): void;
  };
}

interface Carried {
  /** Of the run; of a build without one, made up. */
  readonly id: string;
  readonly tasks: readonly TaskOutcome[];
}

/** Whatever happens to the server, the build is done: with a remark by an engine of its own. */
export async function carriedOut(ground: CarryingGround, p: Carrying): Promise<Carried> {
  const { graph, fingerprint, workspace } = p.work.plan;
  // One that was to execute everything is another build.
  const input = {
    root: workspace.root,
    tasks: p.request.tasks,
    fingerprint: digestOfTexts([fingerprint, p.work.continuing, String(p.force)]),
  };
  const isSettled = [...graph.tasks.keys()].every((id) => p.work.settled.has(id));
  if (ground.server !== undefined) {
    try {
      return await onServer(ground.server, { ...p, input, isSettled, log: ground.log });
    } catch (error) {
      const { message } = toWire(error);
      p.show.remark(`The server at ${ground.server.url} takes no part in this build: ${message}`);
    }
  }
  if (isSettled) return { id: localId(), tasks: inOrder(p.work) };
  return onOwnEngine(ground, p, input);
}

function inOrder({ plan, settled }: BuildWork): readonly TaskOutcome[] {
  return [...plan.graph.tasks.keys()].flatMap((id) => settled.get(id) ?? []);
}

interface OnServer extends Carrying {
  readonly input: { readonly root: string; readonly tasks: readonly string[]; readonly fingerprint: string };
  readonly isSettled: boolean;
  readonly log: Logger;
}

async function onServer(server: BuildServer, { work, show, input, isSettled, log }: OnServer): Promise<Carried> {
  const { beginOn, carryOut, servedInput } = await import("./served-worker.ts");
  const given = servedInput(work.plan, input);
  if (isSettled) {
    const { run } = await beginOn(server, given, inOrder(work));
    return { id: run, tasks: inOrder(work) };
  }
  const { makeBuildWorkflow } = await import("./build-workflow.ts");
  const begun = await beginOn(server, given);
  show.began(begun.run, begun.resumed);
  const outcomes = new Map<string, TaskOutcome>(work.settled);
  let output: BuildOutput | undefined;
  const workflow = makeBuildWorkflow<ServedInput>({
    ...work,
    ended: (outcome) => {
      outcomes.set(outcome.id, outcome);
      work.ended(outcome);
    },
    finished: (made) => {
      output = made;
    },
  });
  const carried = await carryOut(server, {
    begun,
    workflow,
    output: () => output,
    log: (message) => log("info", message),
  });
  if (carried.output !== undefined) return { id: carried.run, tasks: carried.output.tasks };
  // Somebody has ended the run: what was under way was ended with it.
  work.performer.stop();
  const { unreached } = await import("@sluice/core/builds");
  const why = "the build was cancelled at the server";
  const tasks = [...work.plan.graph.tasks.keys()].map((id) => outcomes.get(id) ?? unreached(id, "cancelled", why));
  return { id: carried.run, tasks };
}

async function onOwnEngine(
  { folder, log }: CarryingGround,
  { work, show }: Carrying,
  input: OnServer["input"],
): Promise<Carried> {
  const { graph } = work.plan;
  const [{ journaled }, { makeBuildWorkflow }] = await Promise.all([
    import("./build-engine.ts"),
    import("./build-workflow.ts"),
  ]);
  try {
    const { run, output } = await journaled(
      { folder, log },
      { workflow: makeBuildWorkflow(work), input, began: (id, isResumed) => show.began(id, isResumed) },
    );
    return { id: run, tasks: output.tasks };
  } catch (error) {
    const wire = toWire(error);
    if (wire.code !== "data_folder_locked") throw error;
    show.remark(
      "Another build of this workspace is under way: this one is no run, and does not go on if it is killed.",
    );
    const journal = {
      step: <T>(_name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
        body(new AbortController().signal),
    };
    return { id: localId(), tasks: await runTasks({ ...work, graph, journal }) };
  }
}

export function localId(): string {
  return `local_${crypto.randomUUID()}`;
}
