// Headers that prove who sent a request, which are written down nowhere: those that are known, that of the webhook's own
// signature, and whatever is called as such headers are.
import type { WebhookManifest } from "@sluice/protocol";

/** Words of which a header's name has none, unless it is a proof: of GitLab, Shopify, Twilio, Telegram and the like. */
const telling =
  /(?:^|[-_])(?:auth|authorization|authentication|cookie|credentials?|hmac|jwt|key|pass|passwd|password|secret|session|sig|signature|signed|token)(?:$|[-_])/;
/** Names with such a word that are none. */
const harmless: ReadonlySet<string> = new Set(["idempotency-key", "sec-websocket-key"]);
const alsoSecret: ReadonlySet<string> = new Set(["x-apikey", "apikey", "x-authtoken"]);

/** Whether a header is left out of the record; `name` in lower case. */
export function isSecretHeader(manifest: Pick<WebhookManifest, "generic" | "keyHeader">, name: string): boolean {
  if (name === manifest.generic?.header.toLowerCase() || alsoSecret.has(name)) return true;
  // What names a delivery is needed to deliver it again.
  if (harmless.has(name) || name === manifest.keyHeader?.toLowerCase()) return false;
  return telling.test(name);
}
