// Rules about what other objects of the mesh name: namespaces and hosts that have to be there.
import { at, listAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { namespaceOf, textsAt } from "./view.ts";
import type { MeshView } from "./view.ts";

export function referenceRules(view: MeshView): readonly Finding[] {
  return [
    ...view.of("AuthorizationPolicy").flatMap((each) => policyReferences(each, view)),
    ...view.of("Sidecar").flatMap((each) => egressHosts(each, view)),
  ];
}

function policyReferences(policy: KubeObject, view: MeshView): readonly Finding[] {
  if (view.of("Namespace").length === 0) return [];
  return listAt(policy, "spec", "rules").flatMap((rule, index) =>
    listAt(rule, "from").flatMap((from) =>
      textsAt(at(from, "source"), "namespaces").flatMap((name) => {
        const fits = (each: KubeObject): boolean =>
          name.includes("*") ? fitsPattern(name, each.metadata.name) : each.metadata.name === name;
        if (view.of("Namespace").some(fits)) return [];
        return [
          finding("IST0101", policy, { message: `There is no namespace ${name}.`, path: `spec.rules[${index}].from` }),
        ];
      }),
    ),
  );
}

function fitsPattern(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  return pattern.startsWith("*") ? text.endsWith(pattern.slice(1)) : text.startsWith(pattern.slice(0, -1));
}

/** `namespace/host`, either of which may be a wildcard. */
function egressHosts(sidecar: KubeObject, view: MeshView): readonly Finding[] {
  return listAt(sidecar, "spec", "egress").flatMap((egress, index) =>
    textsAt(egress, "hosts").flatMap((each) => {
      const [namespace = "", host = ""] = each.split("/");
      if (host.includes("*") || namespace === "~" || host === "") return [];
      const of = namespace === "." ? namespaceOf(sidecar) : namespace;
      if (view.host(host, of === "*" ? namespaceOf(sidecar) : of) !== undefined) return [];
      return [finding("IST0101", sidecar, { message: `There is no host ${host}.`, path: `spec.egress[${index}]` })];
    }),
  );
}
