// Takes the values of Secrets out of what is declared, so that plans, journals and errors cannot hold them, and puts them back where
// they are written to the cluster.
import { asRecord, canonicalJson, keyOf, refOf } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Sha256 } from "../ports.ts";
import { isSecret, sealed } from "./diff.ts";

const fields = ["data", "stringData"] as const;

/** Values by the key of their object, and a salt that keeps guesses from being checked against the digest. */
export interface SecretValues {
  readonly salt: string;
  readonly values: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Separated {
  readonly objects: readonly KubeObject[];
  readonly secrets: SecretValues;
  /** Changes with every value. */
  readonly digest: string;
}

/** `salt`: random text; the digest is of no use without it. */
export function withoutSecrets(
  objects: readonly KubeObject[],
  p: { readonly salt: string; readonly sha256: Sha256 },
): Separated {
  const values: Record<string, Record<string, unknown>> = {};
  const shown = objects.map((object) => {
    if (!isSecret(object)) return object;
    const own: Record<string, unknown> = {};
    const hidden: Record<string, unknown> = {};
    for (const field of fields) {
      const record = asRecord(object[field]);
      if (record === undefined) continue;
      own[field] = record;
      hidden[field] = Object.fromEntries(Object.keys(record).map((name) => [name, sealed]));
    }
    values[keyOf(refOf(object))] = own;
    return { ...object, ...hidden };
  });
  const secrets = { salt: p.salt, values };
  return { objects: shown, secrets, digest: p.sha256(canonicalJson(secrets)) };
}

/** The object as it was declared. Throws when a value is missing: nothing must be written in its place. */
export function withSecrets(object: KubeObject, secrets: SecretValues | undefined): KubeObject {
  if (!isSecret(object)) return object;
  const key = keyOf(refOf(object));
  const own = secrets?.values[key];
  if (own === undefined) throw new Error(`the values of ${key} are not there`);
  return { ...object, ...own };
}
