// Reads the file of a failover plan. What is wrong with it is said with its line, or by the field that does not fit the others.
import { schemas } from "@sluice/protocol/http-schemas";
import type { Result } from "../../kernel/result.ts";
import { ok } from "../../kernel/result.ts";
import { readFileOf, refusedFile } from "../components/component-file.ts";

/** A failover plan as its file declares it, with everything it leaves out filled in. */
export type RecoverySpec = (typeof schemas)["FailoverPlanFile"]["_output"];

/** Refuses with `invalid_component`, whose details have every problem with its line, from 1. */
export function parseRecovery(file: string, text: string): Result<RecoverySpec> {
  const read = readFileOf(file, text, schemas.FailoverPlanFile);
  if (!read.ok) return read;
  const problems = problemsOf(read.value);
  return problems.length === 0
    ? ok(read.value)
    : refusedFile(
        file,
        problems.map((message) => ({ line: 1, message })),
      );
}

/** Every table by site has both sites and no other. */
function problemsOf(spec: RecoverySpec): readonly string[] {
  const sites = spec.sites.map(({ name }) => name);
  const problems: string[] = [];
  if (new Set(sites).size < sites.length) problems.push("sites: both have the same name");
  const tables: (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ...spec.observers.map(({ name, urls }) => [`observers ${name}`, urls] as const),
    ...spec.data.map(({ name, urls }) => [`data ${name}`, urls] as const),
    ...spec.probes.map(({ name, urls }) => [`probes ${name}`, urls] as const),
    ...spec.traffic.map((each) => [`traffic ${each.name}`, bySiteOf(each)] as const),
  ];
  for (const [name, table] of tables) {
    const missing = sites.filter((site) => !Object.hasOwn(table, site));
    const unknown = Object.keys(table).filter((site) => !sites.includes(site));
    if (missing.length > 0) problems.push(`${name}: nothing for site ${missing.join(", ")}`);
    if (unknown.length > 0) problems.push(`${name}: there is no site ${unknown.join(", ")}`);
  }
  return problems;
}

function bySiteOf(traffic: RecoverySpec["traffic"][number]): Readonly<Record<string, unknown>> {
  if (traffic.kind === "haproxy") return traffic.servers;
  return traffic.kind === "dns" ? traffic.values : traffic.objects;
}
