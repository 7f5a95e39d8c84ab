// Rules about destination rules: hosts that are there, certificates that are checked, and agreement with the policy on mutual TLS.
import { at, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { effectiveMtls } from "../mtls.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { covers, fullHost, namespaceOf } from "./view.ts";
import type { MeshView } from "./view.ts";

export function destinationRuleRules(view: MeshView): readonly Finding[] {
  return view
    .of("DestinationRule")
    .flatMap((rule) => [...unknownHost(rule, view), ...unverified(rule), ...conflict(rule, view)]);
}

function unknownHost(rule: KubeObject, view: MeshView): readonly Finding[] {
  const namespace = namespaceOf(rule);
  const host = textAt(rule, "spec", "host") ?? "";
  const full = fullHost(host, namespace);
  if (view.host(host, namespace) !== undefined || [...view.hosts().keys()].some((each) => covers(full, each)))
    return [];
  return [finding("IST0174", rule, { message: `No service of the mesh is called ${host}.`, path: "spec.host" })];
}

/** TLS that somebody else answers, without anything to hold its certificate against. */
function unverified(rule: KubeObject): readonly Finding[] {
  const host = textAt(rule, "spec", "host") ?? "";
  const isOpen = (policy: unknown): boolean => {
    const mode = textAt(policy, "tls", "mode") ?? "";
    if (mode !== "SIMPLE" && mode !== "MUTUAL") return false;
    return (
      (textAt(policy, "tls", "caCertificates") ?? "") === "" && (textAt(policy, "tls", "credentialName") ?? "") === ""
    );
  };
  const policies = [
    { policy: at(rule, "spec", "trafficPolicy"), path: "spec.trafficPolicy" },
    ...listAt(rule, "spec", "subsets").map((subset, index) => ({
      policy: at(subset, "trafficPolicy"),
      path: `spec.subsets[${index}].trafficPolicy`,
    })),
  ];
  return policies.flatMap(({ policy, path }) => {
    const whole = isOpen(policy)
      ? [
          finding("IST0128", rule, {
            message: `Nothing checks the certificate that ${host} shows.`,
            path: `${path}.tls`,
          }),
        ]
      : [];
    const ports = listAt(policy, "portLevelSettings").flatMap((each, index) => {
      if (!isOpen(each)) return [];
      const message = `Nothing checks the certificate that ${host} shows at port ${String(at(each, "port", "number"))}.`;
      return [finding("IST0129", rule, { message, path: `${path}.portLevelSettings[${index}].tls` })];
    });
    return [...whole, ...ports];
  });
}

/** Clients that do not speak mutual TLS to who asks for it, and the other way round. */
function conflict(rule: KubeObject, view: MeshView): readonly Finding[] {
  const mode = textAt(rule, "spec", "trafficPolicy", "tls", "mode");
  const host = textAt(rule, "spec", "host") ?? "";
  const service = view.host(host, namespaceOf(rule))?.object;
  if (mode === undefined || service?.kind !== "Service") return [];
  const { mode: asked, by } = effectiveMtls(service, view);
  const speaks = mode === "ISTIO_MUTUAL";
  if ((asked === "STRICT" && !speaks) || (asked === "DISABLE" && speaks)) {
    const message = `Clients of ${host} speak ${mode}, while ${by} asks for ${asked}.`;
    return [finding("IST0113", rule, { message, path: "spec.trafficPolicy.tls" })];
  }
  return [];
}
