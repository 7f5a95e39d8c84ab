// Where the binaries of the real control plane lie, and which versions they are.

import { homedir } from "node:os";
import { join } from "node:path";

/** Kubernetes is 1.x: its staging modules are 0.x of the same number. */
export const versions = { kubernetes: "34.4", etcd: "3.7.3", kwok: "0.8.0" } as const;

export const binaries = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "kwok"] as const;

/** Outside of every repository; SLUICE_CONTROL_PLANE names another place. */
export function controlPlaneFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const key = `kubernetes-1.${versions.kubernetes}-etcd-${versions.etcd}-kwok-${versions.kwok}`;
  return env["SLUICE_CONTROL_PLANE"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice", key);
}
