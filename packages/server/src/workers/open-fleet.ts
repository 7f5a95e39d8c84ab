// The workers' side of what serves: made when the first of them connects, or somebody asks for a build.
import { createHash, randomBytes } from "node:crypto";
import { fleetLimits, Ids, systemClock, systemRandom } from "@sluice/core";
import type { Engine, FleetLimits, Logger, Store } from "@sluice/core";
import type { Identity } from "@sluice/core/identity";
import { Fleet } from "@sluice/core/workers";
import type { OtherWork } from "@sluice/core/workers";
import { workerDoor } from "./worker-door.ts";

const secretBytes = 32;

export async function openFleet(p: {
  readonly engine: Engine;
  readonly store: Store;
  readonly identity: Identity;
  readonly authentication: boolean;
  readonly log: Logger;
  readonly limits: Readonly<Record<string, number>>;
  /** Who gives out runs and tasks; without it workers do builds only. */
  readonly otherWork?: OtherWork | undefined;
}): Promise<Fleet> {
  const { engine, store, identity, authentication, log } = p;
  const ids = new Ids(systemClock, systemRandom);
  const fleet = new Fleet({
    store,
    state: engine.state,
    loadValue: (stored) => engine.values.load(stored),
    door: workerDoor({ identity, authentication }),
    clock: systemClock,
    log,
    limits: limitsIn(p.limits),
    master: store.instance,
    newId: () => crypto.randomUUID(),
    newBuildId: () => ids.build(),
    newSecret: () => randomBytes(secretBytes).toString("hex"),
    hash: (secret) => createHash("sha256").update(secret).digest("hex"),
  });
  await fleet.start(p.otherWork);
  return fleet;
}

/** Those of all named limits that are of workers on other machines. */
function limitsIn(limits: Readonly<Record<string, number>>): FleetLimits {
  const given = Object.entries(limits).filter(([name]) => name in fleetLimits);
  return { ...fleetLimits, ...Object.fromEntries(given) };
}
