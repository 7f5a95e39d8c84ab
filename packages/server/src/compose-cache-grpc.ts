// Where other build tools reach the cache over gRPC: opened only where a port was asked for. What serves may change under it.
import { fail, unwrap } from "@sluice/core";
import type { Identity, Principal } from "@sluice/core/identity";
import { cacheScopeOf } from "@sluice/core/workers";
import { SluiceError } from "@sluice/protocol";
import { ReapiService } from "./cache/reapi/service.ts";
import type { ReapiParts } from "./cache/reapi/service.ts";
import type { ComposeOptions } from "./compose-parts.ts";
import type { Serving } from "./compose-serving.ts";
import { readTls } from "./compose-tls.ts";

export interface GrpcListener {
  /** The one it listens on. */
  readonly port: number;
  stop(): void;
}

/** Throws `unavailable` when it cannot listen, `invalid_config` for a bad certificate. */
export async function listenForCacheClients(
  { settings, log }: Pick<ComposeOptions, "settings" | "log">,
  port: number,
  serving: () => Pick<Serving, "cache" | "identity">,
): Promise<GrpcListener> {
  const service = new ReapiService({
    cache: () => serving().cache(),
    ask: (p) => callerOf({ identity: serving().identity, authentication: settings.auth }, p),
    tls: settings.tls === undefined ? undefined : readTls(settings.tls),
    log: (message, error) => log("warn", message, { error: String(error) }),
  });
  try {
    return { port: await service.listen(settings.host, port), stop: () => service.stop() };
  } catch (error) {
    service.stop();
    throw new SluiceError({
      code: "unavailable",
      message: `The cache cannot be served over gRPC on ${settings.host}:${port}: ${String(error)}`,
      hint: "Choose another port with --cache-grpc-port.",
    });
  }
}

/** Whoever asks as the cache knows them. Throws `unauthorized` and `forbidden`. */
export async function callerOf(
  { identity, authentication }: { readonly identity: Identity; readonly authentication: boolean },
  { authorization, address, permission, space }: Parameters<ReapiParts["ask"]>[0],
): ReturnType<ReapiParts["ask"]> {
  const principal = authentication
    ? unwrap(await known(identity, { secret: secretIn(authorization), address }))
    : identity.everyone({ address });
  if (!principal.may(permission))
    throw new SluiceError({ code: "forbidden", message: `You may not do this: ${permission} is missing.` });
  const scope = cacheScopeOf(principal.patterns(permission));
  return { by: principal.token ?? principal.actor.id, scope, space };
}

async function known(
  identity: Identity,
  { secret, address }: { readonly secret: string | undefined; readonly address: string | undefined },
): Promise<ReturnType<typeof fail> | { readonly ok: true; readonly value: Principal }> {
  if (secret === undefined)
    return fail({ code: "unauthorized", message: "A token is missing: authorization, as Bearer or Basic." });
  return identity.authenticate({ kind: "bearer", value: secret }, { address });
}

/** A token as Bearer, or as the password of Basic. */
function secretIn(authorization: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(bearer|basic) +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (value === "" || scheme.toLowerCase() === "bearer") return value === "" ? undefined : value;
  const text = Buffer.from(value, "base64").toString("utf8");
  return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
}
