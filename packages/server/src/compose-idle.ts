// Gives memory back to the machine when the server has had nothing to do for a while.
import type { Clock } from "@sluice/core";

/** How often the server looks whether it is idle. */
const lookMs = 3_000;
/** Processor time within one look below which the server counts as idle. */
const idleCpuMs = 60;
/** Processor time since the last tidying that makes another one worth while. */
const worthCpuMs = 250;

export interface IdleParts {
  readonly clock: Clock;
  /** Processor time the process has used so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Collects garbage and returns what is free. */
  readonly tidy: () => void;
}

/** Tidies once after each stretch of work; how to stop it is returned. */
export function tidyWhenIdle({ clock, cpuMs, tidy }: IdleParts): () => void {
  let atLook = cpuMs();
  let atTidy = Number.NEGATIVE_INFINITY;
  let cancel = (): void => undefined;
  const look = (): void => {
    const now = cpuMs();
    if (now - atLook < idleCpuMs && now - atTidy > worthCpuMs) {
      tidy();
      atTidy = cpuMs();
    }
    atLook = cpuMs();
    cancel = clock.after(lookMs, look);
  };
  cancel = clock.after(lookMs, look);
  return () => cancel();
}
