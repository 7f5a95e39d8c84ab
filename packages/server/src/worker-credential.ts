// A worker that got a credential for its token shows that from then on, over HTTP as well: it stands for the token, until the worker is
// sent away. Loaded when somebody shows one.
import type { BuildStore, Result } from "@sluice/core";
import { fail } from "@sluice/core";
import type { Identity, Principal } from "@sluice/core/identity";

/** Who holds the token that the credential was given for. */
export async function holderOfCredential(
  { identity, builds }: { readonly identity: Identity; readonly builds: BuildStore },
  credential: string,
  address: string | undefined,
): Promise<Result<Principal>> {
  const credentialHash = new Bun.CryptoHasher("sha256").update(credential).digest("hex");
  const binding = await builds.findWorker({ credentialHash });
  if (binding === undefined || binding.removedAt !== undefined) {
    return fail({
      code: "unauthorized",
      message: "The token is not one of this server, or of a worker that was sent away.",
    });
  }
  return identity.holderOf(binding.token, { address });
}
