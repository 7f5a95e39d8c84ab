// What the parts of an embedded program share: the definitions, the engine while it is started, and what stands in for steps.
import { readFile } from "node:fs/promises";
import type { Engine } from "@sluice/core";
import { decodeValue, SluiceError } from "@sluice/protocol";
import type { SecretRef } from "@sluice/protocol";
import type { EmbeddedClient } from "@sluice/server/embedded/client";
import { pausedKeyPrefix } from "@sluice/sdk";
import type { FlowCall, FlowHandler, FlowHost, PausedNote, SecretSpec, Workflow } from "@sluice/sdk";
import { sharedState } from "./shared-state.ts";
import type { Add } from "./shared-state.ts";
import type { Environment } from "./settings.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/** A started engine in this process. */
export interface Site {
  readonly client: EmbeddedClient;
  readonly engine: Engine;
  deploy(workflows: readonly Workflow[]): Promise<void>;
}

export type EngineState = "STOPPED" | "STARTING" | "STARTED";

/** What was published. */
export interface PastEvent {
  readonly name: string;
  readonly payload: unknown;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Pauses that are listed. */
const pausesMax = 10_000;
/** Events that are remembered for `getEventHistory`. */
const eventHistoryMax = 1_000;

export class Program {
  readonly workflows = new Map<string, WorkflowInstance>();
  readonly pauses = new Map<string, PausedNote>();
  readonly mocks = new Map<string, ReadonlyMap<string, FlowHandler>>();
  readonly env: Environment;
  events: PastEvent[] = [];
  state: EngineState = "STOPPED";
  site: Site | undefined;
  /** Definitions the engine has not been told of as they are now, each with the number of its last change. */
  readonly #untold = new Map<string, number>();
  #changes = 0;
  #telling: Promise<void> = Promise.resolve();

  constructor(env: Environment) {
    this.env = env;
  }

  /** The surroundings of every flow of this program. */
  readonly host: FlowHost = {
    state: (workflow, call) => {
      const scope = `workflow:${workflow}`;
      return sharedState(() => this.started().client, scope, this.#adding(scope, call));
    },
    secret: (name, spec, read) => secretOf(this.env, [name, spec], read),
    mock: (run, step) => this.mocks.get(run)?.get(step),
    paused: (note) => this.notePause(note),
  };

  /** Adds once for each call of one attempt: the n-th for a key is the n-th again where a crash has cut the attempt off. */
  #adding(scope: string, { run, id }: FlowCall): Add {
    const counts = new Map<string, number>();
    return async (key, amount) => {
      const n = (counts.get(key) ?? 0) + 1;
      counts.set(key, n);
      const { state } = this.started().engine;
      const once = { run, id: `${id} ${n} ${key}` };
      const sum = await state.add({ by: { kind: "system", id: "embedded" }, scope, key, amount, once });
      if (sum.ok) return sum.value;
      throw new SluiceError(sum.error);
    };
  }

  notePause(note: PausedNote): void {
    this.pauses.set(note.token, note);
    if (this.pauses.size <= pausesMax) return;
    const oldest = this.pauses.keys().next().value;
    if (oldest !== undefined) this.pauses.delete(oldest);
  }

  noteEvent(event: PastEvent): void {
    this.events.push(event);
    if (this.events.length > eventHistoryMax) this.events = this.events.slice(-eventHistoryMax);
  }

  /** Reads back what is remembered of pauses and events. */
  async remember({ engine }: Site): Promise<void> {
    const { store, values } = engine;
    const listed = { scope: "global", prefix: pausedKeyPrefix, limit: pausesMax, now: Date.now() };
    const { entries } = await store.listState(listed);
    for (const { value } of entries) this.notePause(decodeValue(await values.load(value)) as PausedNote);
    const events = await store.listEvents({ after: 0, order: "newest", limit: eventHistoryMax });
    this.events = [];
    for (const { name, payload, at } of events.toReversed())
      this.noteEvent({ name, payload: decodeValue(await values.load(payload)), timestamp: at });
  }

  /** The engine; throws `unavailable` where it is not started. */
  started(): Site {
    if (this.site !== undefined) return this.site;
    throw new SluiceError({
      code: "unavailable",
      message: "The engine is not started.",
      hint: "Call `await cronflow.start()` first.",
    });
  }

  /** The definition of this id; throws `workflow_not_found`. */
  workflow(id: string): WorkflowInstance {
    const found = this.workflows.get(id);
    if (found !== undefined) return found;
    throw new SluiceError({
      code: "workflow_not_found",
      message: `There is no workflow ${JSON.stringify(id)}.`,
      hint: `define({ id: ${JSON.stringify(id)} }) makes one.`,
    });
  }

  /** A definition is new, or is another one now. */
  changed(id: string): void {
    this.#untold.set(id, ++this.#changes);
  }

  /** The engine is about to be told of all definitions. What is returned says that it knows them as they were then. */
  telling(): () => void {
    const told = new Map(this.#untold);
    return () => {
      for (const [id, change] of told) if (this.#untold.get(id) === change) this.#untold.delete(id);
    };
  }

  /** Tells the engine of definitions that came after its start. */
  async deployed(): Promise<Site> {
    const site = this.started();
    // One after the other: of two at once the older could be the last.
    const turn = this.#telling.then(async () => {
      if (this.#untold.size === 0) return;
      const told = this.telling();
      await site.deploy([...this.workflows.values()]);
      told();
    });
    this.#telling = turn.catch(() => undefined);
    await turn;
    return site;
  }
}

async function secretOf(
  env: Environment,
  [name, spec]: readonly [string, SecretSpec],
  read: (ref: SecretRef) => Promise<string>,
): Promise<string> {
  if (typeof spec === "function") return spec();
  if (typeof spec === "string") return spec;
  if ("from" in spec) return read(spec);
  const value = env[spec.env];
  if (value !== undefined) return value;
  throw new SluiceError({
    code: "not_found",
    message: `The secret ${JSON.stringify(name)} is not there.`,
    hint: `Set the environment variable ${spec.env}.`,
  });
}

/** Reads references for functions that no worker executes, and that can see no store of secrets. */
export function readOutside(env: Environment): (ref: SecretRef) => Promise<string> {
  return async ({ from, name }) => {
    const value = from === "file" ? (await readFile(name, "utf8")).trimEnd() : from === "env" ? env[name] : undefined;
    if (value !== undefined) return value;
    throw new SluiceError({
      code: "secret_not_found",
      message: `There is no secret ${JSON.stringify(name)} to be had outside of a run.`,
      hint: "Ask for it in a step of a run.",
    });
  };
}
