// Identity over the store that serves: keys and the token of the first start lie in the data folder.
import { join } from "node:path";
import { systemClock, systemRandom } from "@sluice/core";
import type { Store } from "@sluice/core";
import { Identity, identityLimits, openKeyFolder } from "@sluice/core/identity";
import type { IdentityLimits } from "@sluice/core/identity";
import type { Ground } from "./compose-parts.ts";

export async function openIdentity({ options, folder, token }: Ground, store: Store): Promise<Identity> {
  const { settings, log } = options;
  return Identity.open({
    store: store.identity,
    audit: store.audit,
    instance: store.instance,
    clock: systemClock,
    random: systemRandom,
    keys: openKeyFolder(join(folder.folder, "keys")),
    log,
    bootstrapToken: token,
    settings: { ...settings.identity, limits: limitsIn(settings.limits) },
  });
}

/** Those of all named limits that are identity's. */
function limitsIn(limits: Readonly<Record<string, number>>): IdentityLimits {
  const given = Object.entries(limits).filter(([name]) => name in identityLimits);
  return { ...identityLimits, ...Object.fromEntries(given) };
}
