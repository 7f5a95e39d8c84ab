// Registers this face with another (`--hq-url`), so that its sessions are in that one's list, and takes it back at the end.
import type { Logger } from "@sluice/core";
import type { HqRegistration } from "./options.ts";

const registerMsMax = 10_000;

/** Answers how to take it back. One that cannot register is said, and goes on alone. */
export async function registerAt(
  hq: HqRegistration,
  p: { readonly id: string; readonly url: string; readonly token: string; readonly log: Logger },
): Promise<() => Promise<void>> {
  const base = hq.url.replace(/\/+$/, "");
  const send = async (
    method: string,
    path: string,
    { body, token }: { readonly body?: object; readonly token?: string | undefined },
  ): Promise<Response | undefined> => {
    try {
      return await fetch(`${base}${path}`, {
        method,
        redirect: "manual",
        signal: AbortSignal.timeout(registerMsMax),
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      return undefined;
    }
  };
  const signedIn = await send("POST", "/api/auth/password", {
    body: { userId: hq.username, password: hq.password },
  });
  const known = (await signedIn?.json().catch(() => undefined)) as { readonly token?: unknown } | undefined;
  const token = typeof known?.token === "string" ? known.token : undefined;
  const own = { id: p.id, name: hq.name, url: p.url, token: p.token };
  const registered = await send("POST", "/api/remotes/register", { body: own, token });
  if (registered?.ok !== true)
    p.log("warn", "the face of terminals could not register", { url: base, status: registered?.status ?? "no answer" });
  return async () => {
    if (registered?.ok === true) await send("DELETE", `/api/remotes/${p.id}`, { token });
  };
}
