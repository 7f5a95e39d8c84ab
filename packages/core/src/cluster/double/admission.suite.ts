// For tests: what the admission policy on epochs says to a create, as the real API server evaluates it.
import { at, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { fenceName } from "../operations/fence.ts";

/** The refusal's message; undefined where it may be made. `find`: an object of the cluster. */
export function refusedCreate(
  object: KubeObject,
  manager: string,
  find: (kind: string, name: string, namespace: string) => KubeObject | undefined,
): string | undefined {
  const policy = find("ValidatingAdmissionPolicy", fenceName, "");
  const binding = find("ValidatingAdmissionPolicyBinding", fenceName, "");
  if (policy === undefined || binding === undefined || !manager.startsWith("sluice-")) return undefined;
  const name = textAt(binding, "spec", "paramRef", "name") ?? "";
  const params = find("ConfigMap", name, textAt(binding, "spec", "paramRef", "namespace") ?? "");
  const wanted = textAt(params, "data", manager);
  const has = at(object, "metadata", "annotations", "sluice.dev/epoch");
  if (wanted === undefined || typeof has !== "string" || Number(has) >= Number(wanted)) return undefined;
  const plural = `${object.kind.toLowerCase()}s`;
  const by = `ValidatingAdmissionPolicy '${fenceName}' with binding '${fenceName}'`;
  return `${plural} "${object.metadata.name}" is forbidden: ${by} denied request: A later operation has this component.`;
}
