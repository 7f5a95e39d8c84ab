import { afterAll, describe, expect, test } from "bun:test";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import type { CryptoKey } from "jose";
import { caller, codeOf, desks, expectRefused, good, start } from "../identity.fixture.suite.ts";
import type { CiRule } from "../settings.ts";

/** A CI service as far as tokens go: it describes itself, publishes its keys, and signs what a job is. */
async function startService() {
  const keys = new Map<string, { readonly privateKey: CryptoKey; readonly jwk: object }>();
  const asked: string[] = [];
  const state = { issuer: "" };
  const addKey = async (kid: string): Promise<void> => {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    keys.set(kid, { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } });
  };
  await addKey("one");
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { origin, pathname } = new URL(request.url);
      asked.push(pathname);
      if (pathname === "/.well-known/openid-configuration") {
        return Response.json({ issuer: state.issuer, jwks_uri: `${origin}/keys` });
      }
      return pathname === "/keys"
        ? Response.json({ keys: [...keys.values()].map(({ jwk }) => jwk) })
        : new Response(null, { status: 404 });
    },
  });
  const issuer = `http://127.0.0.1:${server.port}`;
  state.issuer = issuer;
  const sign = async (claims: object = {}, kid = "one"): Promise<string> => {
    const key = keys.get(kid);
    if (key === undefined) throw new Error("There is no such key.");
    const at = start / 1_000;
    const job = {
      iss: issuer,
      aud: "sluice",
      sub: "repo:acme/app:ref",
      iat: at,
      exp: at + 300,
      repository: "acme/app",
      ref: "refs/heads/main",
      run_number: 7,
    };
    return new SignJWT({ ...job, ...claims }).setProtectedHeader({ alg: "RS256", kid }).sign(key.privateKey);
  };
  return { addKey, asked, issuer, sign, state, stop: () => server.stop(true) };
}

const service = await startService();
afterAll(() => service.stop());
const open = desks();
const rule: CiRule = {
  name: "builds",
  issuer: service.issuer,
  audience: "sluice",
  claims: { repository: "acme/*" },
  grants: [{ permission: "run:start", only: ["ci/"] }, { permission: "run:read" }],
  limits: { cache: ["{repository}/{ref}"], state: ["ci/"] },
  expiresInMs: 600_000,
};

async function opened(...rules: readonly Partial<CiRule>[]) {
  const desk = await open({
    settings: { ci: (rules.length === 0 ? [{}] : rules).map((more) => ({ ...rule, ...more })) },
  });
  await desk.addUser("root", ["admin"]);
  const exchange = async (claims: object = {}, kid = "one") =>
    desk.identity.exchange({ token: await service.sign(claims, kid), caller });
  return { ...desk, exchange };
}

describe("a token of a job", () => {
  test("is exchanged for one with what the rule says, for a while", async () => {
    const desk = await opened();
    const made = good(await desk.exchange());
    expect(made).toMatchObject({ expiresAt: start + 600_000 });
    const principal = good(await desk.identity.authenticate({ kind: "bearer", value: made.token }, caller));
    expect(principal.kind).toBe("token");
    expect(principal.patterns("run:start")).toEqual(["ci/*"]);
    expect(principal.narrowed("cache")).toEqual(["acme/app/refs/heads/main"]);
    expect(principal.narrowed("state")).toEqual(["ci/*"]);
    expect(principal.may("run:cancel")).toBe(false);
    expect(await desk.audited()).toContainEqual(
      expect.objectContaining({
        by: expect.objectContaining({
          kind: "system",
          id: "ci",
          origin: { name: "builds repo:acme/app:ref", address: caller.address },
        }),
        target: `token:${made.id}`,
      }),
    );
    desk.clock.advance(600_000);
    expect(codeOf(await desk.identity.authenticate({ kind: "bearer", value: made.token }, caller))).toBe(
      "unauthorized",
    );
  });

  test("gets the role of the rule, and not more time than the limit says", async () => {
    const desk = await opened({ role: "viewer", grants: undefined, limits: undefined, expiresInMs: 1e12 });
    const made = good(await desk.exchange());
    expect(made.expiresAt).toBe(start + 86_400_000);
    const principal = good(await desk.identity.authenticate({ kind: "bearer", value: made.token }, caller));
    expect([principal.may("run:read"), principal.may("run:start")]).toEqual([true, false]);
    const gone = await opened({ role: "gone", grants: undefined });
    expect(codeOf(await gone.exchange())).toBe("role_not_found");
  });

  test("has to fit every claim of a rule; the first that fits counts", async () => {
    const desk = await opened(
      { name: "main", claims: { repository: ["acme/app", "acme/web"], ref: "refs/heads/main", run_number: "7" } },
      { name: "other", claims: { repository: "acme/*" }, grants: [{ permission: "run:read" }] },
    );
    expect(good(await desk.exchange()).grants).toHaveLength(2);
    expect(good(await desk.exchange({ ref: "refs/heads/x" })).grants).toEqual([{ permission: "run:read" }]);
    expect(good(await desk.exchange({ run_number: 8 })).grants).toHaveLength(1);
    expectRefused(await desk.exchange({ repository: "acme.evil/app" }), "forbidden");
    expectRefused(await desk.exchange({ repository: undefined }), "forbidden");
    expectRefused(await desk.exchange({ repository: ["acme/app"] }), "forbidden");
    expect((await desk.audited()).at(-1)).toMatchObject({ outcome: "refused", reason: "forbidden" });
  });

  test("made for the audience of one rule does not fit another", async () => {
    const narrow = { name: "narrow", audience: "other", grants: [{ permission: "run:read" }] };
    const desk = await opened({}, narrow);
    expect(good(await desk.exchange({ aud: "other" })).grants).toEqual([{ permission: "run:read" }]);
    expect(good(await desk.exchange({ aud: ["other", "sluice"] })).grants).toHaveLength(2);
  });

  test.each<[string, object]>([
    ["another audience", { aud: "https://github.com/acme" }],
    ["another issuer", { iss: "https://evil.example" }],
    ["the time before it was made", { iat: start / 1_000, nbf: start / 1_000 + 60 }],
    ["a time that has passed", { exp: start / 1_000 }],
    ["no time", { exp: undefined }],
    ["nobody", { sub: undefined }],
  ])("for %s is refused", async (_, claims) => {
    expectRefused(await (await opened()).exchange(claims), "unauthorized");
  });

  test("with no signature, a changed one or another algorithm is refused", async () => {
    const desk = await opened();
    const [header = "", payload = "", signature = ""] = (await service.sign()).split(".");
    const exchange = (token: string) => desk.identity.exchange({ token, caller });
    const headed = (alg: string): string => Buffer.from(JSON.stringify({ alg, kid: "one" })).toString("base64url");
    for (const token of [
      "",
      "x",
      "a.b.c",
      `${headed("none")}.${payload}.`,
      `${headed("HS256")}.${payload}.${signature}`,
    ]) {
      expectRefused(await exchange(token), "unauthorized");
    }
    const other = Buffer.from(payload, "base64url").toString().replace("acme/app", "acme/hid");
    expectRefused(await exchange(`${header}.${Buffer.from(other).toString("base64url")}.${signature}`), "unauthorized");
  });

  test("cannot widen its limits by what it calls a branch, or leave out what they need", async () => {
    const desk = await opened();
    expectRefused(await desk.exchange({ ref: "*" }), "forbidden");
    expectRefused(await desk.exchange({ ref: "" }), "forbidden");
    expectRefused(await desk.exchange({ ref: undefined }), "forbidden");
    const slash = good(await desk.exchange({ ref: "a/" }));
    const principal = good(await desk.identity.authenticate({ kind: "bearer", value: slash.token }, caller));
    expect(principal.narrowed("cache")).toEqual(["acme/app/a/"]);
  });
});

describe("the keys of a service", () => {
  test("are read once, and again for one that is not known", async () => {
    const desk = await opened();
    service.asked.length = 0;
    for (let n = 0; n < 5; n++) good(await desk.exchange());
    expect(service.asked).toEqual(["/.well-known/openid-configuration", "/keys"]);
    await service.addKey("two");
    // Within half a minute of reading them an unknown key is no reason to read them again.
    expectRefused(await desk.exchange({}, "two"), "unauthorized");
    expect(codeOf(await (await opened()).exchange({}, "two"))).toBe("ok");
  });

  test("that cannot be read are asked for again the next time", async () => {
    const desk = await opened();
    service.state.issuer = "https://somebody.else";
    expectRefused(await desk.exchange(), "unavailable");
    service.state.issuer = service.issuer;
    expect(codeOf(await desk.exchange())).toBe("ok");
  });
});

test.each<[string, Partial<CiRule>]>([
  ["says whose job it is", { claims: {} }],
  ["says whose job it is", { claims: { repository: "*" } }],
  ["https", { issuer: "http://ci.example" }],
  ["audience", { audience: "" }],
  ["a role or grants", { grants: undefined }],
  ["a role or grants", { role: "viewer" }],
  ["shell", { role: "admin", grants: undefined }],
  ["not right", { grants: [{ permission: "backup:create" }] }],
  ["not right", { grants: [{ permission: "nothing:here" }] }],
])("a rule that nobody can have meant stops the start: %s", async (words, more) => {
  expect(await opened(more).catch(String)).toContain(words);
});
