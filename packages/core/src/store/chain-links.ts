// Whether a run that is brought from elsewhere may be part of the chain it names: the runs of that chain which are here decide.

/** Links that are followed to see that a chain has an end. */
export const chainLinksMax = 10_000;

export interface LinkedRun {
  readonly id: string;
  readonly workflow: string;
  readonly chain?: string | undefined;
  readonly continuedFrom?: string | undefined;
  readonly continuedTo?: string | undefined;
}

/**
 * The run that does not agree: of another workflow or chain, with another run before or after it, or one from which the chain
 * would lead back to its beginning. Runs that are not here are taken as they are named.
 */
export function brokenLink<R extends LinkedRun>(run: LinkedRun, find: (id: string) => R | undefined): R | undefined {
  const here = (id: string | undefined): R | undefined => (id === undefined ? undefined : find(id));
  const agrees = (other: LinkedRun): boolean => other.workflow === run.workflow && other.chain === run.chain;
  const before = here(run.continuedFrom);
  if (before !== undefined && !(agrees(before) && before.continuedTo === run.id)) return before;
  const after = here(run.continuedTo);
  if (after !== undefined && !(agrees(after) && after.continuedFrom === run.id)) return after;
  const first = run.chain === run.id ? undefined : here(run.chain);
  if (first !== undefined && !agrees(first)) return first;
  let last = after;
  for (let links = 0; last !== undefined; links++) {
    if (last.continuedTo === run.id || links === chainLinksMax) return last;
    last = here(last.continuedTo);
  }
  return undefined;
}
