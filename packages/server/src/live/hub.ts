// The live stream of a server: collects what changes while somebody is connected, and tells each what they may hear.
import { fail, ok } from "@sluice/core";
import type { ChangedNoun, Result, RunSummary } from "@sluice/core";
import type { Principal } from "@sluice/core/identity";
import type { LiveMessage, LiveRun, Permission } from "@sluice/protocol";
import type { HttpParts } from "../call.ts";
import { LiveConnection } from "./connection.ts";
import type { Following, LiveRoom } from "./connection.ts";
import { RunTopic } from "./run-topic.ts";
import { hearsState } from "./topics.ts";
import type { SharedTopic } from "./topics.ts";

type HubParts = Pick<
  HttpParts,
  "engine" | "store" | "clock" | "limits" | "log" | "metrics" | "version" | "deployment" | "closing"
>;

/** Names of what has changed that are told one by one; of more it is only said that there were some. */
const namesMax = 100;
/** The first change after a quiet time is told this soon, with those that come along with it. */
const settleMs = 50;

/** What has changed of a topic: names, or anything. */
type Changed = Set<string> | "anything";

export class LiveHub implements LiveRoom {
  readonly #parts: HubParts;
  readonly #connections = new Set<LiveConnection>();
  readonly #perUser = new Map<string, number>();
  readonly #topics = new Map<SharedTopic, Set<LiveConnection>>();
  /** Runs that may have changed since they were told last; undefined when there are more than can be told. */
  #runs: Set<string> | undefined = new Set();
  #changed = new Map<SharedTopic, Changed>();
  /** When it was said last that something of a topic has changed, and that there were too many runs. */
  #toldAt = 0;
  #laggedAt = 0;
  #stopRunsTimer: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;
  #stopLooking: (() => void) | undefined;
  #unlisten: (() => void) | undefined;
  #caughtUp: Promise<void> = Promise.resolve();

  constructor(parts: HubParts) {
    this.#parts = parts;
    parts.closing.addEventListener("abort", () => this.#close());
  }

  get clock(): HubParts["clock"] {
    return this.#parts.clock;
  }

  get limits(): HubParts["limits"] {
    return this.#parts.limits;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Takes somebody in, if there is room. */
  connect(principal: Principal): Result<LiveConnection> {
    const { liveConnectionsMax, liveConnectionsPerUserMax } = this.limits;
    const user = userOf(principal);
    const own = this.#perUser.get(user) ?? 0;
    if (own >= liveConnectionsPerUserMax) return fail(tooMany(own, "liveConnectionsPerUserMax", " of yours"));
    const all = this.#connections.size;
    if (all >= liveConnectionsMax) return fail(tooMany(all, "liveConnectionsMax", ""));
    const connection = new LiveConnection(this, principal);
    this.#connections.add(connection);
    this.#perUser.set(user, own + 1);
    this.#parts.metrics.live = this.#connections.size;
    return ok(connection);
  }

  left(connection: LiveConnection): void {
    if (!this.#connections.delete(connection)) return;
    const user = userOf(connection.principal);
    const own = (this.#perUser.get(user) ?? 1) - 1;
    if (own === 0) this.#perUser.delete(user);
    else this.#perUser.set(user, own);
    this.#parts.metrics.live = this.#connections.size;
  }

  /** Sends everybody away; they come back to whatever serves then. */
  #close(): void {
    for (const connection of this.#connections) connection.restart();
  }

  hello(): LiveMessage {
    const { version, store, clock } = this.#parts;
    return { type: "hello", version, instance: store.instance, now: clock.now() };
  }

  join(connection: LiveConnection, topic: SharedTopic): void {
    const joined = this.#topics.get(topic);
    if (joined === undefined) this.#topics.set(topic, new Set([connection]));
    else joined.add(connection);
    this.#listen();
    if (topic === "workers" || topic === "overview") this.#lookAtWorkers();
  }

  leave(connection: LiveConnection, topic: SharedTopic): void {
    const joined = this.#topics.get(topic);
    joined?.delete(connection);
    if (joined?.size !== 0) return;
    this.#topics.delete(topic);
    this.#changed.delete(topic);
    if (!this.#topics.has("workers") && !this.#topics.has("overview")) {
      this.#stopLooking?.();
      this.#stopLooking = undefined;
    }
    if (this.#topics.size === 0) this.#rest();
  }

  caughtUp(): Promise<void> {
    return this.#caughtUp;
  }

  async find({ principal }: LiveConnection, run: string): Promise<RunSummary | undefined> {
    const [found] = await this.#parts.engine.store.getRuns({ runs: [run] });
    return found !== undefined && principal.allows("run:read", found.workflow) ? found : undefined;
  }

  follow(connection: LiveConnection, p: Following): () => void {
    const topic = new RunTopic(this.#parts, connection, p);
    return () => topic.stop();
  }

  /** Begins to hear of changes, and of all that are on their way. */
  #listen(): void {
    if (this.#unlisten !== undefined) return;
    const { engine } = this.#parts;
    this.#unlisten = engine.changes.listen((noun, name) => this.#heard(noun, name));
    this.#caughtUp = engine.settled();
    // Whoever asks for it hears of a failure.
    this.#caughtUp.catch(() => undefined);
  }

  /** Nobody listens: nothing is kept. */
  #rest(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#stopRunsTimer?.();
    this.#stopTimer?.();
    this.#stopRunsTimer = undefined;
    this.#stopTimer = undefined;
    this.#runs = new Set();
    this.#changed.clear();
  }

  #heard(noun: ChangedNoun, name: string | undefined): void {
    if (noun === "runs") {
      if (name !== undefined && this.#topics.has("runs")) this.#heardRun(name);
      this.#mark("overview", undefined);
      return;
    }
    this.#mark(noun === "deleted" ? "runs" : noun, name);
    if (noun === "deleted" || noun === "approvals") this.#mark("overview", undefined);
  }

  #heardRun(run: string): void {
    if (this.#runs === undefined) return;
    this.#runs.add(run);
    if (this.#runs.size > this.limits.liveRunsMax) this.#runs = undefined;
    this.#armRuns(this.limits.liveRunsMs);
  }

  #armRuns(delayMs: number): void {
    this.#stopRunsTimer ??= this.clock.after(delayMs, () => {
      this.#stopRunsTimer = undefined;
      if (this.#runs === undefined) this.#tellTooMany();
      else this.#tellRuns(this.#runs).catch((error: unknown) => this.#failed(error));
    });
  }

  /** More runs have changed than can be told: it is all to be read anew, which takes its time. */
  #tellTooMany(): void {
    const now = this.clock.now();
    const restMs = Math.min(this.#laggedAt + this.limits.liveChangedMs - now, this.limits.liveChangedMs);
    if (restMs > 0) return this.#armRuns(restMs);
    this.#laggedAt = now;
    this.#runs = new Set();
    return this.#tellAll("runs", { type: "lagged", topic: "runs" });
  }

  /** Tells what became of the runs of which something was heard. */
  async #tellRuns(ids: ReadonlySet<string>): Promise<void> {
    this.#runs = new Set();
    const found = await this.#parts.engine.store.getRuns({ runs: [...ids] });
    const texts = new Map<string, string | undefined>();
    for (const connection of this.#topics.get("runs") ?? []) {
      const { principal } = connection;
      const patterns = principal.patterns("run:read");
      const key = patterns === undefined ? "" : JSON.stringify(patterns);
      if (!texts.has(key)) texts.set(key, runsText(found.filter((run) => principal.allows("run:read", run.workflow))));
      const text = texts.get(key);
      if (text !== undefined) connection.tell("runs", text);
    }
  }

  /** Of `topic` something is different. */
  #mark(topic: SharedTopic, name: string | undefined): void {
    if (!this.#topics.has(topic)) return;
    const changed = this.#changed.get(topic);
    if (changed === "anything") return;
    if (name === undefined) this.#changed.set(topic, "anything");
    else if (changed === undefined) this.#changed.set(topic, new Set([name]));
    else if (changed.size < namesMax) changed.add(name);
    else if (!changed.has(name)) this.#changed.set(topic, "anything");
    const now = this.clock.now();
    const delayMs = Math.max(settleMs, this.#toldAt + this.limits.liveChangedMs - now);
    this.#stopTimer ??= this.clock.after(Math.min(delayMs, this.limits.liveChangedMs), () => {
      this.#stopTimer = undefined;
      this.#toldAt = this.clock.now();
      const all = this.#changed;
      this.#changed = new Map();
      for (const [each, what] of all) this.#tell(each, what).catch((error: unknown) => this.#failed(error));
    });
  }

  async #tell(topic: SharedTopic, what: Changed): Promise<void> {
    const message: LiveMessage = { type: "changed", topic };
    if (what === "anything") return this.#tellAll(topic, message);
    const narrowed = topic === "approvals" && this.#isNarrowed(topic);
    const names = narrowed ? await this.#workflowsOf(what) : what;
    for (const connection of this.#topics.get(topic) ?? []) {
      const heard = heardBy(connection.principal, topic, names);
      if (heard === "nothing") continue;
      connection.tell(topic, JSON.stringify(heard === "something" ? message : { ...message, names: heard }));
    }
    return undefined;
  }

  #tellAll(topic: SharedTopic, message: LiveMessage): void {
    const text = JSON.stringify(message);
    for (const connection of this.#topics.get(topic) ?? []) connection.tell(topic, text);
  }

  /** Whether somebody hears of a part of the approvals only. */
  #isNarrowed(topic: SharedTopic): boolean {
    const joined = [...(this.#topics.get(topic) ?? [])];
    return joined.some(({ principal }) => principal.patterns("approval:read") !== undefined);
  }

  async #workflowsOf(runs: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const found = await this.#parts.engine.store.getRuns({ runs: [...runs] });
    return new Set(found.map(({ workflow }) => workflow));
  }

  /** Whoever is asked does not say by itself when workers come, go or hang: it is looked at while somebody wants to know. */
  #lookAtWorkers(): void {
    if (this.#stopLooking !== undefined) return;
    let before = this.#workers();
    const look = (): void => {
      const now = this.#workers();
      if (now !== before) {
        before = now;
        this.#mark("workers", undefined);
        this.#mark("overview", undefined);
      }
      this.#stopLooking = this.clock.after(this.limits.liveChangedMs, look);
    };
    this.#stopLooking = this.clock.after(this.limits.liveChangedMs, look);
  }

  #workers(): string {
    const { engine, deployment } = this.#parts;
    const { version, error, workers = [] } = deployment();
    const processes = workers.map(({ runs: _runs, ...process }) => process);
    const attached = engine.deployments.workers.map(({ link, quarantine }) => [link.id, quarantine]);
    return JSON.stringify([version, error, processes, attached]);
  }

  /** Something could not be read: whoever may have missed something reads it themselves. */
  #failed(error: unknown): void {
    const { engine, log } = this.#parts;
    if (!engine.draining) log("warn", "what changed could not be told", { error: String(error) });
    for (const topic of this.#topics.keys()) this.#tellAll(topic, { type: "lagged", topic });
  }
}

/** What somebody may hear of these changes: names of events and keys of state, or only that there were some. */
function heardBy(
  principal: Principal,
  topic: SharedTopic,
  names: ReadonlySet<string>,
): readonly string[] | "something" | "nothing" {
  const all = [...names];
  const some = (permission: Permission): "something" | "nothing" => {
    const everything = principal.patterns(permission) === undefined;
    return everything || all.some((workflow) => principal.allows(permission, workflow)) ? "something" : "nothing";
  };
  switch (topic) {
    case "events": {
      const heard = all.filter((name) => principal.allows("event:read", name));
      return heard.length === 0 ? "nothing" : heard;
    }
    case "state": {
      const heard = all.map(scopeAndKey).filter(({ scope, key }) => hearsState(principal, scope, key));
      return heard.length === 0 ? "nothing" : [...new Set(heard.map(({ key }) => key))];
    }
    case "schedules":
      return some("schedule:read");
    case "triggers":
      return some("trigger:read");
    case "approvals":
      return some("approval:read");
    default:
      return "something";
  }
}

/** Scopes have no space in them. */
function scopeAndKey(name: string): { readonly scope: string; readonly key: string } {
  const at = name.indexOf(" ");
  return { scope: name.slice(0, at), key: name.slice(at + 1) };
}

function runsText(runs: readonly RunSummary[]): string | undefined {
  if (runs.length === 0) return undefined;
  const shown = runs.map(({ id, workflow, status, reason, createdAt, startedAt, endedAt }): LiveRun => ({
    id,
    workflow,
    status,
    statusReason: reason ?? null,
    createdAt,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
  }));
  return JSON.stringify({ type: "runs", runs: shown } satisfies LiveMessage);
}

/** Whose connections are counted together. */
function userOf({ user, token, kind }: Principal): string {
  return user?.id ?? token ?? kind;
}

function tooMany(count: number, limit: string, whose: string) {
  return {
    code: "too_many_requests",
    message: `${count} live connections${whose} are open already (${limit}).`,
    hint: `Close some, or raise the setting limits.${limit}.`,
  } as const;
}
