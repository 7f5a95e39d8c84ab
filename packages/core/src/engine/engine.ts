// The engine: owns the truth about runs, hands them to workers, and never executes user code itself.
import { encodeValue } from "@sluice/protocol";
import type { WorkerToEngine, WorkflowManifest } from "@sluice/protocol";
import { deployer, engineItself } from "../kernel/inner-actor.ts";
import { guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Effects, FinishedRun, RunRecord, RunStore } from "../kernel/run-store.ts";
import { Appender } from "./appender.ts";
import { Changes, watchStore } from "./changes.ts";
import { Cleaning, retentionsOf } from "./cleaning.ts";
import { checkDeployment } from "./deployment-checks.ts";
import { deployedOf, Deployments } from "./deployments.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EventQuota } from "./event-quota.ts";
import { History } from "./history.ts";
import { HotRuns } from "./hot-runs.ts";
import type { HotRun } from "./hot-runs.ts";
import type { EngineOptions } from "./engine-options.ts";
import { engineLimits, type EngineLimits } from "./limits.ts";
import { Leaving } from "./leaving.ts";
import { Losses } from "./losses.ts";
import { Moves } from "./moves.ts";
import { notFound, Operations } from "./operations.ts";
import { Outbox } from "./outbox.ts";
import { Facilities } from "./facilities.ts";
import type { CounterName, EngineParts } from "./parts.ts";
import { Queues } from "./queues.ts";
import { prepareWith } from "./prepare.ts";
import { ReplayChecks } from "./replay-checks.ts";
import { awaitEnd } from "./run-end.ts";
import { Sealer } from "./sealing.ts";
import { Schedules } from "./schedules.ts";
import { Approvals } from "./approvals.ts";
import { Signals, type Answer, type Emission } from "./signals.ts";
import { StateAccess } from "./state-access.ts";
import { Starts, type Started, type StartRequest } from "./starts.ts";
import { plainOffer, type TaskWorker } from "./tasks/offer.ts";
import { Tasks } from "./tasks/tasks.ts";
import { Telling } from "./telling.ts";
import { Timers } from "./timers.ts";
import { Invocations } from "./triggers/invocations.ts";
import { withoutSecrets } from "./triggers/manifest-secrets.ts";
import { Triggers } from "./triggers/triggers.ts";
import { endedUpdate, settledUpdate } from "./updates.ts";
import { Values } from "./values.ts";
import { Watchers } from "./watch.ts";
import type { AttachedWorker, Attaching, WorkerLink, WorkerLoss } from "./worker-link.ts";

/** Takes runs from their start to their end: hands them to workers, keeps what they did, and answers about them. */
export class Engine {
  readonly store: RunStore;
  readonly limits: EngineLimits;
  readonly watchers = new Watchers();
  readonly changes = new Changes();
  readonly values: Values;
  readonly sealer: Sealer;
  readonly deployments = new Deployments((worker) => this.#hot.countOn(worker));
  readonly operations: Operations;
  readonly moves: Moves;
  readonly history: History;
  readonly schedules: Schedules;
  readonly queues: Queues;
  readonly triggers: Triggers;
  readonly cleaning: Cleaning;
  readonly state: StateAccess;
  readonly facilities: Facilities;
  readonly tasks: Tasks;
  readonly counters: Partial<Record<CounterName, number>> = {};
  readonly #parts: EngineParts;
  readonly #hot: HotRuns;
  readonly #starts: Starts;
  readonly #dispatcher: Dispatcher;
  readonly #appender: Appender;
  readonly #losses: Losses;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #telling: Telling;
  readonly #invocations: Invocations;
  readonly #signals: Signals;
  readonly approvals: Approvals;
  readonly #checks: ReplayChecks;
  readonly #leaving: Leaving;
  #draining = false;

  constructor(options: EngineOptions) {
    this.store = watchStore(options.store, this.changes);
    this.limits = { ...engineLimits, ...options.limits };
    this.values = new Values(options.blobs, this.limits, options.sealing?.keys);
    this.sealer = new Sealer(options.sealing, this.deployments);
    this.#hot = new HotRuns(options.trace);
    this.#outbox = new Outbox((id) => this.deployments.get(id)?.link ?? this.tasks.worker(id)?.link);
    this.#telling = new Telling(this.values, this.#outbox, { log: options.log, lost: (hot) => this.#takeBack(hot) });
    this.#parts = this.#makeParts(options);
    this.#dispatcher = new Dispatcher(this.#parts, options.provideVersion ?? (() => Promise.resolve(false)));
    this.#losses = new Losses(this.#parts, this.#dispatcher);
    this.#starts = new Starts(this.#parts, this.#dispatcher);
    this.#signals = new Signals(this.#parts);
    this.approvals = new Approvals(this.#parts, this.#signals);
    this.#checks = new ReplayChecks(this.#parts, this.#dispatcher);
    this.moves = new Moves(this.#parts, this.#checks);
    this.operations = new Operations(this.#parts, this.#starts, this.#checks);
    this.history = new History(this.#parts);
    this.schedules = new Schedules(this.#parts, this.#starts);
    this.queues = new Queues(this.#parts);
    this.#invocations = new Invocations(this.#parts);
    const ofTriggers = { engine: this.#parts, starts: this.#starts, invocations: this.#invocations };
    this.triggers = new Triggers({ ...ofTriggers, store: options.triggers }, options.sources ?? []);
    this.cleaning = new Cleaning(this.#parts, () => this.triggers.sweep());
    this.state = new StateAccess(this.#parts);
    this.facilities = new Facilities(this.#parts, options.secrets);
    const tasks = (this.tasks = new Tasks(this.#parts));
    this.#leaving = new Leaving(this.#parts, { dispatcher: this.#dispatcher, losses: this.#losses, tasks });
    const prepare = prepareWith(this.#parts, this.#starts);
    this.#appender = new Appender(this.#parts, { prepare, tasks: this.tasks, reload: (hot) => this.#reload(hot) });
    this.#timers = new Timers(options.clock, {
      fire: (now) => this.#fireTimers(now),
      onError: (error) => options.log("error", "timers could not be settled yet", { error: String(error) }),
      retryDelayMs: this.limits.reloadDelayMs,
      leadMs: this.limits.sleepLeadMs,
    });
  }

  #makeParts(options: EngineOptions): EngineParts {
    const { clock, ids, log, owner, url, onDeploy } = options;
    const given = { clock, ids, log, owner, url, onDeploy };
    return {
      ...given,
      store: this.store,
      limits: this.limits,
      values: this.values,
      sealer: this.sealer,
      deployments: this.deployments,
      hot: this.#hot,
      tasks: () => this.tasks,
      watchers: this.watchers,
      changes: this.changes,
      events: new EventQuota(this.store, this.limits),
      route: (effects) => this.#route(effects),
      tell: (hot, events) => this.#telling.tell(hot, events),
      send: (worker, message) => this.#outbox.send(worker, message),
      kick: () => this.#dispatcher.kick(),
      queued: (runs) => this.#dispatcher.queued(runs),
      recall: (run) => this.tasks.over(run),
      stopped: (run) => this.tasks.stopping.ofRun(run),
      left: (hot) => this.#dispatcher.left(hot, true),
      release: (hot) => this.#losses.release([hot]),
      draining: () => this.#draining,
      count: (name, by = 1) => {
        this.counters[name] = (this.counters[name] ?? 0) + by;
      },
    };
  }

  /** Takes up what an earlier process left behind. To be called once, before anything else. */
  async start(): Promise<{ readonly recovered: number }> {
    const { store, clock, owner } = this.#parts;
    if (this.sealer.hasKeys) await this.sealer.start();
    const { recovered, effects } = await store.recover({ by: engineItself, owner, now: clock.now() });
    this.#route(effects);
    this.#dispatcher.ready = (await store.stats()).ready;
    await this.tasks.load();
    await this.#parts.events.refresh();
    this.#timers.arm(clock.now());
    this.cleaning.start();
    return { recovered };
  }

  /** Registers a worker; what it reports goes to `receive`. */
  attach(link: WorkerLink, options: Attaching = {}): AttachedWorker {
    const { offer = plainOffer, quarantine = false, remote = false, running = [], life } = options;
    const tasks = new Set(offer.tasks);
    const worker: TaskWorker = { link, offer, remote, version: "", tasks, leaving: quarantine, held: new Map() };
    if (tasks.size > 0 || running.length > 0) this.tasks.join(worker, running);
    if (life !== undefined) this.#dispatcher.charges.cameBack(life);
    return {
      receive: (message) => this.#receive(worker, message),
      lost: async (loss: WorkerLoss, keep) => {
        this.#leaving.drained(link.id);
        this.#invocations.lost(link.id);
        await Promise.all([this.tasks.lost(link.id, loss, keep), this.#losses.lost(worker, loss)]);
        if (this.deployments.workers.length === 0) this.#starts.giveUp();
      },
    };
  }

  /** Makes a version of the code current: its workflows, webhooks and schedules. Nothing changes when it is refused. */
  async deploy(version: string, workflows: readonly WorkflowManifest[]): Promise<Result<null>> {
    const before = {
      version: this.deployments.version,
      workflows: this.deployments.workflows.map((each) => each.manifest),
    };
    const deployed = await guarded(async () => {
      const checked = this.sealer.refuse(workflows) ?? checkDeployment(workflows, this.limits);
      return checked.ok ? this.#makeCurrent(version, workflows) : checked;
    });
    if (deployed.ok) this.#guard(this.schedules.checkInputs());
    if (deployed.ok) return deployed;
    this.deployments.setCurrent(before.version, before.workflows);
    return guarded(async () => this.queues.deploy(before.workflows).then(() => deployed));
  }

  async #makeCurrent(version: string, workflows: readonly WorkflowManifest[]): Promise<Result<null>> {
    const { store, clock } = this.#parts;
    // Before any run is started by them: a gate without a rule is open.
    await this.queues.deploy(workflows);
    if (this.sealer.hasKeys) await this.sealer.deploy(workflows);
    this.deployments.setCurrent(version, workflows);
    const scheduled = await this.schedules.deploy(workflows);
    if (!scheduled.ok) return scheduled;
    await this.triggers.deploy(workflows);
    const record = { version, createdAt: clock.now(), manifest: encodeValue(withoutSecrets(workflows)) };
    await store.putVersion({ by: deployer, version: record, retentions: retentionsOf(workflows) });
    const moved = this.#parts.onDeploy === "move" ? (["version_unavailable", "replay_check_failed"] as const) : [];
    const unblocked = { by: deployer, reasons: ["workflow_unknown", ...moved] as const, now: clock.now() };
    const { effects } = await store.unblockRuns(unblocked);
    this.#route(effects);
    this.#dispatcher.kick();
    return ok(null);
  }

  #receive(worker: TaskWorker, message: WorkerToEngine): void {
    const { link } = worker;
    switch (message.type) {
      case "deploy":
        this.#arrived(worker, message);
        break;
      case "ops": {
        const hot = this.#hot.get(message.run, message.epoch);
        if (hot?.worker === link.id) this.#appender.append(hot, message.ops);
        else if (message.ops.some((op) => op.op !== "log" && op.op !== "idle")) this.#parts.count("stale_writes");
        break;
      }
      case "validated":
        this.#starts.verdict(message);
        break;
      case "invoked":
        this.#invocations.answered(message);
        break;
      case "checked": {
        if (this.#checks.answered(message)) break;
        const hot = this.#hot.get(message.run, message.epoch);
        const checker = this.deployments.get(link.id);
        if (hot !== undefined && checker !== undefined)
          this.#guard(this.#dispatcher.checked(hot, checker, message.error));
        break;
      }
      case "reveal":
      case "admit":
      case "services":
      case "past":
        this.facilities.receive(link.id, message);
        break;
      case "result":
      case "note":
        this.tasks.receive(link.id, message);
        break;
      case "handback":
        this.tasks.handback(link.id, message.tasks ?? []);
        this.#guard(this.#handback(link.id, message.runs));
    }
  }

  #arrived(of: TaskWorker, message: Extract<WorkerToEngine, { type: "deploy" }>): void {
    const worker = deployedOf(of, message);
    of.version = message.version;
    of.tasks = new Set([...(of.offer.tasks ?? []), ...(message.tasks ?? []).map(({ name }) => name)]);
    if (of.tasks.size > 0 || this.tasks.worker(of.link.id) !== undefined) this.tasks.join(of);
    if (of.remote && worker.workflows.size === 0) return;
    this.deployments.add(worker);
    this.#guard(Promise.all([this.#dispatcher.arrived(worker), this.schedules.checkInputs()]));
    if (!of.remote) return;
    // What waited for this version of the code can go on: there was no worker that had it.
    const { store, clock } = this.#parts;
    const reasons = ["version_unavailable"] as const;
    const waited = { by: deployer, reasons, version: worker.version, now: clock.now() };
    this.#guard(store.unblockRuns(waited).then(({ effects }) => this.#route(effects)));
  }

  async #handback(worker: string, runs: readonly { readonly run: string; readonly epoch: number }[]): Promise<void> {
    const hots = runs.map(({ run, epoch }) => this.#hot.remove(run, epoch)).filter((hot) => hot !== undefined);
    await this.#losses.release(hots);
    for (const hot of hots) this.#dispatcher.left(hot, true);
    this.#leaving.drained(worker);
  }

  #guard(work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#parts.log("error", "an operation of the engine failed", { error: String(error) }),
    );
  }

  /** Starts a run; it is durable when this resolves. */
  async startRun(request: StartRequest): Promise<Result<Started>> {
    return guarded(() => this.#starts.start(request));
  }

  /** Stores an event and settles what waits for it. */
  emit(p: Emission): ReturnType<Signals["emit"]> {
    return this.#signals.emit(p);
  }

  /** Settles the wait behind an approval or a callback token. */
  completeToken(p: Answer): ReturnType<Signals["answer"]> {
    return this.#signals.answer(p);
  }

  /** How a run ended, as soon as it has. */
  async ended(run: string, signal?: AbortSignal): Promise<Result<FinishedRun>> {
    return awaitEnd(this.#parts, run, signal);
  }

  async getRun(run: string): Promise<Result<RunRecord>> {
    const record = await this.store.getRun({ run });
    return record === undefined ? notFound(run) : ok(record);
  }

  /** Resolves when every change is durable that was asked for before. */
  async settled(): Promise<void> {
    // The store carries out its verbs in order; this one has nothing to do.
    await this.store.releaseRuns({ by: engineItself, runs: [], crashed: false, now: this.#parts.clock.now() });
  }

  get hotRuns(): number {
    return this.#hot.size;
  }
  get draining(): boolean {
    return this.#draining;
  }

  #route(effects: Effects): void {
    const { owner, count } = this.#parts;
    for (const delivery of effects.deliveries) {
      if (delivery.owner !== owner) continue;
      const hot = this.#hot.get(delivery.run, delivery.epoch);
      if (hot === undefined) continue;
      this.#telling.tell(hot, [delivery.event]);
      if (delivery.event.event === "drop" && this.#hot.remove(hot.run, hot.epoch)) this.#dispatcher.left(hot, true);
      if (delivery.event.event === "settle" && this.watchers.wants(delivery.run)) {
        this.watchers.publish(settledUpdate(delivery.run, delivery.event));
      }
    }
    for (const end of effects.finished) {
      this.tasks.over(end.run);
      count(`runs_${end.status}`);
      if (this.watchers.wants(end.run)) this.watchers.publish(endedUpdate(end, this.#parts.clock.now()));
      this.watchers.ended(end);
    }
    for (const run of effects.touched) {
      if (this.watchers.wants(run))
        this.watchers.publish({ run, type: "stale", at: this.#parts.clock.now(), data: {} });
    }
    if (effects.ready > 0) this.#dispatcher.queued(effects.ready);
    this.#timers.arm(effects.due);
  }

  async #fireTimers(now: number): Promise<number | undefined> {
    const { timerBatchMax: limit, sleepLeadMs: soonMs } = this.limits;
    const { fired, next, effects } = await this.store.fireTimers({ by: engineItself, now, limit, soonMs });
    if (fired > 0) this.#parts.count("timers", fired);
    this.#route(effects);
    return next;
  }

  /** What a worker has to know of a run cannot be brought to it: the run goes on from its journal. */
  #takeBack(hot: HotRun): void {
    if (this.#hot.remove(hot.run, hot.epoch) === undefined) return;
    this.#dispatcher.left(hot, true);
    this.#reload(hot);
  }

  /** A commit failed: nothing of it was visible, the run goes on from its journal. */
  #reload(hot: HotRun): void {
    this.#parts.clock.after(this.limits.reloadDelayMs, () => void this.#losses.release([hot]));
  }

  /** Hands out nothing more and gives back what is in memory, running steps after `drainMs` at most. Starts are still taken. */
  rest(drainMs: number = this.limits.drainMs): Promise<void> {
    return this.#leaving.rest(drainMs);
  }

  /** Ends a rest: runs are handed out again. */
  wake = (): void => this.#leaving.wake();

  /** Stops: nothing new begins, running steps get `drainMs`, the rest is given back. */
  async stop(drainMs: number = this.limits.drainMs): Promise<void> {
    this.#draining = true;
    this.#invocations.giveUp();
    const resting = this.triggers.stop();
    await this.schedules.stop();
    await this.cleaning.stop();
    this.#timers.stop();
    await this.rest(drainMs);
    this.tasks.stop();
    this.#starts.giveUp();
    await resting;
    await this.store.close();
  }
}
