// What is not there yet cannot be stamped: a late create of an operation that was superseded is refused by an admission policy in the
// cluster, which knows the epoch of each component. Source of the format: admissionregistration.k8s.io/v1, ValidatingAdmissionPolicy.
import type { WireError } from "@sluice/protocol";
import type { Resources } from "../client/resources.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { at } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { epochAnnotation } from "../plans/diff.ts";

/** Of the policy and its binding. */
export const fenceName = "sluice-epoch";
/** Where epochs are kept, by field manager. */
const epochsName = "sluice-epochs";
const fenceNamespace = "kube-system";
const fenceManager = "sluice-fence";
const registration = "admissionregistration.k8s.io/v1";

/** Refuses creates by a component's manager under an epoch that is lower than the one the component has. */
const policy: KubeObject = {
  apiVersion: registration,
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: fenceName },
  spec: {
    // It must never be what stops a cluster: whether it works is tried before it is relied on.
    failurePolicy: "Ignore",
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConstraints: {
      resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["CREATE"], resources: ["*"] }],
    },
    matchConditions: [
      {
        name: "by-a-component",
        expression: `has(request.options.fieldManager) && request.options.fieldManager.startsWith("sluice-")`,
      },
    ],
    validations: [
      {
        expression: [
          "!has(params.data) || !(request.options.fieldManager in params.data) ||",
          // What operations make always has one; dry runs of plans have none.
          `!has(object.metadata.annotations) || !("${epochAnnotation}" in object.metadata.annotations) ||`,
          `int(object.metadata.annotations["${epochAnnotation}"]) >= int(params.data[request.options.fieldManager])`,
        ].join(" "),
        message: "A later operation has this component.",
      },
    ],
  },
};

const binding: KubeObject = {
  apiVersion: registration,
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: fenceName },
  spec: {
    policyName: fenceName,
    validationActions: ["Deny"],
    paramRef: { name: epochsName, namespace: fenceNamespace, parameterNotFoundAction: "Allow" },
  },
};

const epochs: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: epochsName, namespace: fenceNamespace },
};

/** Whether a refusal is that of the policy. */
export function isFenced({ code, message }: WireError): boolean {
  return code === "cluster_rejected" && message.includes(`ValidatingAdmissionPolicy '${fenceName}'`);
}

export interface Fencing {
  /** With the server's own rights, whoever the operation is for. */
  readonly resources: Resources;
  readonly manager: string;
  readonly epoch: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the cluster refuse creates under lower epochs, and waits until it does: policies reach an API server with a delay. `unfenced`
 * where the cluster has no such policies, or the account may not make them. Fails with `operation_superseded` when a later operation
 * was here before.
 */
export async function fenceCreates(fencing: Fencing): Promise<Result<"fenced" | "unfenced">> {
  for (const object of [policy, binding]) {
    const there = await ensured(object, fencing);
    if (!there.ok) return isImpossible(there.error) ? ok("unfenced") : there;
  }
  const raised = await raise(fencing);
  if (!raised.ok) return isImpossible(raised.error) ? ok("unfenced") : raised;
  return untilItHolds(fencing);
}

function isImpossible({ code, details }: WireError): boolean {
  return code === "unknown_kind" || (code === "cluster_denied" && at(details, "status") === 403);
}

async function ensured(object: KubeObject, { resources, signal }: Fencing): Promise<Result<null>> {
  const { apiVersion, kind, metadata } = object;
  const live = await resources.get({ apiVersion, kind, ...metadata });
  if (!live.ok) return live;
  if (live.value !== undefined && isAsDeclared(object["spec"], live.value["spec"])) return ok(null);
  const applied = await resources.apply({ object, manager: fenceManager, force: true, signal });
  return applied.ok ? ok(null) : applied;
}

/** Everything that is declared is there as it is declared; the cluster adds defaults. */
function isAsDeclared(declared: unknown, live: unknown): boolean {
  if (Array.isArray(declared)) {
    return (
      Array.isArray(live) &&
      live.length === declared.length &&
      declared.every((each, index) => isAsDeclared(each, live[index]))
    );
  }
  if (typeof declared !== "object" || declared === null) return declared === live;
  return Object.entries(declared).every(([name, value]) => isAsDeclared(value, at(live, name)));
}

/** The component's epoch in the cluster only grows: each write is held against the look it follows from. */
async function raise({ resources, manager, epoch, signal }: Fencing): Promise<Result<null>> {
  const { observationsMax, retryDelayMs } = resources.client.limits;
  const { apiVersion, kind, metadata } = epochs;
  for (let looks = 1; ; looks++) {
    const live = await resources.get({ apiVersion, kind, ...metadata });
    if (!live.ok) return live;
    const known = Number(at(live.value, "data", manager) ?? 0);
    if (known > epoch) return fail(superseded(manager, { known, epoch }));
    if (known === epoch) return ok(null);
    const seen = { uid: live.value?.metadata.uid, resourceVersion: live.value?.metadata.resourceVersion };
    const applied = await resources.apply(
      live.value === undefined
        ? { object: epochs, manager: fenceManager, signal }
        : {
            object: { ...epochs, metadata: { ...metadata, ...seen }, data: { [manager]: String(epoch) } },
            manager: `${fenceManager}-${manager}`,
            force: true,
            signal,
          },
    );
    if (applied.ok) {
      if (live.value !== undefined) return ok(null);
      continue;
    }
    if (applied.error.code !== "cluster_conflict" || looks >= observationsMax) return applied;
    if (!(await resources.client.pause(retryDelayMs, signal))) return applied;
  }
}

/** A create under a lower epoch is tried, as a dry run, until it is refused. */
async function untilItHolds({ resources, manager, epoch, signal }: Fencing): Promise<Result<"fenced" | "unfenced">> {
  const { fencePollMs, fenceWaitMs } = resources.client.limits;
  const began = resources.client.clock.now();
  const annotations = { [epochAnnotation]: String(epoch - 1) };
  const probe = { ...epochs, metadata: { name: `${epochsName}-probe`, namespace: fenceNamespace, annotations } };
  for (;;) {
    const tried = await resources.apply({ object: probe, manager, dryRun: true, signal });
    if (!tried.ok && isFenced(tried.error)) return ok("fenced");
    if (!tried.ok) return isImpossible(tried.error) ? ok("unfenced") : tried;
    if (resources.client.clock.now() - began >= fenceWaitMs) {
      return fail({
        code: "cluster_timeout",
        message: `The admission policy ${fenceName} has had no effect for ${fenceWaitMs} ms.`,
        hint: "Look at its status: kubectl describe validatingadmissionpolicy sluice-epoch.",
      });
    }
    if (!(await resources.client.pause(fencePollMs, signal))) {
      return fail({ code: "cluster_timeout", message: `The admission policy ${fenceName} is not in effect yet.` });
    }
  }
}

function superseded(manager: string, p: { readonly known: number; readonly epoch: number }): WireError {
  return {
    code: "operation_superseded",
    message: `${manager} has epoch ${p.known} in the cluster; this operation has ${p.epoch}.`,
    hint: "A later operation has the component: it says what became of it.",
  };
}
