// The desk of webhooks, made when the first of them is called: most servers have none, and signatures cost memory.
import type { HookDesk, HookDeskParts } from "./hook-desk.ts";
import type { SecretSource } from "@sluice/core";

const none: SecretSource = { read: () => Promise.resolve(undefined) };

/** Without `secrets` there are none: a webhook that asks for a signature lets nobody in. */
export function hookDeskOf(
  parts: Omit<HookDeskParts, "secrets"> & { readonly secrets: SecretSource | undefined },
): () => Promise<HookDesk> {
  let desk: HookDesk | undefined;
  return async () => {
    const { HookDesk: Desk } = await import("./hook-desk.ts");
    return (desk ??= new Desk({ ...parts, secrets: parts.secrets ?? none }));
  };
}
