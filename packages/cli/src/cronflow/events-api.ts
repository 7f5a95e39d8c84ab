// Events: published durably, waited for by runs, starting others.
import { triggered } from "@sluice/sdk";
import type { Loose } from "@sluice/sdk";
import type { PastEvent, Program } from "./program.ts";

interface EventListener {
  readonly workflowId: string;
  readonly trigger: Loose;
}

export interface EventsApi {
  readonly publishEvent: (name: string, payload?: unknown) => Promise<void>;
  readonly emit: (name: string, payload?: unknown) => Promise<void>;
  readonly registerEventListener: (event: string, workflowId: string, trigger?: unknown) => void;
  readonly unregisterEventListener: (event: string, workflowId: string) => void;
  readonly getEventHistory: (name?: string) => readonly PastEvent[];
  readonly getEventListeners: (name?: string) => ReadonlyMap<string, readonly EventListener[]>;
}

export function eventsApi(program: Program): EventsApi {
  const added = new Map<string, Map<string, unknown>>();
  const publishEvent = async (name: string, payload?: unknown): Promise<void> => {
    const { client } = await program.deployed();
    const at = Date.now();
    const id = crypto.randomUUID();
    // Starts what has a trigger for it, and wakes what waits, in one commit.
    await client.emit(name, payload, { id });
    program.noteEvent({ name, payload, timestamp: at });
    for (const workflowId of added.get(name)?.keys() ?? []) {
      const input = triggered({ type: "event", event: name, at }, payload);
      await client.start(workflowId, input, { idempotencyKey: `event:${id}` });
    }
  };
  return {
    publishEvent,
    emit: publishEvent,
    registerEventListener: (event, workflowId, trigger) => {
      const workflows = added.get(event) ?? new Map<string, unknown>();
      added.set(event, workflows.set(workflowId, trigger));
    },
    unregisterEventListener: (event, workflowId) => {
      added.get(event)?.delete(workflowId);
    },
    getEventHistory: (name) => program.events.filter((event) => name === undefined || event.name === name),
    getEventListeners: (name) => {
      const all = listenersOf(program, added);
      if (name === undefined) return all;
      const of = all.get(name);
      return new Map(of === undefined ? [] : [[name, of]]);
    },
  };
}

/** By event: workflows with a trigger for it, and those that were registered. */
function listenersOf(
  program: Program,
  added: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Map<string, EventListener[]> {
  const found = new Map<string, EventListener[]>();
  const add = (event: string, listener: EventListener): void =>
    void found.set(event, [...(found.get(event) ?? []), listener]);
  for (const [workflowId, instance] of program.workflows)
    for (const trigger of instance.getTriggers())
      if (trigger.type === "event") add(trigger.event, { workflowId, trigger });
  for (const [event, workflows] of added)
    for (const [workflowId, trigger] of workflows) add(event, { workflowId, trigger });
  return found;
}
