// Webhooks of a mesh's revisions: which one injects for a revision, and what makes another revision answer.
import { asRecord, at, listAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { revisionLabel, serviceOf, tagLabel } from "./state.ts";

/** The webhook of a revision itself, not of a tag of it. */
export function injectorOf(objects: readonly KubeObject[], revision: string): KubeObject | undefined {
  return objects.find(({ kind, metadata: { labels = {} } }) => {
    if (kind !== "MutatingWebhookConfiguration" || labels[tagLabel] !== undefined) return false;
    return labels[revisionLabel] === revision;
  });
}

/** The same webhooks, answered by another revision. */
export function pointed(
  live: KubeObject,
  { revision, ca }: { readonly revision: string; readonly ca: unknown },
): Readonly<Record<string, unknown>> | undefined {
  const name = serviceOf(revision);
  const webhooks = listAt(live, "webhooks").map((webhook) => {
    const config = asRecord(at(webhook, "clientConfig")) ?? {};
    const service = { ...asRecord(config["service"]), name };
    return {
      ...asRecord(webhook),
      clientConfig: { ...config, service, ...(ca === undefined ? {} : { caBundle: ca }) },
    };
  });
  const same =
    live.metadata.labels?.[revisionLabel] === revision &&
    JSON.stringify(webhooks) === JSON.stringify(listAt(live, "webhooks"));
  return same ? undefined : { metadata: { labels: { [revisionLabel]: revision } }, webhooks };
}
