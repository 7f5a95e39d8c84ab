// For tests: failovers there and back, by two engines at once, in a world where anything may happen between any two steps; and what must
// never have come of it.
import { act } from "./actions.ts";
import { begun, next, settle } from "./machine.ts";
import type { Attempt, Loss, State } from "./machine.ts";
import { chanceOf, World } from "./world.suite.ts";
import type { Sabotage } from "./world.suite.ts";

export interface Simulated {
  readonly violations: readonly string[];
  /** Attempts that ended so. */
  readonly completed: number;
  readonly failed: number;
  readonly acknowledged: number;
  readonly lost: number;
  /** Steps begun, and how often one of them was done again after a crash. */
  readonly steps: number;
  readonly crashes: number;
}

interface Walk {
  readonly attempt: Attempt;
  readonly from: string;
  state: State;
  paused: boolean;
  readonly reports: Loss[];
  readonly counts: { steps: number; crashes: number };
}

const turnsMin = 80;
const turnsMore = 420;
const retriesMax = 25;

/** One walk through the machine, as the run does it: what came of a step counts once it is in the journal. */
async function walk(world: World, it: Walk): Promise<void> {
  const desk = world.desk(it.from);
  const wait = (): Promise<void> => new Promise((resolve) => world.ports.push(resolve));
  for (let silences = 0; silences < retriesMax;) {
    const command = next(it.attempt, it.state, it.paused);
    if (command.act === "end") return;
    if (command.act === "pause") {
      await wait();
      it.paused = true;
      continue;
    }
    it.counts.steps++;
    const outcome = await act(desk, it.attempt, { state: it.state, phase: command.act });
    if (world.chance() < 0.08) {
      // Killed before the journal has it: after a while the step is done again.
      it.counts.crashes++;
      for (let turns = 0; turns < 4; turns++) await wait();
      continue;
    }
    if ("waiting" in outcome) {
      silences++;
      await wait();
      continue;
    }
    it.state = settle(it.attempt, it.state, outcome);
    it.paused = false;
    // From before the promotion on, what may be lost has been said.
    if (it.state.phase === "promote" || it.state.phase === "shift") it.reports.push(...it.state.loss);
  }
}

function walkOf(world: World, number: number, from: "engine" | "standby"): Walk {
  const active = world.claim.active.site;
  const wrong = world.chance() < 0.1;
  const site = wrong ? (active === "a" ? "b" : "a") : active;
  const attempt: Attempt = {
    id: `attempt ${number}`,
    from: site,
    to: site === "a" ? "b" : "a",
    mode: world.chance() < 0.4 ? "graceful" : "ungraceful",
    agree: 2,
    dwellMs: 1,
    lossBytesMax: world.chance() < 0.5 ? 0 : 5,
    catchUpLooksMax: world.chance() < 0.5 ? 1 : 12,
    catchUpMs: 1,
    overrides: world.chance() < 0.4 ? ["site-not-down", "too-few-observers"] : [],
  };
  return { attempt, from, state: begun, paused: false, reports: [], counts: { steps: 0, crashes: 0 } };
}

/** The same seed comes to the same end. */
export async function simulate(seed: number, sabotage?: Sabotage): Promise<Simulated> {
  const chance = chanceOf(seed);
  const world = new World(chance, chance() < 0.5, sabotage);
  const walks: Walk[] = [];
  const walking: Promise<void>[] = [];
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const turns = turnsMin + Math.floor(chance() * turnsMore);
  for (let turn = 0; turn < turns; turn++) {
    const roll = chance();
    if (roll < 0.011 && walks.length < 4) {
      const begins = walkOf(world, walks.length, chance() < 0.5 ? "engine" : "standby");
      walks.push(begins);
      walking.push(walk(world, begins));
    } else if (roll < 0.07) world.resync();
    else if (roll < 0.11) void world.desk("engine").data[0]?.protect(world.claim.active);
    else if (roll < 0.5) world.port();
    else world.turn();
    await settled();
  }
  await heal(world, settled);
  await Promise.all(walking);
  return judged(world, walks);
}

/** Everything can be reached again, what was late arrives, whoever was on the way comes to an end, and clients write meanwhile. */
async function heal(world: World, settled: () => Promise<void>): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    world.cut.clear();
    for (const site of Object.values(world.sites)) site.up = true;
    for (const site of ["a", "b"]) world.write(site);
    world.arriveLate();
    world.replicate();
    quiet = world.port() ? 0 : quiet + 1;
    await settled();
  }
  for (let last = 0; last < 400; last++) world.replicate();
}

/** A write that was acknowledged is at the active site, or an attempt has said that it may be lost. */
function judged(world: World, walks: readonly Walk[]): Simulated {
  const { violations, acks, claim } = world;
  const primaries = Object.values(world.sites).filter(({ role }) => role === "primary");
  const newest = primaries.toSorted((one, other) => other.epoch - one.epoch)[0] ?? world.site(claim.active.site);
  const places = new Map<number, number>();
  for (const site of Object.values(world.sites))
    for (const [place, entry] of site.log.entries())
      if ("write" in entry && !places.has(entry.write)) places.set(entry.write, place);
  const kept = new Set(newest.log.flatMap((entry) => ("write" in entry ? [entry.write] : [])));
  const reports = walks.flatMap((each) => each.reports);
  let lost = 0;
  for (const { write, epoch } of acks) {
    if (kept.has(write)) continue;
    lost++;
    const place = places.get(write);
    const said = reports.some(({ after, bytes }) => {
      if (bytes === 0) return false;
      return place === undefined || (place >= after && (bytes === undefined || place < after + bytes));
    });
    if (!said) violations.push(`write ${write} of epoch ${epoch} is lost, and nobody said so`);
  }
  const count = (ended: string): number => walks.filter(({ state }) => state.ended === ended).length;
  const sum = (of: "steps" | "crashes"): number => walks.reduce((total, { counts }) => total + counts[of], 0);
  return {
    violations,
    completed: count("completed"),
    failed: count("failed"),
    acknowledged: acks.length,
    lost,
    steps: sum("steps"),
    crashes: sum("crashes"),
  };
}
