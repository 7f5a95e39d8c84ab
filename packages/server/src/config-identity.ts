// The settings of signing in, which stand in sluice.config.ts alone, as `identity`: one-time codes, passkeys, an identity
// provider, and which CI jobs get which rights. Secrets come from the environment.
import { identityDefaults } from "@sluice/core/identity";
import type { CiRule, IdentitySettings, Limits, OpenIdSettings, PasskeySettings } from "@sluice/core/identity";
import { parseDuration, selectorNames, SluiceError } from "@sluice/protocol";
import type { Grant } from "@sluice/protocol";

/** Everything under `identity`. Each is read whole. */
export const identityKeys: readonly string[] = ["identity.totp", "identity.passkeys", "identity.openid", "identity.ci"];

/** The variable with the secret that an identity provider has given this server. */
export const openidSecretVariable = "SLUICE_OPENID_CLIENT_SECRET";

export interface IdentitySources {
  /** What the file says, by key. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly publicUrl: string | undefined;
  readonly port: number;
}

const returnPath = "/api/v1/auth/openid/return";

/** The settings that hold, but for the limits. Throws `invalid_config` naming the setting. */
export function identitySettings(sources: IdentitySources): Omit<IdentitySettings, "limits"> {
  const { values } = sources;
  const totp = values.get("identity.totp") ?? identityDefaults.totp;
  if (typeof totp !== "boolean") throw wrong("identity.totp", "true or false");
  return {
    totp,
    passkeys: passkeysOf(values.get("identity.passkeys"), sources),
    openid: openidOf(values.get("identity.openid"), sources),
    ci: ciOf(values.get("identity.ci")),
  };
}

function wrong(key: string, what: string, hint?: string): SluiceError {
  const message = `${key} in sluice.config.ts must be ${what}.`;
  return new SluiceError({ code: "invalid_config", message, ...(hint === undefined ? {} : { hint }) });
}

type Members = Readonly<Record<string, unknown>>;

/** An object with none but these members. */
function membersOf(key: string, value: unknown, allowed: readonly string[]): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(key, `an object with ${allowed.join(", ")}`);
  const unknown = Object.keys(value).find((name) => !allowed.includes(name));
  if (unknown === undefined) return value as Members;
  const message = `There is no setting ${key}.${unknown} (in sluice.config.ts).`;
  throw new SluiceError({ code: "invalid_config", message, hint: `Known are ${allowed.join(", ")}.` });
}

function textOf(key: string, members: Members, name: string): string {
  const value = members[name];
  if (typeof value !== "string" || value === "") throw wrong(`${key}.${name}`, "a text that is not empty");
  return value;
}

function optionalTextOf(key: string, members: Members, name: string): string | undefined {
  return members[name] === undefined ? undefined : textOf(key, members, name);
}

function textsOf(key: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string" && item !== ""))
    throw wrong(key, "a list of texts");
  return value as readonly string[];
}

function optionalTextsOf(key: string, members: Members, name: string): readonly string[] | undefined {
  return members[name] === undefined ? undefined : textsOf(`${key}.${name}`, members[name]);
}

function passkeysOf(value: unknown, { publicUrl, port }: IdentitySources): PasskeySettings | undefined {
  if (value === undefined || value === false) return undefined;
  const key = "identity.passkeys";
  const given = value === true ? {} : membersOf(key, value, ["rpId", "rpName", "origins"]);
  const origins = optionalTextsOf(key, given, "origins");
  if (publicUrl === undefined && port === 0 && origins === undefined) {
    throw wrong(key, "false where nobody knows the port", "Set publicUrl: passkeys belong to the address people open.");
  }
  // Browsers take localhost, and no address, for a page that needs no TLS.
  const url = new URL(publicUrl ?? `http://localhost:${port}`);
  return {
    rpId: optionalTextOf(key, given, "rpId") ?? url.hostname,
    rpName: optionalTextOf(key, given, "rpName") ?? "Sluice",
    origins: origins ?? [url.origin],
  };
}

const openidMembers = [
  "name",
  "issuer",
  "clientId",
  "clientSecret",
  "scopes",
  "redirectUri",
  "groupsClaim",
  "roles",
  "defaultRoles",
  "createUsers",
];

function openidOf(value: unknown, { env, publicUrl }: IdentitySources): OpenIdSettings | undefined {
  if (value === undefined) return undefined;
  const key = "identity.openid";
  const given = membersOf(key, value, openidMembers);
  const { createUsers } = given;
  if (createUsers !== undefined && typeof createUsers !== "boolean") throw wrong(`${key}.createUsers`, "true or false");
  const redirectUri = optionalTextOf(key, given, "redirectUri") ?? (publicUrl && publicUrl + returnPath);
  if (redirectUri === undefined) {
    const hint = "Set publicUrl: the identity provider sends people back to it.";
    throw wrong(`${key}.redirectUri`, `the public URL of ${returnPath}`, hint);
  }
  return {
    name: optionalTextOf(key, given, "name") ?? "OpenID",
    issuer: textOf(key, given, "issuer"),
    clientId: textOf(key, given, "clientId"),
    clientSecret: env[openidSecretVariable] ?? optionalTextOf(key, given, "clientSecret"),
    scopes: optionalTextsOf(key, given, "scopes"),
    redirectUri,
    groupsClaim: optionalTextOf(key, given, "groupsClaim"),
    roles: rolesOf(`${key}.roles`, given["roles"] ?? {}),
    defaultRoles: optionalTextsOf(key, given, "defaultRoles"),
    createUsers,
  };
}

/** Roles by group: one name, or a list of them. */
function rolesOf(key: string, value: unknown): Readonly<Record<string, readonly string[]>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(key, "roles by group");
  const entries = Object.entries(value).map(([group, roles]: [string, unknown]) => {
    return [group, textsOf(`${key}.${group}`, typeof roles === "string" ? [roles] : roles)] as const;
  });
  return Object.fromEntries(entries);
}

const ciMembers = ["name", "issuer", "audience", "claims", "role", "grants", "limits", "expiresIn"];

function ciOf(value: unknown): readonly CiRule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong("identity.ci", "a list of rules");
  return value.map((item: unknown, index): CiRule => {
    const key = `identity.ci[${index}]`;
    const given = membersOf(key, item, ciMembers);
    return {
      name: textOf(key, given, "name"),
      issuer: textOf(key, given, "issuer"),
      audience: textOf(key, given, "audience"),
      claims: rolesOf(`${key}.claims`, given["claims"] ?? {}),
      role: optionalTextOf(key, given, "role"),
      grants: given["grants"] === undefined ? undefined : grantsOf(`${key}.grants`, given["grants"]),
      limits: given["limits"] === undefined ? undefined : limitsOf(`${key}.limits`, given["limits"]),
      expiresInMs: given["expiresIn"] === undefined ? undefined : durationOf(`${key}.expiresIn`, given["expiresIn"]),
    };
  });
}

function grantsOf(key: string, value: unknown): readonly Grant[] {
  if (!Array.isArray(value)) throw wrong(key, "a list of grants");
  return value.map((item: unknown, index): Grant => {
    const at = `${key}[${index}]`;
    const given = membersOf(at, item, ["permission", "only"]);
    const only = optionalTextsOf(at, given, "only");
    const permission = textOf(at, given, "permission");
    return only === undefined ? { permission } : { permission, only };
  });
}

function limitsOf(key: string, value: unknown): Limits {
  const given = membersOf(key, value, selectorNames);
  const entries = Object.entries(given).map(([selector, patterns]) => [
    selector,
    textsOf(`${key}.${selector}`, typeof patterns === "string" ? [patterns] : patterns),
  ]);
  return Object.fromEntries(entries) as Limits;
}

function durationOf(key: string, value: unknown): number {
  try {
    return parseDuration(value as string);
  } catch {
    throw wrong(key, 'a duration such as "1h"');
  }
}
