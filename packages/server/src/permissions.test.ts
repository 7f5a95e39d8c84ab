// The table of permissions is what happens: every route is called by everybody there is, and answers as the table says.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { builtInRoles, liveTopics, permissions } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import { commandRoutes, routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { SignJWT, UnsecuredJWT, generateKeyPair } from "jose";
import { HttpFixture, token as bootstrap } from "./http-fixture.ts";
import type { Answer } from "./http-fixture.ts";

const specs = Object.entries(routes) as [RouteName, RouteSpec][];
const json = { "content-type": "application/json" };
const password = "correct horse battery";

/** With what somebody calls, and what they may do. */
interface Caller {
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: nobody is known. */
  readonly role: keyof typeof builtInRoles | undefined;
}

const may = (role: Caller["role"], permission: RouteSpec["permission"]): boolean => {
  if (permission === "open") return true;
  if (role === undefined) return false;
  return permission === "signed-in" || builtInRoles[role].some((each) => ["*", permission].includes(each.permission));
};

/** A request that leads to the route and, where it is let in, changes nothing. */
function callOf({ methods, path }: RouteSpec): [path: string, init: { method: string; body?: string }] {
  const [method = "GET"] = methods;
  const filled = path.replace(/:\w+|\*/g, "x");
  return [filled, method === "GET" || method === "DELETE" ? { method } : { method, body: "{}" }];
}

/** What the door said, as the table speaks of it. */
function verdictOf({ status, body }: Answer, spec: RouteSpec): string {
  const error = (body as { error?: { code?: string; details?: { permission?: string } } } | null)?.error;
  if (status === 500) return "broken";
  // Nx wants this one in words.
  if (status === 401 && typeof body === "string") return "unknown";
  if (status === 401 && ["unauthorized", "session_ended"].includes(error?.code ?? "")) return "unknown";
  if (error?.code === "forbidden" && error.details?.permission === spec.permission) return "forbidden";
  if (status === 403 && error?.code !== "forbidden") return error?.code ?? "";
  return "let in";
}

async function verdicts(f: HttpFixture, headers: Caller["headers"], base = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, spec] of specs) {
    const [path, init] = callOf(spec);
    const answer = await f.send(base + path, { ...init, token: null, headers: { ...json, ...headers } });
    found[name] = verdictOf(answer, spec);
  }
  return found;
}

function expected(verdict: (spec: RouteSpec) => string): Record<string, string> {
  return Object.fromEntries(specs.map(([name, spec]) => [name, verdict(spec)]));
}

async function newToken(f: HttpFixture, body: object, as = bootstrap): Promise<{ id: string; token: string }> {
  const answer = await f.post("/api/v1/tokens", { name: "t", ...body }, { authorization: `Bearer ${as}` });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** What a browser says of a request that the console's own page makes. */
const own = { origin: "http://127.0.0.1:7890", "sec-fetch-site": "same-origin" };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("every route", () => {
  let f: HttpFixture;
  let cookie: string;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    f = await HttpFixture.make({ http: { limits: { signInsPerMinuteMax: 0 } } });
    for (const role of Object.keys(builtInRoles)) tokens.set(role, (await newToken(f, { role })).token);
    const revoked = await newToken(f, { role: "admin" });
    expect((await f.send(`/api/v1/tokens/${revoked.id}`, { method: "DELETE" })).status).toBe(204);
    tokens.set("revoked", revoked.token);
    const expiring = await newToken(f, { role: "admin", expiresIn: 1 });
    tokens.set("expired", expiring.token);
    const users = await f.post("/api/v1/users", { name: "ada", password, roles: ["admin"] });
    expect(users.status).toBe(201);
    const signedIn = await f.send("/api/v1/auth/login", {
      method: "POST",
      token: null,
      headers: json,
      body: JSON.stringify({ name: "ada", password }),
    });
    expect(signedIn.status).toBe(200);
    cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  });
  afterAll(async () => f[Symbol.asyncDispose]());

  test.each(Object.keys(builtInRoles) as (keyof typeof builtInRoles)[])(
    "lets a token of role %s do what it may",
    async (role) => {
      const found = await verdicts(f, bearer(tokens.get(role) ?? ""));
      expect(found).toEqual(expected(({ permission }) => (may(role, permission) ? "let in" : "forbidden")));
    },
  );

  test("lets in nobody who is not known, but where it is open", async () => {
    const nobody = expected(({ permission }) => (permission === "open" ? "let in" : "unknown"));
    expect(await verdicts(f, {})).toEqual(nobody);
    for (const who of ["revoked", "expired"]) {
      expect({ who, ...(await verdicts(f, bearer(tokens.get(who) ?? ""))) }).toEqual({ who, ...nobody });
    }
    // The token of the first start, now that there is a user.
    expect(await verdicts(f, bearer(bootstrap))).toEqual(nobody);
    expect(await verdicts(f, { ...own, cookie: `${cookie}x` })).toEqual(nobody);
  });

  test("believes no token that this server has not signed", async () => {
    const nobody = expected(({ permission }) => (permission === "open" ? "let in" : "unknown"));
    const { instance } = f.store;
    const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519" });
    const now = Math.floor(Date.now() / 1_000);
    for (const typ of ["local+jwt", "at+jwt", "JWT"]) {
      const claims = { sub: "local", sid: "ses_1", iss: instance, aud: instance, iat: now, exp: now + 50 };
      const forged = await new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid: "k", typ }).sign(privateKey);
      const unsigned = new UnsecuredJWT(claims).encode();
      const [, payload, signature] = forged.split(".");
      const none = Buffer.from(JSON.stringify({ alg: "none", typ })).toString("base64url");
      const secret = new TextEncoder().encode("a".repeat(32));
      const shared = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ }).sign(secret);
      for (const jwt of [forged, unsigned, `${none}.${payload}.`, `${none}.${payload}.${signature}`, shared]) {
        expect(await verdicts(f, bearer(jwt))).toEqual(nobody);
      }
    }
  });

  test("lets a session do what its user may, from the console's own page", async () => {
    const skipped = new Set<RouteName>(["signOut"]);
    for (const [name, spec] of specs) {
      if (skipped.has(name)) continue;
      const [path, init] = callOf(spec);
      const answer = await f.send(path, { ...init, token: null, headers: { ...json, ...own, cookie } });
      const wanted = spec.needsTicket === true ? "unknown" : "let in";
      expect([name, verdictOf(answer, spec)]).toEqual([name, wanted]);
    }
  });

  test("refuses pages of other origins, also of another port of this machine, whatever they carry", async () => {
    const foreign = expected(() => "origin_not_allowed");
    for (const origin of ["http://127.0.0.1:7891", "http://localhost:7890", "https://127.0.0.1:7890", "null"]) {
      for (const carried of [{ cookie }, bearer(tokens.get("admin") ?? ""), {}]) {
        const found = await verdicts(f, { ...carried, origin });
        // Behind a proxy that ends TLS nobody knows the scheme: only a cookie asks for it to the letter.
        const exact = origin === "https://127.0.0.1:7890" && !("cookie" in carried);
        if (!exact) {
          const wanted =
            origin === "https://127.0.0.1:7890"
              ? expected(({ permission }) => (permission === "open" ? "let in" : "origin_not_allowed"))
              : foreign;
          expect({ origin, ...found }).toEqual({ origin, ...wanted });
        }
      }
    }
  });

  test("takes a session for nothing that another page may have sent", async () => {
    for (const site of ["cross-site", "same-site"]) {
      const found = await verdicts(f, { cookie, "sec-fetch-site": site });
      const open = new Set(specs.filter(([, { permission }]) => permission === "open").map(([name]) => name));
      for (const [name, verdict] of Object.entries(found)) {
        const spec: RouteSpec = routes[name as RouteName];
        // No page opens a socket of another origin.
        const reads = spec.methods[0] === "GET" && (spec.socket !== true || !open.has(name as RouteName));
        const wanted = open.has(name as RouteName) && reads ? "let in" : "origin_not_allowed";
        if (name !== "callHook") expect([site, name, verdict]).toEqual([site, name, wanted]);
      }
    }
    // A write needs the origin itself, and without one nothing says where it comes from.
    const write = await f.send("/api/v1/runs/bulk", {
      method: "POST",
      token: null,
      body: "{}",
      headers: { ...json, cookie },
    });
    expect(write.body.error.code).toBe("origin_not_allowed");
    const socket = await f.send("/api/v1/live", { token: null, headers: { cookie } });
    expect(socket.body.error.code).toBe("origin_not_allowed");
  });

  test("answers to its own names alone", async () => {
    const headers = bearer(tokens.get("admin") ?? "");
    const found = await verdicts(f, headers, "http://rebound.example:7890");
    expect(found).toEqual(expected(() => "host_not_allowed"));
  });

  test("says of everything it answers what it is", async () => {
    for (const [name, spec] of specs) {
      const [path, init] = callOf(spec);
      for (const carried of [{}, bearer(tokens.get("admin") ?? "")]) {
        const { headers } = await f.send(path, { ...init, token: null, headers: { ...json, ...carried } });
        expect([name, headers.get("x-content-type-options")]).toEqual([name, "nosniff"]);
        expect([name, headers.get("access-control-allow-origin")]).toEqual([name, null]);
      }
    }
  });

  test("is refused in writing: who, what, from where", async () => {
    f.address = "203.0.113.77";
    await f.post("/api/v1/runs/x/cancel", {}, bearer(tokens.get("viewer") ?? ""));
    await f.send("/api/v1/runs", { token: "slu_wrong" });
    await f.send("http://rebound.example/api/v1/runs", { token: null });
    await f.send("/api/v1/runs", { token: null });
    f.address = "127.0.0.1";
    await f.http.settle();
    const { records } = await f.store.audit.searchAudit({ filter: { outcome: "refused" }, limit: 200 });
    const ours = records.filter(({ by }) => by.origin?.address === "203.0.113.77");
    expect(ours.map(({ by, action, target, reason }) => [by.kind, action, target, reason]).toReversed()).toEqual([
      ["token", "run:cancel", "route:cancelRun", "forbidden"],
      ["user", "request:authenticate", "route:listRuns", "unauthorized"],
      ["user", "request:accept", "route:unmatched", "host_not_allowed"],
    ]);
  });
});

describe("the table", () => {
  test("has a known permission for every route and every live topic", () => {
    const known = new Set<string>([...Object.keys(permissions), "open", "signed-in"]);
    for (const [name, { permission }] of specs) expect([name, known.has(permission)]).toEqual([name, true]);
    for (const [topic, permission] of Object.entries(liveTopics)) {
      expect([topic, known.has(permission), permission !== ("open" as string)]).toEqual([topic, true, true]);
    }
  });

  test("opens nothing but signing in, what needs a secret of its own, and pages without content", () => {
    const open = specs.flatMap(([name, { permission }]) => (permission === "open" ? [name] : []));
    const wanted = [
      "signInMethods signIn setUp refreshSession beginPasskeySignIn passkeySignIn openidSignIn openidReturn exchangeToken",
      "getApproval decideApproval delegateApproval commentApproval completeCallback callHook getGithubBlob putGithubBlob",
      "health ready openapi docs docsAsset console consoleAsset consolePage connectWorker listFileSchemas getFileSchema",
    ];
    expect(new Set<string>(open)).toEqual(new Set(wanted.join(" ").split(" ")));
  });

  test("leaves what leads to a shell to admins", () => {
    for (const [permission, spec] of Object.entries(permissions)) {
      if (!("shell" in spec)) continue;
      for (const [role, grants] of Object.entries(builtInRoles)) {
        if (role !== "admin") expect(grants.map((each) => each.permission)).not.toContain(permission);
      }
    }
  });

  test("names with each command the routes it calls", () => {
    for (const [command, called] of Object.entries<readonly RouteName[]>(commandRoutes)) {
      for (const name of called) expect([command, name in routes]).toEqual([command, true]);
    }
  });

  test("has no permission that nothing asks for", () => {
    const asked = new Set<string>([...specs.map(([, { permission }]) => permission), ...Object.values(liveTopics)]);
    // Asked for by what stands in a body or a query, or on another listener.
    const inside = new Set<Permission>([
      "run:cancel",
      "run:retry",
      "run:pause",
      "run:delete",
      "run:trust",
      "approval:decide",
    ]);
    for (const each of ["token:read", "token:write", "worker:connect"] as const) inside.add(each);
    for (const permission of Object.keys(permissions)) {
      expect([permission, asked.has(permission) || inside.has(permission as Permission)]).toEqual([permission, true]);
    }
  });
});
