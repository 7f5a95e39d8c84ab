// Ways that lead clients to a site: HAProxy by its runtime API, names by dynamic update (RFC 2136), and scaling what serves.
import type { Result } from "../../../kernel/result.ts";
import type { Resources } from "../../client/resources.ts";
import type { KubeObject } from "../../objects.ts";
import type { Silent, TrafficDriver } from "../drivers.ts";
import type { LineTransport, ScriptRunner } from "../ports.ts";

const silent = (error: unknown): Silent => ({
  outcome: "silent",
  reason: error instanceof Error ? error.message : String(error),
});

/** Bit of the administrative state: it was disabled by the configuration, whatever has become of it since. Any other takes it out of service. */
const bornDisabled = 4;

/** Servers of the other site are put into maintenance first, and their sessions ended; then those of this one are taken into service. */
export function haproxy(p: {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly backend: string;
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly lines: LineTransport;
  readonly timeoutMs: number;
}): TrafficDriver {
  const { name, addresses, backend, servers, lines, timeoutMs } = p;
  const say = async (address: string, line: string): Promise<string> => {
    const said = (await lines.say({ address, line, timeoutMs })).trim();
    if (/^(No such|Unknown|Permission|Require)/i.test(said)) throw new Error(`${address}: ${said}`);
    return said;
  };
  /** The fields of `show servers state` by name, as its second line has them. */
  const states = async (address: string): Promise<ReadonlyMap<string, boolean>> => {
    const rows = (await say(address, `show servers state ${backend}`)).split("\n");
    const heads = (rows.find((row) => row.startsWith("#")) ?? "").slice(1).trim().split(" ");
    const [server, admin] = [heads.indexOf("srv_name"), heads.indexOf("srv_admin_state")];
    const cells = rows.filter((row) => !row.startsWith("#") && row.includes(" ")).map((row) => row.split(" "));
    return new Map(cells.map((row) => [row[server] ?? "", (Number(row[admin]) & ~bornDisabled) === 0]));
  };
  return {
    name,
    async look() {
      try {
        const sites = new Set<string | undefined>();
        for (const address of addresses) {
          const on = await states(address);
          const leads = Object.keys(servers).filter((site) => servers[site]?.some((server) => on.get(server) === true));
          sites.add(leads.length === 1 ? leads[0] : undefined);
        }
        const [site] = sites;
        return { outcome: "ok", site: sites.size === 1 ? site : undefined };
      } catch (error) {
        return silent(error);
      }
    },
    async shift({ to }) {
      try {
        for (const address of addresses) {
          for (const [site, names] of Object.entries(servers)) {
            if (site === to) continue;
            for (const server of names) {
              await say(address, `set server ${backend}/${server} state maint`);
              await say(address, `shutdown sessions server ${backend}/${server}`);
            }
          }
          for (const server of servers[to] ?? []) await say(address, `set server ${backend}/${server} state ready`);
        }
        return { outcome: "ok" };
      } catch (error) {
        return silent(error);
      }
    },
  };
}

/** By `nsupdate`; what the server answers to is asked with `dig`. */
export function dnsName(p: {
  readonly name: string;
  readonly server: string;
  readonly port: number;
  readonly zone: string;
  readonly record: string;
  readonly type: string;
  readonly ttlSec: number;
  readonly values: Readonly<Record<string, string>>;
  readonly key?: string | undefined;
  readonly scripts: ScriptRunner;
  readonly timeoutMs: number;
}): TrafficDriver {
  const { name, server, port, zone, record, type, ttlSec, values, key, scripts, timeoutMs } = p;
  const run = async (command: string, args: readonly string[], stdin: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await scripts.run({ command, args, stdin, timeoutMs });
    if (exitCode !== 0) throw new Error(`${command}: ${(stderr || stdout).trim()}`);
    return stdout;
  };
  return {
    name,
    async look() {
      try {
        const said = await run(
          "dig",
          ["+short", "+time=3", "+tries=2", "-p", String(port), `@${server}`, record, type],
          "",
        );
        const answers = new Set(said.split("\n").map((line) => line.trim().replace(/\.$/, "")));
        const site = Object.keys(values).find((each) => answers.has((values[each] ?? "").replace(/\.$/, "")));
        return { outcome: "ok", site };
      } catch (error) {
        return silent(error);
      }
    },
    async shift({ to }) {
      try {
        const script = [
          `server ${server} ${port}`,
          ...(key === undefined ? [] : [`key ${keyWords(key)}`]),
          `zone ${zone}`,
          `update delete ${record}. ${type}`,
          `update add ${record}. ${ttlSec} ${type} ${values[to] ?? ""}`,
          "send",
        ];
        await run("nsupdate", [], `${script.join("\n")}\n`);
        return { outcome: "ok" };
      } catch (error) {
        return silent(error);
      }
    },
  };
}

/** `algorithm:name:secret` as `nsupdate` wants it. */
function keyWords(key: string): string {
  const [algorithm = "", name = "", ...secret] = key.split(":");
  return `${algorithm}:${name} ${secret.join(":")}`;
}

export interface Scaled {
  readonly cluster: string;
  readonly kind: "Deployment" | "StatefulSet";
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
}

/** What serves at the site gets its replicas, and is ready; that of the other one goes to none where it can be reached. */
export function scaling(p: {
  readonly name: string;
  readonly objects: Readonly<Record<string, Scaled>>;
  readonly open: (cluster: string) => Promise<Result<Resources>>;
}): TrafficDriver {
  const { name, objects, open } = p;
  const target = ({ kind, namespace, name: of }: Scaled) => ({ apiVersion: "apps/v1", kind, namespace, name: of });
  const found = async (of: Scaled): Promise<Result<KubeObject | undefined>> => {
    const resources = await open(of.cluster);
    return resources.ok ? resources.value.get(target(of)) : resources;
  };
  const scale = async (of: Scaled, replicas: number): Promise<Result<unknown>> => {
    const resources = await open(of.cluster);
    if (!resources.ok) return resources;
    const patch = { spec: { replicas } };
    return resources.value.patch(target(of), { type: "merge", patch, manager: "sluice-recovery" });
  };
  const readyOf = (object: KubeObject | undefined): number =>
    (object?.["status"] as { readonly readyReplicas?: number } | undefined)?.readyReplicas ?? 0;
  return {
    name,
    async look() {
      let site: string | undefined;
      for (const [each, object] of Object.entries(objects)) {
        const live = await found(object);
        // A site that does not answer serves nobody that could be seen from here.
        if (live.ok && readyOf(live.value) > 0) site = site === undefined ? each : "both";
      }
      return { outcome: "ok", site: site === "both" ? undefined : site };
    },
    async shift({ to }) {
      const object = objects[to];
      if (object === undefined) return silent(`nothing serves at ${to}`);
      const scaled = await scale(object, object.replicas);
      if (!scaled.ok) return silent(scaled.error.message);
      for (const [site, other] of Object.entries(objects)) if (site !== to) await scale(other, 0);
      const live = await found(object);
      if (!live.ok) return silent(live.error.message);
      if (readyOf(live.value) >= object.replicas) return { outcome: "ok" };
      return silent(`${object.name} has ${readyOf(live.value)} of ${object.replicas} replicas ready`);
    },
  };
}
