// What each verb of the secret port that changes something does to its table.
import type { SecretStore } from "../../../kernel/secret-store.ts";
import type { Tables } from "../tables.ts";

export type SecretWriteVerb = "putSecret" | "deleteSecret" | "resealSecrets";

type Params<Verb extends SecretWriteVerb> = Parameters<SecretStore[Verb]>[0];
type Answer<Verb extends SecretWriteVerb> = Awaited<ReturnType<SecretStore[Verb]>>;

export const secretVerbs: { readonly [Verb in SecretWriteVerb]: (t: Tables, p: Params<Verb>) => Answer<Verb> } = {
  putSecret({ secrets }, p) {
    if (secrets.get(p.name) === undefined && secrets.count() >= p.secretsMax) return { outcome: "full" };
    return { outcome: "ok", version: secrets.put(p) };
  },
  deleteSecret: ({ secrets }, { name }) => ({ outcome: secrets.delete(name) ? "ok" : "not_found" }),
  resealSecrets: ({ secrets }, p) => ({
    resealed: p.secrets.filter((each) => secrets.reseal({ ...each, key: p.key })).length,
  }),
};
