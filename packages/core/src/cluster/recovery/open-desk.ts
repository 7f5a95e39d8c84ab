// Makes the drivers of a failover plan from what its file declares. Secrets are read when they are needed and kept nowhere.
import type { Result } from "../../kernel/result.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Resources } from "../client/resources.ts";
import type { HttpTransport } from "../ports.ts";
import { etcdEpochs } from "./drivers/epochs-etcd.ts";
import { postgresEpochs } from "./drivers/epochs-postgres.ts";
import { httpObserver, httpProbe } from "./drivers/http-looks.ts";
import { postgresPair } from "./drivers/postgres-pair.ts";
import { dnsName, haproxy, scaling } from "./drivers/traffic.ts";
import type { DataDriver, Desk, EpochStore, TrafficDriver } from "./drivers.ts";
import type { LineTransport, ScriptRunner, SqlServers } from "./ports.ts";
import type { RecoverySpec } from "./recovery-file.ts";

export interface DeskGround {
  readonly transport: HttpTransport;
  readonly servers: SqlServers;
  readonly lines: LineTransport;
  readonly scripts: ScriptRunner;
  /** Undefined where there is no such secret. */
  readonly secret: (name: string) => Promise<string | undefined>;
  readonly openCluster: (cluster: string) => Promise<Result<Resources>>;
  readonly timeoutMs: number;
}

type Kept = string | { readonly secret: string };

class MissingSecret extends Error {
  readonly secret: string;
  constructor(secret: string) {
    super(`There is no secret ${secret}.`);
    this.secret = secret;
  }
}

/** `from`: the site that is to be left; observers in its failure domain say nothing about it. */
export async function openDesk(
  spec: RecoverySpec,
  ground: DeskGround,
  from: string | undefined,
): Promise<Result<Desk>> {
  const valueOf = async (kept: Kept): Promise<string> => {
    if (typeof kept === "string") return kept;
    const found = await ground.secret(kept.secret);
    if (found === undefined) throw new MissingSecret(kept.secret);
    return found;
  };
  const domain = spec.sites.find(({ name }) => name === from)?.domain;
  const { transport, timeoutMs } = ground;
  try {
    return ok({
      epochs: await epochsOf(spec, ground, valueOf),
      data: await Promise.all(spec.data.map((each) => dataOf(each, ground, valueOf))),
      traffic: await Promise.all(spec.traffic.map((each) => trafficOf(each, ground, valueOf))),
      observers: spec.observers
        .filter((each) => each.domain !== domain)
        .map(({ name, domain: of, urls }) => httpObserver({ name, domain: of, urls, transport, timeoutMs })),
      probes: spec.probes.map((each) => httpProbe({ ...each, transport, timeoutMs })),
    });
  } catch (error) {
    if (!(error instanceof MissingSecret)) throw error;
    return fail({
      code: "secret_not_found",
      message: `The failover plan ${spec.name} names a secret that there is not: ${error.secret}.`,
      hint: `Set it: sluice secret set ${error.secret}.`,
    });
  }
}

type ValueOf = (kept: Kept) => Promise<string>;

async function epochsOf({ epochs, name }: RecoverySpec, ground: DeskGround, valueOf: ValueOf): Promise<EpochStore> {
  const { transport, servers, timeoutMs } = ground;
  if (epochs.kind === "etcd")
    return etcdEpochs({ endpoints: epochs.endpoints, prefix: epochs.prefix, name, transport, timeoutMs });
  return postgresEpochs({ url: await valueOf(epochs.url), name, servers, timeoutMs });
}

async function dataOf(data: RecoverySpec["data"][number], ground: DeskGround, valueOf: ValueOf): Promise<DataDriver> {
  const { servers, timeoutMs } = ground;
  const urls: Record<string, string> = {};
  for (const [site, kept] of Object.entries(data.urls)) urls[site] = await valueOf(kept);
  return postgresPair({ name: data.name, urls, standbyNames: data.standbyNames ?? {}, servers, timeoutMs });
}

async function trafficOf(
  traffic: RecoverySpec["traffic"][number],
  ground: DeskGround,
  valueOf: ValueOf,
): Promise<TrafficDriver> {
  const { lines, scripts, timeoutMs, openCluster } = ground;
  if (traffic.kind === "haproxy") return haproxy({ ...traffic, lines, timeoutMs });
  if (traffic.kind === "scale") return scaling({ name: traffic.name, objects: traffic.objects, open: openCluster });
  const key = traffic.key === undefined ? undefined : await valueOf(traffic.key);
  return dnsName({ ...traffic, key, scripts, timeoutMs });
}
