// Makes the parts of the console for this page.
import { ApiError } from "./api.ts";
import { LiveHub } from "./live/hub.ts";
import { openChannel, webLockLeadership } from "./live/leadership.ts";
import type { Parts } from "./parts.ts";
import { PreferenceStore } from "./preferences.ts";
import { createQueryClient } from "./query.ts";
import { meQuery } from "./session/session.ts";
import { ActionRegistry } from "./shell/actions.ts";
import { navItems } from "./screens.ts";
import { Ticker } from "./ui/ticker.ts";
import { ToastStore } from "./ui/toast-store.ts";

const channelName = "sluice.live";

/** Refusals that say nothing about the session. */
const ownRefusals: ReadonlySet<string> = new Set(["sign_in_failed", "second_factor_required"]);

/** `signedOut` is called when the server answers that it does not know who is asking any more. */
export function createParts({ signedOut }: { readonly signedOut: () => void }): Parts {
  const query = createQueryClient((error) => {
    const known = query.getQueryData(meQuery.queryKey) !== undefined;
    if (!known || !(error instanceof ApiError) || error.status !== 401 || ownRefusals.has(error.code)) return;
    query.removeQueries({ queryKey: meQuery.queryKey });
    signedOut();
  });
  const leadership = webLockLeadership(channelName);
  const live = new LiveHub({
    leadership,
    channel: leadership.shared ? openChannel(channelName) : undefined,
    tab: crypto.getRandomValues(new Uint32Array(4)).join("-"),
    now: () => Date.now(),
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`),
  });
  return {
    query,
    live,
    preferences: new PreferenceStore(),
    toasts: new ToastStore(),
    actions: new ActionRegistry(),
    ticker: new Ticker(() => Date.now()),
    navigation: navItems,
  };
}
