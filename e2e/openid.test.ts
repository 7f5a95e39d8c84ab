// Signing in elsewhere, as sluice.config.ts says: at a real identity provider through the browser's way there and back, and
// as a CI job whose service vouches for it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Provider } from "oidc-provider";
import { readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const clientSecret = "a secret that both of them know";
const people: Readonly<Record<string, object>> = {
  "ada-at-work": { preferred_username: "ada", email: "ada@example.com", groups: ["ops", "staff"] },
  "eve-at-work": { preferred_username: "eve", email: "eve@example.com", groups: ["strangers"] },
};

let project: string;
let provider: Server;
let service: Bun.Server<undefined>;
let server: Running;
let url: string;
let sign: (claims: object) => Promise<string>;

const listening = async (web: Server): Promise<string> => {
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
};

/** A port that is free now: the provider has to know where people come back to before the server is there. */
async function freePort(): Promise<number> {
  const web = createServer();
  const at = await listening(web);
  await new Promise((resolve) => web.close(resolve));
  return Number(new URL(at).port);
}

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "sluice-openid-"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  provider = createServer();
  const issuer = await listening(provider);
  const redirect = `${url}/api/v1/auth/openid/return`;
  const answer = new Provider(issuer, {
    clients: [{ client_id: "sluice", client_secret: clientSecret, redirect_uris: [redirect] }],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    pkce: { required: () => true },
    cookies: { keys: ["a key of the test"] },
  }).callback();
  provider.on("request", (request, response) => void answer(request, response));
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  service = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { origin, pathname } = new URL(request.url);
      return Response.json(pathname === "/keys" ? { keys: [jwk] } : { issuer: origin, jwks_uri: `${origin}/keys` });
    },
  });
  const ci = `http://127.0.0.1:${service.port}`;
  sign = async (claims) =>
    new SignJWT({ repository: "acme/shop", ref: "main", ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer(ci)
      .setAudience("sluice")
      .setSubject("job")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
  writeProject(project, {
    "workflows/all.ts": `import { workflow } from "sluice";
export const deploy = workflow({ name: "deploy/main" }, async () => 1);
export const other = workflow({ name: "other" }, async () => 1);
`,
    "sluice.config.ts": `export default {
  publicUrl: ${JSON.stringify(url)},
  identity: {
    openid: { name: "Work", issuer: ${JSON.stringify(issuer)}, clientId: "sluice", roles: { ops: "operator" } },
    ci: [{
      name: "shop", issuer: ${JSON.stringify(ci)}, audience: "sluice", claims: { repository: "acme/*" },
      grants: [{ permission: "run:start" }], limits: { workflow: "deploy/{ref}" }, expiresIn: "10m",
    }],
  },
};
`,
  });
  server = startSluice(["up", "--port", String(port), "--json"], {
    cwd: project,
    env: { SLUICE_OPENID_CLIENT_SECRET: clientSecret },
  });
  expect((await readyLine(server)).url).toBe(url);
  const made = await sluice(["user", "create", "root", "--admin"], { cwd: project, stdin: "correct horse battery" });
  expect(made.exitCode).toBe(0);
});
afterAll(async () => {
  await stop(server);
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
  await service.stop(true);
  rmSync(project, { recursive: true, force: true });
});

/** A browser: it follows redirects, keeps cookies for each host and port, and fills in the provider's forms. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>();
  /** Pages it was sent to, oldest first. */
  readonly visited: string[] = [];

  async get(address: string, login: string): Promise<Response> {
    let next: { readonly url: URL; readonly form?: URLSearchParams } = { url: new URL(address) };
    for (;;) {
      this.visited.push(next.url.href);
      const jar = this.#jars.get(next.url.origin) ?? new Map<string, string>();
      this.#jars.set(next.url.origin, jar);
      const answer = await fetch(next.url, {
        redirect: "manual",
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(next.form === undefined ? {} : { method: "POST", body: next.form }),
      });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      const location = answer.headers.get("location");
      if (location !== null) {
        next = { url: new URL(location, next.url) };
        if (next.url.origin === url && !next.url.pathname.startsWith("/api/")) {
          this.visited.push(next.url.href);
          return answer;
        }
        continue;
      }
      const page = await answer.text();
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (action === undefined || prompt === undefined) throw new Error(`${answer.status}: ${page.slice(0, 300)}`);
      const form = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
      next = { url: new URL(action, next.url), form };
    }
  }

  cookies(): ReadonlyMap<string, string> {
    return this.#jars.get(url) ?? new Map();
  }

  get last(): URL {
    return new URL(this.visited.at(-1) ?? "");
  }
}

async function me(browser: Browser): Promise<{ readonly user: { readonly name: string; readonly roles: string[] } }> {
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join("; ");
  const answer = await fetch(`${url}/api/v1/auth/me`, { headers: { cookie } });
  return (await answer.json()) as Awaited<ReturnType<typeof me>>;
}

describe("at the identity provider", () => {
  test("one signs in, gets the roles of one's groups, and comes back to the page one wanted", async () => {
    const methods = await fetch(`${url}/api/v1/auth/methods`);
    expect(await methods.json()).toMatchObject({ openid: { name: "Work" } });
    const browser = new Browser();
    await browser.get(`${url}/api/v1/auth/openid?return=${encodeURIComponent("/runs?status=failed")}`, "ada-at-work");
    expect(browser.last.href).toBe(`${url}/runs?status=failed`);
    expect((await me(browser)).user).toMatchObject({ name: "ada", roles: ["operator"] });
    // What bound the way there to this browser is gone with it.
    expect([...browser.cookies().keys()]).toEqual([expect.stringMatching(/^sluice_session_/)]);
  });

  test("one whose groups have no role stays outside, and is told on the page for signing in", async () => {
    const browser = new Browser();
    await browser.get(`${url}/api/v1/auth/openid`, "eve-at-work");
    expect(browser.last.pathname).toBe("/sign-in");
    expect(browser.last.searchParams.get("error")).not.toBe("");
    expect([...browser.cookies().keys()]).toEqual([]);
  });

  test("an answer that was begun in another browser is taken by nobody", async () => {
    const browser = new Browser();
    await browser.get(`${url}/api/v1/auth/openid`, "ada-at-work");
    const back = browser.visited.find((each) => each.includes("/auth/openid/return?")) ?? "";
    expect(back).not.toBe("");
    const stolen = await fetch(back, { redirect: "manual" });
    expect([stolen.status, stolen.headers.get("location")]).toEqual([302, "/sign-in?error=sign_in_failed"]);
    expect(stolen.headers.getSetCookie().some((line) => line.startsWith("sluice_session_"))).toBe(false);
  });

  test("one comes back to nowhere but a page of the console", async () => {
    for (const page of ["https://evil.example/", "//evil.example/", "/\\evil.example"]) {
      const browser = new Browser();
      await browser.get(`${url}/api/v1/auth/openid?return=${encodeURIComponent(page)}`, "ada-at-work");
      expect(browser.last.origin).toBe(url);
    }
  });
});

describe("a CI job", () => {
  const exchange = async (
    token: string,
  ): Promise<{ status: number; body: { token?: string; error?: { code: string } } }> => {
    const answer = await fetch(`${url}/api/v1/auth/exchange`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    return { status: answer.status, body: (await answer.json()) as { token?: string; error?: { code: string } } };
  };

  test("gets a token for what its rule allows, narrowed by what its service says of it", async () => {
    const { status, body } = await exchange(await sign({}));
    expect([status, body.token]).toEqual([200, expect.stringMatching(/^slu_/)]);
    const env = { SLUICE_TOKEN: body.token ?? "" };
    expect((await sluice(["run", "deploy/main", "--json"], { cwd: project, env })).exitCode).toBe(0);
    const other = await sluice(["run", "other", "--json"], { cwd: project, env });
    expect([other.exitCode, JSON.parse(other.stdout).error.code]).toEqual([1, "workflow_not_found"]);
  });

  test("of another repository, or with a token that nobody signed, gets none", async () => {
    expect((await exchange(await sign({ repository: "evil/shop" }))).body.error?.code).toBe("forbidden");
    expect((await exchange(await sign({ ref: "*" }))).body.error?.code).toBe("forbidden");
    const [header, payload] = (await sign({})).split(".");
    expect((await exchange(`${header}.${payload}.c2lnbmF0dXJl`)).body.error?.code).toBe("unauthorized");
  });
});
