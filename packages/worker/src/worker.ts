// The worker host: keeps incarnations of runs in memory and speaks to one engine. Runs on every runtime.
import { encodeError, SluiceError } from "@sluice/protocol";
import type { EngineToWorker, RunAssignment, WorkerToEngine } from "@sluice/protocol";
import type { Actions, Context, Task, Workflow } from "@sluice/sdk";
import { Announcements } from "./announcements.ts";
import { Breakers } from "./breakers.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { WorkerClock } from "./clock.ts";
import { Incarnation } from "./incarnation.ts";
import type { IncarnationHost, StandIn, StepRecorder } from "./calls.ts";
import { makeContext } from "./context.ts";
import type { WorkerLimits } from "./limits.ts";
import { byName, manifestOf } from "./manifest.ts";
import { PastRuns } from "./past-runs.ts";
import { Redactor } from "./redactor.ts";
import type { Scope } from "./scope.ts";
import { Secrets } from "./secrets.ts";
import type { LocalSecrets } from "./secrets.ts";
import { ServiceHost } from "./service-host.ts";
import type { StepScope } from "./step-scope.ts";
import { TaskHost } from "./task-host.ts";
import { validateInput } from "./validate-input.ts";
import { invokeTrigger } from "./trigger-calls.ts";

export interface WorkerOptions {
  readonly id: string;
  /** Hash of the code; runs remember it. */
  readonly version: string;
  readonly workflows: readonly Workflow[];
  /** Tasks that runs anywhere may have it do. */
  readonly tasks?: readonly Task[] | undefined;
  readonly clock: WorkerClock;
  readonly limits: WorkerLimits;
  readonly stepScope: StepScope;
  /** Takes messages to the engine, in order. */
  readonly send: (message: WorkerToEngine) => void;
  readonly onStep?: StepRecorder | undefined;
  /** Secrets that this worker can look up by itself. */
  readonly localSecrets?: LocalSecrets | undefined;
  /** Masks values of secrets in whatever leaves; one of its own without. */
  readonly redactor?: Redactor | undefined;
  /** Actions in place of those of a service, by its id; the service itself is never started. */
  readonly mocks?: Readonly<Record<string, Actions>> | undefined;
  readonly standIn?: StandIn | undefined;
}

/** Ends remembered for one workflow. */
const tailsMax = 16;
/** Microtasks a workflow gets to return after its last step. */
const tailHopsMax = 24;

/** Executes the runs an engine assigns to it. */
export class Worker implements IncarnationHost {
  readonly clock: WorkerClock;
  readonly limits: WorkerLimits;
  readonly stepScope: StepScope;
  readonly onStep: StepRecorder | undefined;
  readonly redactor: Redactor;
  readonly secrets: Secrets;
  readonly breakers: Breakers;
  readonly services: ServiceHost;
  readonly checkpoints: Checkpoints;
  readonly tasks: TaskHost;
  readonly standIn: StandIn | undefined;
  readonly #options: WorkerOptions;
  #workflows: ReadonlyMap<string, Workflow>;
  readonly #runs = new Map<string, Incarnation>();
  readonly #idle = new Map<Incarnation, number>();
  readonly #announcements: Announcements;
  readonly #tails = new Map<string, Set<number>>();
  #turn = 0;
  #turnWanted = false;
  #flushWanted = false;
  #pumps = new Set<Incarnation>();
  #quietened = new Set<Incarnation>();
  #flushes = new Set<Incarnation>();
  #parkTimer: (() => void) | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.limits = options.limits;
    this.stepScope = options.stepScope;
    this.onStep = options.onStep;
    this.redactor = options.redactor ?? new Redactor();
    const { clock, localSecrets: local } = options;
    const send = (message: WorkerToEngine): void => this.#send(message);
    this.secrets = new Secrets({ send, clock, redactor: this.redactor, local });
    this.breakers = new Breakers(send, clock);
    this.checkpoints = new Checkpoints({ clock, redactor: this.redactor, past: new PastRuns(send, clock) });
    this.services = new ServiceHost({
      readSecret: (ref) => this.secrets.read(ref),
      clock,
      limits: options.limits,
      report: (services) => send({ type: "services", services }),
      mocks: options.mocks ?? {},
    });
    this.#announcements = new Announcements(clock, options.limits.announceAfterMs);
    const { secrets, stepScope, onStep: recorder } = this;
    this.tasks = new TaskHost({ clock, stepScope, secrets, recorder, send });
    this.tasks.define(options.tasks ?? []);
    this.standIn = options.standIn;
    this.#workflows = byName(options.workflows);
  }

  /** Nothing leaves but through here: values of secrets do not. */
  #send(message: WorkerToEngine): void {
    this.#options.send(this.redactor.message(message));
  }

  /** Says what this worker can execute; to be called once the engine listens. */
  deploy(): void {
    const { id, version } = this.#options;
    const workflows = manifestOf([...this.#workflows.values()]);
    this.#send({ type: "deploy", worker: id, version, workflows, ...this.tasks.offered });
  }

  /** Makes these the workflows it can execute. Runs in memory go on with what they began with. */
  redefine(workflows: readonly Workflow[], tasks: readonly Task[] = []): void {
    this.#workflows = byName(workflows);
    this.tasks.define(tasks);
    this.deploy();
  }

  /** Runs in memory. */
  get size(): number {
    return this.#runs.size;
  }

  /** Handles messages of the engine; to be called once a turn of the event loop at most. */
  receive(messages: readonly EngineToWorker[]): void {
    this.#turn++;
    for (const message of messages) this.#handle(message);
  }

  #handle(message: EngineToWorker): void {
    switch (message.type) {
      case "assign":
        this.#assign(message.assignment);
        break;
      case "journal": {
        const run = this.#current(message.run, message.epoch);
        run?.addJournal(message.entries);
        if (!message.more) run?.begin();
        break;
      }
      case "events": {
        const run = this.#current(message.run, message.epoch);
        run?.receive(message.events);
        if (run?.phase === "gone") this.#runs.delete(message.run);
        break;
      }
      case "validate":
        void this.#validate(message);
        break;
      case "invoke":
        void this.#invoke(message);
        break;
      case "drain":
        void this.#drain(message.ms);
        break;
      case "task":
      case "revoke":
        this.tasks.receive(message);
        break;
      case "revealed":
        this.secrets.revealed(message);
        break;
      case "admitted":
        this.breakers.admitted(message);
        break;
      case "passed":
        this.checkpoints.passed(message);
        break;
      case "refresh":
        this.services.refresh(message.secrets);
        break;
    }
  }

  #current(run: string, epoch: number): Incarnation | undefined {
    const incarnation = this.#runs.get(run);
    return incarnation?.assignment.epoch === epoch ? incarnation : undefined;
  }

  #assign(assignment: RunAssignment): void {
    const { run, epoch } = assignment;
    const workflow = this.#workflows.get(assignment.workflow);
    if (workflow === undefined) {
      const error = new SluiceError({
        code: "workflow_not_found",
        message: `This version of the code has no workflow ${assignment.workflow}.`,
        hint: "Deploy code that has it, or cancel the run.",
      });
      this.#send({
        type: "ops",
        run,
        epoch,
        ops: [{ op: "blocked", reason: "workflow_unknown", error: encodeError(error) }],
      });
      return;
    }
    this.#runs.get(run)?.drop();
    const incarnation = new Incarnation(assignment, workflow, this);
    this.#runs.set(run, incarnation);
    incarnation.addJournal(assignment.journal);
    if (assignment.more !== true) incarnation.begin();
  }

  async #validate(message: Extract<EngineToWorker, { type: "validate" }>): Promise<void> {
    this.#send(await validateInput(this.#workflows.get(message.workflow)?.options.input, message));
  }

  async #invoke(message: Extract<EngineToWorker, { type: "invoke" }>): Promise<void> {
    const { request, workflow } = message;
    const answer = await invokeTrigger({
      message,
      trigger: this.#workflows.get(workflow)?.options.triggers?.[message.trigger],
      clock: this.clock,
      recorder: this.onStep,
    });
    this.#send({ type: "invoked", request, ...answer });
  }

  /** Begins nothing new, gives running steps up to `ms`, then gives every run back. */
  async #drain(ms: number): Promise<void> {
    const runs = [...this.#runs.values()];
    const quiet = Promise.all([...runs.map((run) => run.drain()), this.tasks.drain()]);
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(ms, resolve);
      void quiet.then(() => {
        cancel();
        resolve();
      });
    });
    for (const run of runs) this.#flush(run);
    if (this.services.any) await this.services.stop();
    const left = [...this.#runs.values()].filter((run) => run.phase !== "gone");
    const tasks = this.tasks.giveBack();
    this.#send({
      type: "handback",
      runs: left.map(({ assignment }) => ({ run: assignment.run, epoch: assignment.epoch })),
      ...(tasks.length === 0 ? {} : { tasks }),
    });
    for (const run of left) run.drop();
    this.#runs.clear();
    this.#idle.clear();
    this.#parkTimer?.();
    this.#announcements.stop();
  }

  /** Forgets everything at once, as a process does that dies: nothing of it settles or is sent any more. */
  abandon(): void {
    this.tasks.abandon();
    this.forgetRuns();
  }

  /** Forgets every run: others go on with them. Tasks go on here. */
  forgetRuns(): void {
    for (const run of this.#runs.values()) {
      run.outbox.length = 0;
      run.drop();
    }
    this.#runs.clear();
    this.#idle.clear();
    this.#parkTimer?.();
    this.#announcements.stop();
  }

  makeContext(run: Incarnation, scope: Scope): Context {
    return makeContext(run, scope);
  }

  turn(): number {
    return this.#turn;
  }

  workflowNamed(name: string): Workflow | undefined {
    return this.#workflows.get(name);
  }

  taskNamed(name: string): Task | undefined {
    return this.tasks.named(name);
  }

  pumpLater(run: Incarnation): void {
    this.#pumps.add(run);
    this.#wantTurn();
  }

  flushSoon(run: Incarnation, idle: boolean): void {
    if (idle) {
      this.#quietened.add(run);
      this.#wantTurn();
      return;
    }
    this.#flushes.add(run);
    if (this.#flushWanted) return;
    this.#flushWanted = true;
    queueMicrotask(() => {
      this.#flushWanted = false;
      const runs = this.#flushes;
      this.#flushes = new Set();
      for (const each of runs) this.#flush(each);
    });
  }

  learnTail(workflow: string, seq: number): void {
    if (seq < 0) return;
    const tails = this.#tails.get(workflow) ?? new Set();
    if (tails.size < tailsMax) tails.add(seq);
    this.#tails.set(workflow, tails);
  }

  isTail(workflow: string, seq: number): boolean {
    return this.#tails.get(workflow)?.has(seq) ?? false;
  }

  flushAfterTail(run: Incarnation, hops = 0): void {
    if (run.phase === "finishing" || hops === tailHopsMax) {
      this.#flush(run);
      return;
    }
    this.#flushes.delete(run);
    queueMicrotask(() => this.flushAfterTail(run, hops + 1));
  }

  #wantTurn(): void {
    if (this.#turnWanted) return;
    this.#turnWanted = true;
    this.clock.turn(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#turnWanted = false;
    this.#turn++;
    const pumps = this.#pumps;
    const quietened = this.#quietened;
    this.#pumps = new Set();
    this.#quietened = new Set();
    for (const run of quietened) {
      if (pumps.has(run)) {
        this.flushSoon(run, true);
        continue;
      }
      const idle = run.idleOp();
      if (idle !== undefined) run.outbox.push(idle);
      if (run.idleSince !== undefined) this.#parkLater(run, run.idleSince);
      this.#flush(run);
    }
    for (const run of pumps) run.pump();
  }

  #flush(run: Incarnation): void {
    if (run.outbox.length > 0) {
      const ops = run.outbox.splice(0);
      this.#send({ type: "ops", run: run.assignment.run, epoch: run.assignment.epoch, ops });
    }
    if (run.phase === "gone" && this.#runs.get(run.assignment.run) === run) this.#runs.delete(run.assignment.run);
  }

  sendChecked(run: Incarnation, error: Uint8Array | undefined): void {
    this.#send({ type: "checked", run: run.assignment.run, epoch: run.assignment.epoch, error });
    this.#runs.delete(run.assignment.run);
  }

  #parkLater(run: Incarnation, since: number): void {
    this.#idle.delete(run);
    this.#idle.set(run, since);
    this.#armPark(this.limits.parkAfterMs);
  }

  #armPark(delayMs: number): void {
    this.#parkTimer ??= this.clock.after(delayMs, () => {
      this.#parkTimer = undefined;
      this.#park();
    });
  }

  #park(): void {
    const now = this.clock.now();
    for (const [run, since] of this.#idle) {
      const leftMs = since + this.limits.parkAfterMs - now;
      const current = run.idleSince === since && run.phase === "running";
      if (current && leftMs > 0) {
        this.#armPark(leftMs);
        return;
      }
      this.#idle.delete(run);
      if (!current) continue;
      run.outbox.push({ op: "park", paused: false });
      run.drop();
      this.#flush(run);
    }
  }

  announce(callback: () => void): () => void {
    return this.#announcements.add(callback);
  }
}
