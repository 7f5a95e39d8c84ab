// What a step's `cache` option means: read and checked before the step takes its place in the journal.
import { parseDuration, SluiceError } from "@sluice/protocol";
import type { StepCacheUse } from "@sluice/protocol";
import type { StepOptions } from "@sluice/sdk";

/** Longest wait for another run that makes the same result, where the step names none. */
const flightMs = 60_000;
const keyCharsMax = 512;

/** Reads the option. Throws `bad_request` or `invalid_duration` for one that makes no sense. */
export function cacheOf({ cache, undo }: StepOptions<never>, step: string): StepCacheUse | undefined {
  if (cache === undefined) return undefined;
  const { key, ttl, scope = "workflow", singleFlight = false } = cache;
  if (undo !== undefined)
    refuse(`Step ${step} has both a cache and an undo.`, "What is not done again cannot be taken back: drop one.");
  if (typeof key !== "string" || key === "" || key.length > keyCharsMax)
    refuse(`The cache key of step ${step} is no text of 1 to ${keyCharsMax} characters.`, "Shorten it, or hash it.");
  if (scope !== "workflow" && scope !== "global")
    refuse(`The cache of step ${step} has no scope ${JSON.stringify(scope)}.`, "Use workflow or global.");
  const use = { scope, key, ttl: parseDuration(ttl) };
  if (singleFlight === false) return use;
  return { ...use, flight: singleFlight === true ? flightMs : parseDuration(singleFlight.wait) };
}

function refuse(message: string, hint: string): never {
  throw new SluiceError({ code: "bad_request", message, hint });
}
