// A worker played by a test: it gets what an engine says and says what the test wants, at the moment the test wants it.
import { encodeError, encodeValue } from "@sluice/protocol";
import type { DoneOp, EngineToWorker, RunAssignment, RunEvent, RunOp, WorkflowManifest } from "@sluice/protocol";
import type { Engine } from "./engine.ts";
import { rest } from "./engine-fixture.suite.ts";
import type { AttachedWorker, WorkerLoss } from "./worker-link.ts";

/** The shortest description of a workflow. */
export function plainManifest(name: string): WorkflowManifest {
  return { name, triggers: [], validates: false };
}

/** A step that was executed, with its result. */
export function done(seq: number, name: string, result: unknown, error?: Error): DoneOp {
  const outcome = error === undefined ? { value: encodeValue(result) } : { error: encodeError(error) };
  return { op: "done", kind: "step", seq, name, n: 0, at: 0, attempt: 1, ...outcome };
}

export function finish(output?: unknown): RunOp {
  return { op: "finish", status: "completed", output: encodeValue(output) };
}

export class PlayedWorker {
  readonly received: EngineToWorker[] = [];
  readonly #attached: AttachedWorker;

  /** Attaches and says what it can execute; the version is not made current by that. */
  constructor(
    engine: Engine,
    p: {
      readonly id: string;
      readonly version: string;
      readonly workflows: readonly string[];
      readonly quarantine?: boolean;
      /** On another machine: names its process there. */
      readonly life?: string;
    },
  ) {
    const link = { id: p.id, send: (messages: readonly EngineToWorker[]) => void this.received.push(...messages) };
    this.#attached = engine.attach(link, {
      quarantine: p.quarantine ?? false,
      remote: p.life !== undefined,
      life: p.life,
    });
    const workflows = p.workflows.map(plainManifest);
    this.#attached.receive({ type: "deploy", worker: p.id, version: p.version, workflows });
  }

  /** The newest assignment of a run, once there is one above this epoch. */
  async assigned(run: string, aboveEpoch = 0): Promise<RunAssignment> {
    for (;;) {
      const found = this.received.findLast((message) => message.type === "assign" && message.assignment.run === run);
      if (found?.type === "assign" && found.assignment.epoch > aboveEpoch) return found.assignment;
      await rest(1);
    }
  }

  /** What the engine has told a run so far, assignments left out. */
  events(run: string): readonly RunEvent[] {
    return this.received.flatMap((message) => (message.type === "events" && message.run === run ? message.events : []));
  }

  ops(run: string, epoch: number, ...ops: readonly RunOp[]): void {
    this.#attached.receive({ type: "ops", run, epoch, ops });
  }

  checked(run: string, epoch: number, error?: Uint8Array): void {
    this.#attached.receive({ type: "checked", run, epoch, error });
  }

  /** This worker is gone; `executing` are the steps it was in the middle of. */
  async lost(loss: Partial<WorkerLoss> = {}): Promise<void> {
    await this.#attached.lost({ crashed: true, executing: [], message: "exit code 139", ...loss });
  }
}
