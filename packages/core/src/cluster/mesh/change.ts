// Changes something that is there: looks, says what is to be different, and writes that on condition that it is still what was looked at.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { NamedObject, Resources } from "../client/resources.ts";
import type { KubeObject } from "../objects.ts";

export type Edit = (live: KubeObject) => Readonly<Record<string, unknown>> | undefined;

/**
 * `changed` with what it is now, or `same` where `edit` has nothing to say: done again, it changes nothing. `edit` answers a merge patch.
 * An object that is not there is `object_not_found`.
 */
export async function change(
  resources: Resources,
  of: NamedObject,
  { manager, edit }: { readonly manager: string; readonly edit: Edit },
): Promise<Result<{ readonly outcome: "changed" | "same"; readonly object: KubeObject }>> {
  const { observationsMax } = resources.client.limits;
  for (let looks = 1; ; looks++) {
    const live = await resources.get(of);
    if (!live.ok) return live;
    if (live.value === undefined) {
      const where = of.namespace === undefined ? "" : `${of.namespace}/`;
      return fail({ code: "object_not_found", message: `There is no ${of.kind} ${where}${of.name}.` });
    }
    const patch = edit(live.value);
    if (patch === undefined) return ok({ outcome: "same", object: live.value });
    const { uid, resourceVersion } = live.value.metadata;
    const metadata = { ...(patch["metadata"] as object | undefined), uid, resourceVersion };
    const written = await resources.patch(of, { type: "merge", patch: { ...patch, metadata }, manager });
    if (written.ok) return ok({ outcome: "changed", object: written.value });
    // Somebody else was quicker: look again.
    if (written.error.code !== "cluster_conflict" || looks >= observationsMax) return written;
  }
}
