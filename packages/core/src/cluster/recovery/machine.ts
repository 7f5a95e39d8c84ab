// A failover as a state machine: what is done next follows from what came of what was done before, and from nothing else. The run, the
// standby's run and the simulator walk the same one.
import { overridableRules } from "@sluice/protocol";
import type { RecoveryPhase, SafetyRule } from "@sluice/protocol";
import type { Mark } from "./drivers.ts";

export type Phase = RecoveryPhase;

export interface Attempt {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The epoch that it was planned and approved in; in another one it is stale. */
  readonly before?: number | undefined;
  /** Graceful: both sites are up, and nothing may be lost. */
  readonly mode: "graceful" | "ungraceful";
  /** Observers that have to agree, and how long they have to. */
  readonly agree: number;
  readonly dwellMs: number;
  /** Bytes of the log that may be lost. */
  readonly lossBytesMax: number;
  /** How often the standby is looked at until it has all of it, and the pause between. */
  readonly catchUpLooksMax: number;
  readonly catchUpMs: number;
  readonly overrides: readonly SafetyRule[];
}

/**
 * How it is known that the site before acknowledges nothing more: it said so itself; or whatever it acknowledges has to be at the other
 * site, which takes nothing from it; or an attempt before has shown it and promoted; or a person answers for it.
 */
type Proof = "confirmed" | "synchronous" | "promoted" | "overridden";

/** What the new site does not have of what the site before wrote: bytes after `after`. Undefined bytes: nobody can say how many. */
export interface Loss {
  readonly data: string;
  readonly after: number;
  readonly bytes: number | undefined;
}

export interface State {
  readonly phase: Phase | "thaw" | "end";
  /** How often in a row observers agreed. */
  readonly agreed: number;
  readonly looks: number;
  readonly epoch: number | undefined;
  /** Under which the site before was opened. */
  readonly before: number | undefined;
  /** Last positions of the site before, by data; without one it did not answer. */
  readonly positions: Readonly<Record<string, number>>;
  readonly proofs: Readonly<Record<string, Proof>>;
  readonly loss: readonly Loss[];
  /** The new site is a primary already: the one before stays closed, whatever comes. */
  readonly promoted: boolean;
  readonly broken: { readonly rule: SafetyRule; readonly reason: string } | undefined;
  /** Rules that were overridden, with what they said. */
  readonly exceptions: readonly { readonly rule: SafetyRule; readonly reason: string }[];
  readonly ended: "completed" | "failed" | undefined;
}

export const begun: State = {
  phase: "confirm",
  agreed: 0,
  looks: 0,
  epoch: undefined,
  before: undefined,
  positions: {},
  proofs: {},
  loss: [],
  promoted: false,
  broken: undefined,
  exceptions: [],
  ended: undefined,
};

/** What came of a phase. Silence of what has to answer is no outcome: it is asked again. */
export type Outcome =
  | { readonly of: "confirm"; readonly down: number; readonly up: number; readonly silent: number }
  | { readonly of: "claim"; readonly epoch: number; readonly active: { readonly site: string; readonly epoch: number } }
  | { readonly of: "freeze"; readonly positions: Readonly<Record<string, number>> }
  | { readonly of: "fence"; readonly data: readonly Fenced[] }
  | { readonly of: "assess"; readonly data: readonly { readonly data: string; readonly position: number }[] }
  | { readonly of: "promote"; readonly data: readonly { readonly data: string; readonly position: number }[] }
  | { readonly of: "verify"; readonly failed: readonly string[] }
  | { readonly of: "shift" | "open" | "conclude" | "thaw" }
  /** Before anything was touched, or by what knows a later epoch. */
  | { readonly of: Phase | "thaw"; readonly refused: SafetyRule; readonly reason: string };

export interface Fenced {
  readonly data: string;
  /** The site before has said that it lets nobody in: where its log ends. */
  readonly confirmed: number | undefined;
  /** What the new site has of the marks; and whether it is a primary already. */
  readonly mark: Mark | undefined;
  readonly primary: boolean;
}

/** Promoted by an attempt after the site before was opened. Any other primary there has data of its own, from before its site failed. */
export function isPromoted({ mark, primary }: Pick<Fenced, "mark" | "primary">, to: string, before: number): boolean {
  return primary && mark !== undefined && mark.epoch > before && mark.writer === to;
}

export type Command =
  | { readonly act: Phase | "thaw" }
  | { readonly act: "pause"; readonly ms: number }
  | { readonly act: "end"; readonly ended: "completed" | "failed" };

/** What to do now. A pause comes before a look is repeated. */
export function next(attempt: Attempt, state: State, paused: boolean): Command {
  if (state.phase === "end") return { act: "end", ended: state.ended ?? "failed" };
  if (paused) return { act: state.phase };
  if (state.phase === "confirm" && state.agreed > 0) return { act: "pause", ms: attempt.dwellMs };
  if (state.phase === "assess" && state.looks > 0) return { act: "pause", ms: attempt.catchUpMs };
  return { act: state.phase };
}

/** The state after it. */
export function settle(attempt: Attempt, state: State, outcome: Outcome): State {
  if ("refused" in outcome) return refuse(attempt, state, { rule: outcome.refused, reason: outcome.reason });
  switch (outcome.of) {
    case "confirm":
      return confirmed(attempt, state, outcome);
    case "claim":
      return claimed(attempt, state, outcome);
    case "freeze":
      return { ...state, phase: "fence", positions: outcome.positions };
    case "fence":
      return fenced(attempt, state, outcome.data);
    case "assess":
      return assessed(attempt, state, outcome.data);
    case "promote":
      // What was received between the look and the promotion is not lost.
      return { ...state, phase: "shift", loss: lossOf(state, outcome.data) };
    case "verify": {
      const { failed } = outcome;
      if (failed.length === 0) return { ...state, phase: "open" };
      return refuse(attempt, state, { rule: "verify-failed", reason: failed.join("; "), onward: "open" });
    }
    case "shift":
      return { ...state, phase: "verify" };
    case "open":
      return { ...state, phase: "conclude" };
    case "conclude":
      return { ...state, phase: "end", ended: "completed" };
    default:
      return { ...state, phase: "end", ended: "failed" };
  }
}

interface Broken {
  readonly rule: SafetyRule;
  readonly reason: string;
  /** Where it goes on when the rule is overridden. */
  readonly onward?: Phase;
}

/** Overridden it goes on at `onward`; otherwise it ends, taking back what can be. */
function refuse(attempt: Attempt, state: State, { rule, reason, onward }: Broken): State {
  const broken = { rule, reason };
  if (onward !== undefined && attempt.overrides.includes(rule) && overridableRules.includes(rule))
    return { ...state, phase: onward, looks: 0, exceptions: [...state.exceptions, broken] };
  const touched = state.phase === "freeze" || state.phase === "fence" || state.phase === "assess";
  // Whoever has a later epoch decides about the site now.
  const thaws = touched && rule !== "epoch-lost" && !state.promoted;
  return { ...state, phase: thaws ? "thaw" : "end", broken, ended: "failed" };
}

function confirmed(
  attempt: Attempt,
  state: State,
  { down, up, silent }: { readonly down: number; readonly up: number; readonly silent: number },
): State {
  const { agree, dwellMs, mode, from } = attempt;
  if (mode === "graceful") return { ...state, phase: "claim" };
  if (down + up < agree) {
    const reason = `${down + up} of ${down + up + silent} observers outside of ${from} answer; ${agree} have to agree.`;
    return refuse(attempt, state, { rule: "too-few-observers", reason, onward: "claim" });
  }
  if (down < agree) {
    const reason = `${down} observers say that ${from} is down, ${up} that it is up; ${agree} have to agree.`;
    return refuse(attempt, state, { rule: "site-not-down", reason, onward: "claim" });
  }
  if (state.agreed === 0 && dwellMs > 0) return { ...state, agreed: 1 };
  return { ...state, phase: "claim" };
}

function claimed(
  attempt: Attempt,
  state: State,
  { epoch, active }: { readonly epoch: number; readonly active: { readonly site: string; readonly epoch: number } },
): State {
  if (active.site !== attempt.from) {
    const reason = `${active.site} is the active site since epoch ${active.epoch}.`;
    return refuse(attempt, state, { rule: "already-active", reason });
  }
  if (attempt.before !== undefined && active.epoch !== attempt.before) {
    const reason = `It was planned in epoch ${attempt.before}; ${active.site} was opened in ${active.epoch} since.`;
    return refuse(attempt, state, { rule: "already-active", reason });
  }
  return { ...state, phase: "freeze", epoch, before: active.epoch };
}

function fenced(attempt: Attempt, state: State, data: readonly Fenced[]): State {
  const proofs: Record<string, Proof> = {};
  const positions: Record<string, number> = { ...state.positions };
  const unproven: string[] = [];
  for (const each of data) {
    const proof = proofOf(attempt, state, each);
    if (each.confirmed !== undefined) positions[each.data] = each.confirmed;
    if (proof === undefined) unproven.push(each.data);
    proofs[each.data] = proof ?? "overridden";
  }
  const before = state.before ?? Number.POSITIVE_INFINITY;
  const promoted = data.some((each) => isPromoted(each, attempt.to, before));
  const apart = data.filter((each) => each.primary && !isPromoted(each, attempt.to, before)).map((each) => each.data);
  if (apart.length > 0) {
    const reason = `${apart.join(", ")} at ${attempt.to} does not follow ${attempt.from}.`;
    return refuse(attempt, { ...state, promoted }, { rule: "standby-not-ready", reason });
  }
  const onward = { ...state, phase: "assess", proofs, positions, promoted, looks: 0 } as const;
  if (unproven.length === 0) return onward;
  const reason = `Nothing shows that ${attempt.from} acknowledges nothing more of ${unproven.join(", ")}.`;
  return refuse(
    attempt,
    { ...state, proofs, positions, promoted },
    { rule: "fence-unproven", reason, onward: "assess" },
  );
}

function proofOf(attempt: Attempt, state: State, site: Fenced): Proof | undefined {
  const { confirmed: said, mark } = site;
  if (said !== undefined) return "confirmed";
  const before = state.before ?? Number.POSITIVE_INFINITY;
  if (isPromoted(site, attempt.to, before)) return "promoted";
  // Of another epoch it says nothing: the site before may have been opened since without anybody behind it.
  return mark?.synchronous === true && mark.epoch === before && mark.writer === attempt.from
    ? "synchronous"
    : undefined;
}

function assessed(attempt: Attempt, state: State, data: Parameters<typeof lossOf>[1]): State {
  const loss = lossOf(state, data);
  const behind = loss.filter(({ bytes }) => bytes !== undefined && bytes > 0);
  if (behind.length > 0 && state.looks < attempt.catchUpLooksMax) return { ...state, looks: state.looks + 1 };
  const max = attempt.mode === "graceful" ? 0 : attempt.lossBytesMax;
  const above = loss.filter(({ bytes }) => bytes === undefined || bytes > max);
  const onward = { ...state, phase: "promote", loss } as const;
  if (above.length === 0) return onward;
  const said = above.map(({ data: name, bytes }) => `${name}: ${bytes ?? "an unknown number of"} bytes`);
  const reason = `${attempt.to} lacks ${said.join(", ")}; ${max} may be lost.`;
  return refuse(attempt, { ...state, loss }, { rule: "loss-above-max", reason, onward: "promote" });
}

function lossOf(state: State, data: readonly { readonly data: string; readonly position: number }[]): readonly Loss[] {
  return data.map(({ data: name, position }) => {
    const [proof, last] = [state.proofs[name], state.positions[name]];
    const told = state.loss.find((each) => each.data === name);
    if (proof === "promoted") return told ?? { data: name, after: position, bytes: 0 };
    // It has acknowledged nothing that is not here, whatever it has written besides.
    if (proof === "synchronous") return { data: name, after: position, bytes: 0 };
    const bytes = last === undefined ? undefined : Math.max(0, last - position);
    return { data: name, after: position, bytes };
  });
}
