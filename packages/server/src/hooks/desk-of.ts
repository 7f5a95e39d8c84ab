// The desk of webhooks, made when the first of them is called: most servers have none, and signatures cost memory.
import type { HookDesk, HookDeskParts } from "./hook-desk.ts";
import type { SecretSource } from "./secret-source.ts";

/** Without `secrets`, variables of the environment and files below the working folder are read. */
export function hookDeskOf(
  parts: Omit<HookDeskParts, "secrets"> & { readonly secrets: SecretSource | undefined },
): () => Promise<HookDesk> {
  let desk: HookDesk | undefined;
  return async () => {
    const [{ HookDesk: Desk }, { PlaceSecrets }] = await Promise.all([
      import("./hook-desk.ts"),
      import("./secret-source.ts"),
    ]);
    const secrets = parts.secrets ?? new PlaceSecrets({ env: process.env, folder: process.cwd() });
    return (desk ??= new Desk({ ...parts, secrets }));
  };
}
