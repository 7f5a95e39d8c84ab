// Whether a failover could be done now: the rules that a plan is held against, and what was found of the world. Nothing is changed.
import type { ReadinessRule } from "@sluice/protocol";
import type { DataLook, Desk, Silent } from "./drivers.ts";
import type { RecoverySpec } from "./recovery-file.ts";

export interface Finding {
  readonly rule: ReadinessRule;
  /** The site whose failure it is about; null: either's. */
  readonly site: string | null;
  readonly message: string;
}

export interface Readiness {
  readonly at: number;
  readonly ready: boolean;
  readonly active: string | null;
  readonly epoch: number | null;
  readonly findings: readonly Finding[];
}

export interface Seen {
  readonly now: number;
  readonly epochs: Awaited<ReturnType<Desk["epochs"]["read"]>>;
  readonly data: readonly { readonly name: string; readonly site: string; readonly look: DataLook | Silent }[];
  readonly traffic: readonly {
    readonly name: string;
    readonly look: Awaited<ReturnType<Desk["traffic"][number]["look"]>>;
  }[];
  readonly lastDrillAt: number | undefined;
  /** Failovers that nobody else has approved or looked at. */
  readonly unreviewed: readonly string[];
}

const dayMs = 86_400_000;

/** Looks at all of it. */
export async function seenOf(
  desk: Desk,
  sites: readonly string[],
  more: Pick<Seen, "now" | "lastDrillAt" | "unreviewed">,
): Promise<Seen> {
  const data = desk.data.flatMap((each) =>
    sites.map(async (site) => ({ name: each.name, site, look: await each.look(site) })),
  );
  const traffic = desk.traffic.map(async (each) => ({ name: each.name, look: await each.look() }));
  return {
    ...more,
    epochs: await desk.epochs.read(),
    data: await Promise.all(data),
    traffic: await Promise.all(traffic),
  };
}

/** Everything that is not as it should be. */
export function readinessOf(spec: RecoverySpec, seen: Seen): Readiness {
  const claim = seen.epochs.outcome === "ok" ? seen.epochs.claim : undefined;
  const active = claim?.active.site ?? null;
  const findings = [
    ...domainFindings(spec),
    ...observerFindings(spec),
    ...epochFindings(seen),
    ...dataFindings(spec, seen, active),
    ...trafficFindings(seen, active),
    ...drillFindings(spec, seen),
  ];
  return { at: seen.now, ready: findings.length === 0, active, epoch: claim?.active.epoch ?? null, findings };
}

/** What decides or acts must not be where the failure is. */
export function domainFindings({ sites, engine, epochs }: RecoverySpec): readonly Finding[] {
  const findings: Finding[] = [];
  const [one, other] = sites;
  if (one !== undefined && one.domain === other?.domain)
    findings.push({ rule: "sites-share-domain", site: null, message: `Both sites are in ${one.domain}.` });
  for (const { name: site, domain } of sites) {
    const found = (rule: ReadinessRule, what: string): void => {
      findings.push({
        rule,
        site,
        message: `${what} in ${domain}, as site ${site} is: when that fails, so does this.`,
      });
    };
    if (engine.domain === domain) found("engine-in-failure-domain", "This server is");
    if (engine.database === domain) found("database-in-failure-domain", "The data of this server is");
    if (engine.identity === domain) found("identity-in-failure-domain", "Who signs people in is");
    const there = epochs.domains.filter((each) => each === domain).length;
    // A majority has to be elsewhere.
    if (there * 2 >= epochs.domains.length) found("epochs-in-failure-domain", "The epoch store is");
  }
  return findings;
}

function observerFindings({ sites, observers, confirm }: RecoverySpec): readonly Finding[] {
  return sites.flatMap(({ name: site, domain }) => {
    const outside = observers.filter((each) => each.domain !== domain);
    const domains = new Set(outside.map((each) => each.domain)).size;
    if (domains >= confirm.agree) return [];
    const message = `Observers outside of ${domain} are in ${domains} failure domains; ${confirm.agree} have to agree.`;
    return [{ rule: "too-few-observers", site, message } as const];
  });
}

function epochFindings({ epochs }: Seen): readonly Finding[] {
  if (epochs.outcome === "refused") return [{ rule: "epochs-asynchronous", site: null, message: epochs.reason }];
  if (epochs.outcome === "silent") return [{ rule: "epochs-unreachable", site: null, message: epochs.reason }];
  return [];
}

function dataFindings(spec: RecoverySpec, { data }: Seen, active: string | null): readonly Finding[] {
  return data.flatMap(({ name, site, look }): readonly Finding[] => {
    if (look.outcome === "silent")
      return [{ rule: "data-unreachable", site, message: `${name} at ${site} does not answer: ${look.reason}` }];
    if (active === null || site === active) return [];
    const declared = spec.data.find((each) => each.name === name);
    const found: Finding[] = [];
    if (look.role !== "standby" || !look.streaming)
      found.push({
        rule: "standby-not-following",
        site: active,
        message: `${name} at ${site} does not follow ${active}.`,
      });
    else if (declared?.synchronous === true && (look.mark?.synchronous !== true || look.mark.writer !== active)) {
      const message = `${active} may acknowledge what ${site} does not have of ${name}: should it fail, nothing shows that it has stopped.`;
      found.push({ rule: "not-protected", site: active, message });
    }
    return found;
  });
}

function trafficFindings({ traffic }: Seen, active: string | null): readonly Finding[] {
  return traffic.flatMap(({ name, look }): readonly Finding[] => {
    if (look.outcome === "silent")
      return [{ rule: "traffic-unreachable", site: null, message: `${name} does not answer: ${look.reason}` }];
    if (active === null || look.site === active) return [];
    return [
      {
        rule: "traffic-elsewhere",
        site: null,
        message: `${name} leads to ${look.site ?? "no site"}; ${active} is active.`,
      },
    ];
  });
}

function drillFindings({ probes, drill }: RecoverySpec, { now, lastDrillAt, unreviewed }: Seen): readonly Finding[] {
  const findings: Finding[] = [];
  if (probes.length === 0)
    findings.push({
      rule: "no-probe",
      site: null,
      message: "Nothing says whether the new site works: it has no probe.",
    });
  if (lastDrillAt === undefined || now - lastDrillAt > drill.maxAgeDays * dayMs) {
    const message =
      lastDrillAt === undefined ? "There was no drill." : `The last drill was more than ${drill.maxAgeDays} days ago.`;
    findings.push({ rule: "no-recent-drill", site: null, message });
  }
  for (const id of unreviewed)
    findings.push({
      rule: "break-glass-unreviewed",
      site: null,
      message: `Nobody has looked at ${id}, which nobody else approved.`,
    });
  return findings;
}
