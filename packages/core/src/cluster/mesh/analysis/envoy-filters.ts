// Rules about filters of Envoy: operations that Envoy ignores, and those whose place depends on others.
import { at, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import type { MeshView } from "./view.ts";

const relative = new Set(["INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "MERGE", "REMOVE"]);
/** Where nothing can be added or removed. */
const fixed = new Set(["ROUTE_CONFIGURATION", "HTTP_ROUTE"]);
const replaceable = new Set(["HTTP_FILTER", "NETWORK_FILTER"]);

export function envoyFilterRules(view: MeshView): readonly Finding[] {
  return view
    .of("EnvoyFilter")
    .flatMap((filter) =>
      listAt(filter, "spec", "configPatches").flatMap((patch, index) =>
        ofPatch(filter, patch, `spec.configPatches[${index}]`),
      ),
    );
}

function ofPatch(filter: KubeObject, patch: unknown, path: string): readonly Finding[] {
  const operation = textAt(patch, "patch", "operation") ?? "";
  const applyTo = textAt(patch, "applyTo") ?? "";
  const said: Finding[] = [];
  const say = (code: Parameters<typeof finding>[0], message: string): void =>
    void said.push(finding(code, filter, { message, path }));
  if (operation === "REPLACE" && !replaceable.has(applyTo))
    say("IST0152", `REPLACE is for HTTP_FILTER and NETWORK_FILTER, not for ${applyTo}.`);
  if (operation === "ADD" && fixed.has(applyTo)) say("IST0153", `ADD is ignored for ${applyTo}.`);
  if (operation === "REMOVE" && fixed.has(applyTo)) say("IST0154", `REMOVE is ignored for ${applyTo}.`);
  const priority = Number(at(filter, "spec", "priority") ?? 0);
  if (priority === 0 && relative.has(operation)) {
    const versioned = textAt(patch, "match", "proxy", "proxyVersion") !== undefined;
    const why = `Without a priority, ${operation} depends on which filter comes first`;
    if (versioned) say("IST0155", `${why}, and another may come first with the next version of the proxy.`);
    else say("IST0151", `${why}.`);
  }
  return said;
}
