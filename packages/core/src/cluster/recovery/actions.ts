// What each phase of a failover does in the world, once. Done again under the same epoch it changes nothing more; whoever does not answer
// but has to is `waiting`, and the phase is to be done again.
import type { DataDriver, Desk, Order, Silent } from "./drivers.ts";
import { isPromoted } from "./machine.ts";
import type { Attempt, Fenced, Outcome, Phase, State } from "./machine.ts";

/** Somebody who has to answer does not. */
interface Waiting {
  readonly waiting: string;
}
type Acted = Outcome | Waiting;

/** Carries a phase out. */
export async function act(
  desk: Desk,
  attempt: Attempt,
  { state, phase }: { readonly state: State; readonly phase: Phase | "thaw" },
): Promise<Acted> {
  switch (phase) {
    case "confirm":
      return confirm(desk, attempt);
    case "claim":
      return claim(desk, attempt);
    case "freeze":
      return freeze(desk, attempt, state);
    case "fence":
      return fence(desk, attempt, state);
    case "assess":
      return assess(desk, attempt);
    case "promote":
      return promote(desk, attempt, state);
    case "shift":
      return shift(desk, attempt);
    case "verify":
      return verify(desk, attempt);
    case "conclude":
      return conclude(desk, attempt, state);
    default:
      return openOrThaw(desk, attempt, { state, phase });
  }
}

/** Only those count that are not in the site they look at. */
async function confirm({ observers }: Desk, { from }: Attempt): Promise<Acted> {
  const votes = { up: 0, down: 0, silent: 0 };
  const said = await Promise.all(observers.map((each) => each.look(from)));
  for (const vote of said) votes[vote]++;
  return { of: "confirm", ...votes };
}

const lost = (of: Phase | "thaw"): Outcome => ({
  of,
  refused: "epoch-lost",
  reason: "Another attempt has taken a later epoch.",
});
const waiting = (who: string, { reason }: Silent): Waiting => ({ waiting: `${who} does not answer: ${reason}` });

function epochOf(state: State): number {
  if (state.epoch === undefined) throw new Error("A phase that needs an epoch was begun without one.");
  return state.epoch;
}

/** The new site remembers the epoch before the old one is touched: from then on no earlier attempt can promote it. */
async function claim(desk: Desk, attempt: Attempt): Promise<Acted> {
  const claimed = await desk.epochs.claim({ attempt: attempt.id });
  if (claimed.outcome === "stale") return lost("claim");
  if (claimed.outcome === "silent") return waiting("The epoch store", claimed);
  if (claimed.outcome === "refused") return { of: "claim", refused: claimed.rule, reason: claimed.reason };
  const { epoch, active } = claimed.claim;
  if (active.site === attempt.from) {
    for (const data of desk.data) {
      const unready = await guard(data, { epoch, site: attempt.to }, active.epoch);
      if (unready !== undefined) return unready;
    }
  }
  return { of: "claim", epoch, active };
}

async function guard(data: DataDriver, order: Order, before: number): Promise<Outcome | undefined> {
  const guarded = await data.guard(order);
  if (guarded.outcome === "stale") return lost("claim");
  const look = guarded.outcome === "ok" ? await data.look(order.site) : guarded;
  const unready = (reason: string): Outcome => ({ of: "claim", refused: "standby-not-ready", reason });
  if (look.outcome === "silent") return unready(`${data.name} at ${order.site} does not answer: ${look.reason}`);
  if (look.role === "standby" || isPromoted({ mark: look.mark, primary: true }, order.site, before)) return undefined;
  return unready(`${data.name} at ${order.site} is a primary of its own: it has to follow the other site again first.`);
}

async function freeze(desk: Desk, { from, mode }: Attempt, state: State): Promise<Acted> {
  const positions: Record<string, number> = {};
  for (const data of desk.data) {
    const frozen = await data.freeze({ epoch: epochOf(state), site: from });
    if (frozen.outcome === "stale") return lost("freeze");
    if (frozen.outcome === "ok") positions[data.name] = frozen.position;
    // Gracefully both sites have to answer; otherwise the fence says what follows from it.
    else if (mode === "graceful") return waiting(`${data.name} at ${from}`, frozen);
  }
  return { of: "freeze", positions };
}

async function fence(desk: Desk, { from, to }: Attempt, state: State): Promise<Acted> {
  const fenced: Fenced[] = [];
  for (const data of desk.data) {
    const answer = await data.fence({ epoch: epochOf(state), site: from });
    if (answer.outcome === "stale") return lost("fence");
    const look = await data.look(to);
    if (look.outcome === "silent") return waiting(`${data.name} at ${to}`, look);
    const confirmed = answer.outcome === "ok" ? answer.position : undefined;
    fenced.push({ data: data.name, confirmed, mark: look.mark, primary: look.role === "primary" });
  }
  return { of: "fence", data: fenced };
}

async function assess(desk: Desk, { to }: Attempt): Promise<Acted> {
  const data: { data: string; position: number }[] = [];
  for (const each of desk.data) {
    const look = await each.look(to);
    if (look.outcome === "silent") return waiting(`${each.name} at ${to}`, look);
    data.push({ data: each.name, position: look.position });
  }
  return { of: "assess", data };
}

async function promote(desk: Desk, { to }: Attempt, state: State): Promise<Acted> {
  const data: { data: string; position: number }[] = [];
  for (const each of desk.data) {
    const promoted = await each.promote({ epoch: epochOf(state), site: to });
    if (promoted.outcome === "stale") return lost("promote");
    if (promoted.outcome === "silent") return waiting(`${each.name} at ${to}`, promoted);
    data.push({ data: each.name, position: promoted.position });
  }
  return { of: "promote", data };
}

async function shift(desk: Desk, { to }: Attempt): Promise<Acted> {
  for (const each of desk.traffic) {
    const shifted = await each.shift({ to });
    if (shifted.outcome === "silent") return waiting(each.name, shifted);
  }
  return { of: "shift" };
}

/** A site that does not work yet may need time; a person who would open it all the same has said so beforehand. */
async function verify(desk: Desk, { to, overrides }: Attempt): Promise<Acted> {
  const failed: string[] = [];
  for (const each of desk.probes) {
    const look = await each.look(to);
    if (look.outcome === "silent") return waiting(each.name, look);
    if (look.outcome === "failed") failed.push(`${each.name}: ${look.reason}`);
  }
  for (const each of desk.traffic) {
    const look = await each.look();
    if (look.outcome === "silent") return waiting(each.name, look);
    if (look.site !== to) failed.push(`${each.name} leads to ${look.site ?? "no site"}`);
  }
  if (failed.length > 0 && !overrides.includes("verify-failed"))
    return { waiting: `Not as it has to be: ${failed.join("; ")}.` };
  return { of: "verify", failed };
}

async function conclude(desk: Desk, { id, to }: Attempt, state: State): Promise<Acted> {
  const concluded = await desk.epochs.conclude({ attempt: id, epoch: epochOf(state), site: to });
  return ended("conclude", concluded);
}

/** Opens the new site, or the one before again, where it was frozen. */
async function openOrThaw(
  desk: Desk,
  attempt: Attempt,
  { state, phase }: { readonly state: State; readonly phase: "open" | "thaw" },
): Promise<Acted> {
  const site = phase === "open" ? attempt.to : attempt.from;
  for (const data of desk.data) {
    const done = await data[phase]({ epoch: epochOf(state), site });
    if (done.outcome === "stale") return lost(phase);
    // A site that has never answered is not waited for: as far as anybody knows it is as it was, under the epoch it was opened in.
    if (done.outcome === "silent" && phase === "thaw" && state.positions[data.name] === undefined)
      return { of: "thaw" };
    if (done.outcome === "silent") return waiting(`${data.name} at ${site}`, done);
  }
  if (phase === "open") return { of: "open" };
  return ended("thaw", await desk.epochs.conclude({ attempt: attempt.id, epoch: epochOf(state), site }));
}

function ended(of: "conclude" | "thaw", answer: Awaited<ReturnType<Desk["epochs"]["conclude"]>>): Acted {
  if (answer.outcome === "silent") return waiting("The epoch store", answer);
  if (answer.outcome === "stale") return lost(of);
  if (answer.outcome === "refused") return { of, refused: answer.rule, reason: answer.reason };
  return { of };
}
