// What sluice.config.ts says about signing in: taken as it is meant, refused where it cannot be meant.
import { describe, expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
import { identitySettings } from "./config-identity.ts";
import { settleSettings } from "./config.ts";
import type { SettingSources } from "./config.ts";

function settle(identity: unknown, more: Partial<SettingSources> & { publicUrl?: string; port?: number } = {}) {
  const { publicUrl, port, ...sources } = more;
  const file = { identity, ...(publicUrl === undefined ? {} : { publicUrl }), ...(port === undefined ? {} : { port }) };
  const given = { project: "/srv/shop", flags: {}, env: {}, file, defaults: { onDeploy: "pin" } as const, ...sources };
  return settleSettings(given).identity;
}

function refusal(identity: unknown, more?: Parameters<typeof settle>[1]): string {
  try {
    settle(identity, more);
  } catch (error) {
    if (error instanceof SluiceError && error.code === "invalid_config") return error.message;
    throw error;
  }
  return "accepted";
}

const publicUrl = "https://sluice.example";
const openid = { issuer: "https://id.example", clientId: "sluice" };
const rule = {
  name: "main",
  issuer: "https://ci.example",
  audience: "sluice",
  claims: { repository: "a/b" },
  role: "operator",
};

test("without anything said, what needs a second party is off", () => {
  expect(settle(undefined)).toEqual({ totp: false, passkeys: undefined, openid: undefined, ci: [] });
});

describe("passkeys", () => {
  test("belong to the public URL, or to localhost", () => {
    expect(settle({ passkeys: true }, { publicUrl: "https://sluice.example:8443" }).passkeys).toEqual({
      rpId: "sluice.example",
      rpName: "Sluice",
      origins: ["https://sluice.example:8443"],
    });
    expect(settle({ passkeys: true }).passkeys).toMatchObject({
      rpId: "localhost",
      origins: ["http://localhost:7890"],
    });
    expect(settle({ passkeys: false }).passkeys).toBeUndefined();
  });

  test("may be for a wider domain and more pages", () => {
    const given = { rpId: "example", rpName: "Ops", origins: ["https://a.example", "https://b.example"] };
    expect(settle({ passkeys: given }).passkeys).toEqual(given);
  });

  test("need an address that is known", () => {
    expect(refusal({ passkeys: true }, { port: 0 })).toContain("identity.passkeys");
  });
});

describe("an identity provider", () => {
  test("sends people back to the public URL, and its secret comes from the environment first", () => {
    const env = { SLUICE_OPENID_CLIENT_SECRET: "from the environment" };
    const roles = { admins: "admin", staff: ["viewer", "operator"] };
    const given = { ...openid, clientSecret: "from the file", roles, defaultRoles: ["viewer"], createUsers: false };
    expect(settle({ openid: given }, { publicUrl, env }).openid).toEqual({
      ...openid,
      name: "OpenID",
      clientSecret: "from the environment",
      scopes: undefined,
      redirectUri: "https://sluice.example/api/v1/auth/openid/return",
      groupsClaim: undefined,
      roles: { admins: ["admin"], staff: ["viewer", "operator"] },
      defaultRoles: ["viewer"],
      createUsers: false,
    });
    expect(settle({ openid: given }, { publicUrl }).openid?.clientSecret).toBe("from the file");
    expect(settle({ openid: { ...openid, redirectUri: "https://x.example/r" } }).openid?.redirectUri).toBe(
      "https://x.example/r",
    );
  });

  test.each([
    [{ issuer: "https://id.example" }, "identity.openid.clientId"],
    [{ ...openid, groups: "x" }, "identity.openid.groups"],
    [{ ...openid, roles: ["admin"] }, "identity.openid.roles"],
    [{ ...openid, roles: { a: 7 } }, "identity.openid.roles.a"],
    [{ ...openid, createUsers: "no" }, "identity.openid.createUsers"],
    ["https://id.example", "identity.openid"],
  ])("%p is refused, naming %s", (given, named) => {
    expect(refusal({ openid: given }, { publicUrl })).toContain(named);
  });

  test("needs a URL to come back to", () => {
    expect(refusal({ openid })).toContain("identity.openid.redirectUri");
  });
});

describe("rules for CI jobs", () => {
  test("say who, what and for how long", () => {
    const given = { ...rule, limits: { cache: "pr-{number}", state: ["ci/"] }, expiresIn: "30 minutes" };
    expect(settle({ ci: [given] }).ci).toEqual([
      {
        ...rule,
        claims: { repository: ["a/b"] },
        grants: undefined,
        limits: { cache: ["pr-{number}"], state: ["ci/"] },
        expiresInMs: 1_800_000,
      },
    ]);
    const grants = [{ permission: "run:start", only: ["deploy/*"] }, { permission: "run:read" }];
    expect(settle({ ci: [{ ...rule, role: undefined, grants }] }).ci[0]?.grants).toEqual(grants);
  });

  test.each([
    [{}, "identity.ci must be a list"],
    [[{ ...rule, name: "" }], "identity.ci[0].name"],
    [[rule, { ...rule, audience: undefined }], "identity.ci[1].audience"],
    [[{ ...rule, claims: { repository: 7 } }], "identity.ci[0].claims.repository"],
    [[{ ...rule, limits: { caches: "x" } }], "identity.ci[0].limits.caches"],
    [[{ ...rule, grants: [{ only: ["x"] }] }], "identity.ci[0].grants[0].permission"],
    [[{ ...rule, expiresIn: "soon" }], "identity.ci[0].expiresIn"],
  ])("%p is refused, naming it", (ci, named) => {
    expect(refusal({ ci }).replace(" (in sluice.config.ts)", "")).toContain(named.replace(" must be a list", ""));
  });
});

test("a name that is not known is refused with the one that was meant", () => {
  expect(refusal({ totpp: true })).toBe("There is no setting identity.totpp (in sluice.config.ts).");
  expect(refusal({ totp: "yes" })).toBe("identity.totp in sluice.config.ts must be true or false.");
});

test("what is read is what was said, whoever reads it", () => {
  const values = new Map<string, unknown>([["identity.totp", true]]);
  expect(identitySettings({ values, env: {}, publicUrl: undefined, port: 1 }).totp).toBe(true);
});
