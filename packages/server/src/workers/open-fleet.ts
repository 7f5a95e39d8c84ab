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
  /** Where this server is reached: where it says so itself (`publicUrl`), and where it listens. */
  readonly urls?: { readonly given: string | undefined; readonly own: () => string } | undefined;
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
    blobsUrl: (line) => blobsUrlFor(line, p.urls),
    newId: () => crypto.randomUUID(),
    newBuildId: () => ids.build(),
    newSecret: () => randomBytes(secretBytes).toString("hex"),
    hash: (secret) => createHash("sha256").update(secret).digest("hex"),
  });
  await fleet.start(p.otherWork);
  return fleet;
}

/**
 * Blobs are served on the HTTP port. Who came in there finds them where it is connected; who came over TCP knows another port, and
 * which name this server has on its network only `publicUrl` says.
 */
export function blobsUrlFor(
  { kind, address }: { readonly kind: "tcp" | "websocket"; readonly address: string | undefined },
  urls: Parameters<typeof openFleet>[0]["urls"],
): string | undefined {
  if (urls?.given !== undefined) return urls.given;
  if (kind === "websocket") return "/";
  return address !== undefined && loopbackAddress.test(address) ? urls?.own() : undefined;
}

const loopbackAddress = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/;

/** Those of all named limits that are of workers on other machines. */
function limitsIn(limits: Readonly<Record<string, number>>): FleetLimits {
  const given = Object.entries(limits).filter(([name]) => name in fleetLimits);
  return { ...fleetLimits, ...Object.fromEntries(given) };
}
