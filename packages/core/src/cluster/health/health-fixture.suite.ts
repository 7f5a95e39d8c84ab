// For tests: objects with little to write.
import type { KubeObject } from "../objects.ts";

/** An object of `Kind.version` or `Kind.group/version`. */
export function object(type: string, p: { spec?: object; status?: object; meta?: object } = {}): KubeObject {
  const dot = type.indexOf(".");
  return {
    apiVersion: type.slice(dot + 1),
    kind: type.slice(0, dot),
    metadata: { name: "x", namespace: "n", ...p.meta },
    ...(p.spec === undefined ? {} : { spec: p.spec }),
    ...(p.status === undefined ? {} : { status: p.status }),
  };
}

/** Conditions from `Type=Status` or `Type=Status:Reason`. */
export function conditions(...texts: readonly string[]): { conditions: object[] } {
  return {
    conditions: texts.map((text) => {
      const [type = "", rest = ""] = text.split("=");
      const [status = "", reason = ""] = rest.split(":");
      return { type, status, reason, message: "", lastTransitionTime: "2026-01-01T00:00:00Z" };
    }),
  };
}
