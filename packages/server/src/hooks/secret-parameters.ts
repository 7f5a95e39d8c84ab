// Senders that cannot sign put a secret into the URL: the record of a delivery has the names of such parameters, not their values.
import type { WebhookManifest } from "@sluice/protocol";
import { isTelling } from "./secret-headers.ts";

/** Stands in place of a value. Text that needs no percent-encoding. */
const masked = "[hidden]";
/** Words of one letter case that no header is called by, and some that are run together. */
const alsoSecret =
  /(?:^|_)(?:access|api|auth|client|private|secret|shared|web)?(?:code|key|otp|passphrase|passwd|password|pin|pwd|secret|sign|token)$/;

/** Whether what a parameter is called says that it is a secret: `token`, `hub.verify_token`, `apiKey`, `sig`, `code`. */
function isSecretParameter(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replace(/_$/, "");
  return isTelling(words) || alsoSecret.test(words);
}

/** A query, without its question mark, in which secrets are masked; the rest stays as it was written. */
export function maskedQuery(query: string): string {
  if (query === "") return query;
  const parts = query.split("&").map((part) => {
    const end = part.indexOf("=");
    return end !== -1 && isSecretParameter(nameOf(part.slice(0, end))) ? `${part.slice(0, end)}=${masked}` : part;
  });
  return parts.join("&");
}

/** The same for a path, by what its webhook calls the parameters in it. */
export function maskedPath({ path: pattern }: Pick<WebhookManifest, "path">, path: string): string {
  if (!pattern.includes(":")) return path;
  const names = pattern.split("/");
  const parts = path.split("/").map((part, index) => {
    const name = names[index] ?? "";
    return name.startsWith(":") && isSecretParameter(name.slice(1)) ? masked : part;
  });
  return parts.join("/");
}

function nameOf(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // Not UTF-8: what it says as it is.
    return text;
  }
}
