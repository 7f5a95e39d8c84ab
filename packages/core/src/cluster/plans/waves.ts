// In which order objects are written: what others stand on first. A number in an annotation has the last word.
import type { KubeObject } from "../objects.ts";

export const waveAnnotation = "sluice.dev/wave";

const order: readonly (readonly string[])[] = [
  ["Namespace", "CustomResourceDefinition", "PriorityClass", "StorageClass", "ValidatingAdmissionPolicy"],
  [
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "Service",
  ],
  [],
  [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
  ],
];
/** Of kinds that nobody has placed: with the workloads. */
const waveDefault = 2;

/** Waves by themselves are 0 to 3; an annotation may name any whole number. */
export function waveOf(object: KubeObject): number {
  const named = Number(object.metadata.annotations?.[waveAnnotation] ?? Number.NaN);
  if (Number.isInteger(named)) return named;
  const found = order.findIndex((kinds) => kinds.includes(object.kind));
  return found < 0 ? waveDefault : found;
}
