// Who changes something without anybody outside having asked for it: the engine itself, a run, a schedule, a trigger.
import type { Actor } from "./run-records.ts";

/**
 * On whose behalf the product carries on by itself. Nobody from outside: verbs that take one have no rule of the audit trail,
 * and a wish that came from somebody cannot be passed to them.
 */
export interface InnerActor extends Actor {
  readonly kind: "system" | "run" | "schedule" | "trigger" | "webhook";
  readonly origin?: undefined;
}

/** The engine: it hands runs out, takes them back, fires what is due. */
export const engineItself: InnerActor = { kind: "system", id: "engine" };

/** Lets go of what is past its time. */
export const cleaner: InnerActor = { kind: "system", id: "cleaning" };

/** The code that is being deployed, and what it says of itself. */
export const deployer: InnerActor = { kind: "system", id: "deployment" };

/** An incarnation of a run, which writes to it. */
export function runItself(run: string): InnerActor {
  return { kind: "run", id: run };
}
