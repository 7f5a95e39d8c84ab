// Takes out of manifests what must not be stored: secrets of webhooks that the code has as text.
import type { TriggerManifest, WorkflowManifest } from "@sluice/protocol";

export function withoutSecrets(workflows: readonly WorkflowManifest[]): readonly WorkflowManifest[] {
  return workflows.map((workflow) => ({ ...workflow, triggers: workflow.triggers.map(withoutSecret) }));
}

function withoutSecret(trigger: TriggerManifest): TriggerManifest {
  if (trigger.type !== "webhook" || trigger.secret === undefined) return trigger;
  const { secret: _secret, ...rest } = trigger;
  return rest;
}
