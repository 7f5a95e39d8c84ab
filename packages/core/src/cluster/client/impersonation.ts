// Acting in the name of a person: the cluster's own rules say what they may, and its audit log names them. Source: the Kubernetes API
// reference (user impersonation, SelfSubjectAccessReview).
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { at } from "../objects.ts";
import type { ClusterClient } from "./client.ts";

const group = "authorization.k8s.io";

/** Whether the account may act for others; refused with the reason where it may not. */
export async function mayImpersonate(client: ClusterClient): Promise<Result<null>> {
  if (client.access.impersonate !== undefined) {
    return fail({
      code: "invalid_kubeconfig",
      message: "The kubeconfig acts for somebody already (as).",
      hint: "Give one that acts for itself, or add the cluster without acting for people.",
    });
  }
  const spec = { resourceAttributes: { verb: "impersonate", resource: "users" } };
  const answer = await client.json({
    method: "POST",
    path: `/apis/${group}/v1/selfsubjectaccessreviews`,
    body: { apiVersion: `${group}/v1`, kind: "SelfSubjectAccessReview", spec },
  });
  if (!answer.ok) return answer;
  if (at(answer.value.body, "status", "allowed") === true) return ok(null);
  return fail({
    code: "cluster_denied",
    message: "The account of the kubeconfig may not act for others in this cluster.",
    hint: "Allow it the verb impersonate on users, or add the cluster without acting for people.",
  });
}
