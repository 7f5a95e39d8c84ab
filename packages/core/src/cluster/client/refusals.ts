// What a cluster's answer means: every status becomes one code of the closed set, with the cluster's own reason.
import type { WireError } from "@sluice/protocol";
import { at, listAt, textAt } from "../objects.ts";

/** A field that somebody else owns, as server-side apply reports it. */
export interface FieldConflict {
  readonly field: string;
  readonly manager: string;
}

const reasonCharsMax = 500;

/** Of an answer with a status of 400 or more. `body`: a `Status` object, as far as it is one. */
export function refusalOf(status: number, body: unknown): WireError {
  const reason = textAt(body, "reason") ?? "";
  const said = (textAt(body, "message") ?? `the cluster answered with status ${status}`).slice(0, reasonCharsMax);
  const details = { status, ...(reason === "" ? {} : { reason }) };
  switch (status) {
    case 401:
      return {
        code: "cluster_denied",
        message: `The cluster does not know who is asking: ${said}`,
        hint: "The credentials may have expired; look at the clocks, and add the cluster again with new ones.",
        details,
      };
    case 403:
      return { code: "cluster_denied", message: said, hint: "Give the account these rights in the cluster.", details };
    case 404:
      return { code: "object_not_found", message: said, details };
    case 409: {
      const conflicts = conflictsOf(body);
      return {
        code: "cluster_conflict",
        message: said,
        details: { ...details, ...(conflicts.length > 0 ? { conflicts } : {}) },
      };
    }
    case 410:
      return { code: "cluster_conflict", message: said, details: { ...details, reason: "Expired" } };
    case 429:
    case 503:
      return { code: "cluster_busy", message: said, hint: "The cluster has no time for this now.", details };
    case 504:
      return { code: "cluster_timeout", message: said, details };
    default:
      if (status >= 500) return { code: "cluster_unreachable", message: said, details };
      return { code: "cluster_rejected", message: said, details: { ...details, fields: fieldsOf(body) } };
  }
}

/** Who owns what, of the refusal of a server-side apply. */
export function conflictsOf(body: unknown): readonly FieldConflict[] {
  return listAt(body, "details", "causes").flatMap((cause) => {
    if (textAt(cause, "reason") !== "FieldManagerConflict") return [];
    const said = textAt(cause, "message") ?? "";
    const manager = /conflict with "([^"]*)"/.exec(said)?.[1] ?? said;
    return [{ field: textAt(cause, "field") ?? "", manager }];
  });
}

function fieldsOf(body: unknown): readonly string[] {
  return listAt(body, "details", "causes").flatMap((cause) => textAt(cause, "field") ?? []);
}

/** Whether a refusal says that a list or watch has to begin anew. */
export function isExpired(error: WireError): boolean {
  return at(error.details, "reason") === "Expired" || at(error.details, "status") === 410;
}

/** No answer came. */
export function unreachable(server: string, cause: unknown): WireError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  const certificate = /certificate|CERT_|self.signed|issuer/i.test(`${said} ${code ?? ""}`);
  return {
    code: "cluster_unreachable",
    message: `${server} cannot be reached: ${said.slice(0, reasonCharsMax)}`,
    hint: certificate
      ? "Its certificate is not one that the kubeconfig trusts, has expired, or the clocks differ."
      : "Look at the address, the network between here and there, and whether the cluster is up.",
    details: code === undefined ? {} : { reason: code },
  };
}

/** The deadline passed first. */
export function timedOut(server: string, timeoutMs: number): WireError {
  return {
    code: "cluster_timeout",
    message: `${server} did not answer within ${timeoutMs} ms.`,
    hint: "The cluster hangs, or is too busy; whether a change was made is found out by looking.",
  };
}
