// Looks at the configuration of a mesh with every rule there is.
import type { KubeObject } from "../../objects.ts";
import { annotationRules } from "./annotations.ts";
import { destinationRuleRules } from "./destination-rules.ts";
import { envoyFilterRules } from "./envoy-filters.ts";
import { gatewayRules } from "./gateways.ts";
import { injectionRules } from "./injection.ts";
import type { Finding, FindingLevel } from "./messages.ts";
import { platformRules } from "./platform.ts";
import { referenceRules } from "./references.ts";
import { schemaRules } from "./schema.ts";
import { selectorRules } from "./selectors.ts";
import { serviceRules } from "./services.ts";
import { MeshView } from "./view.ts";
import type { MeshFacts } from "./view.ts";
import { virtualServiceRules } from "./virtual-services.ts";

const rules = [
  schemaRules,
  virtualServiceRules,
  destinationRuleRules,
  gatewayRules,
  referenceRules,
  selectorRules,
  serviceRules,
  envoyFilterRules,
  annotationRules,
  injectionRules,
  platformRules,
] as const;

const order: Readonly<Record<FindingLevel, number>> = { error: 0, warning: 1, info: 2 };
/** Findings that its author has seen and does not want: codes with commas between, or `*`. */
const suppress = "galley.istio.io/analyze-suppress";

/** Everything that is found, worst first, then by object. The same objects come to the same findings, in the same order. */
export function analyze(objects: readonly KubeObject[], facts: MeshFacts = {}): readonly Finding[] {
  const view = new MeshView(objects, facts);
  const silenced = new Map<string, readonly string[]>();
  for (const { kind, metadata } of objects) {
    const codes = metadata.annotations?.[suppress];
    if (codes !== undefined)
      silenced.set(
        `${kind} ${metadata.namespace ?? ""} ${metadata.name}`,
        codes.split(",").map((each) => each.trim()),
      );
  }
  const wanted = ({ code, resource, namespace }: Finding): boolean => {
    const [type = "", name = ""] = resource.split(" ");
    const codes = silenced.get(`${type.split(".")[0] ?? ""} ${namespace} ${name.split("/").at(-1) ?? ""}`);
    return codes === undefined || !(codes.includes("*") || codes.includes(code));
  };
  const key = (each: Finding): string =>
    `${order[each.level]} ${each.resource} ${each.code} ${each.path ?? ""} ${each.message}`;
  const found = new Map(
    rules
      .flatMap((rule) => rule(view))
      .filter(wanted)
      .map((each) => [key(each), each]),
  );
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}
