// Which cluster this is, whatever it is called: its server, the authority that signs for it, and the one object that every cluster
// has exactly once. A context that suddenly means another cluster is refused before anything is written to it.
import type { WireError } from "@sluice/protocol";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Sha256 } from "../ports.ts";
import type { Resources } from "./resources.ts";

export interface ClusterIdentity {
  readonly server: string;
  /** SHA-256 of the authority's certificate without white space; empty where the system's own are trusted. */
  readonly ca: string;
  /** UID of the namespace `kube-system`. */
  readonly uid: string;
}

/** Asks the cluster who it is. */
export async function readIdentity(resources: Resources, sha256: Sha256): Promise<Result<ClusterIdentity>> {
  const found = await resources.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
  if (!found.ok) return found;
  const uid = found.value?.metadata.uid;
  if (uid === undefined) {
    return fail({
      code: "cluster_denied",
      message: "The cluster has no namespace kube-system that can be read, so that it cannot be told from another.",
      hint: "Give the account the right to get this namespace.",
    });
  }
  const { server, ca } = resources.client.access.endpoint;
  return ok({ server, ca: ca === undefined ? "" : sha256(ca.replaceAll(/\s/g, "")), uid });
}

/** Undefined where it is the cluster it was. */
export function identityChange(name: string, known: ClusterIdentity, found: ClusterIdentity): WireError | undefined {
  const changed = (["uid", "ca", "server"] as const).filter((part) => known[part] !== found[part]);
  if (changed.length === 0) return undefined;
  return {
    code: "cluster_identity_changed",
    message: `${name} is another cluster than last time: ${changed.map((part) => words[part]).join(", ")}.`,
    hint: `If that is meant, add it again: sluice cluster add ${name} --accept-identity.`,
    details: { changed, known, found },
  };
}

const words = {
  uid: "its namespace kube-system has another UID",
  ca: "another authority signs for it",
  server: "its server has another URL",
} as const;
