// Who may do what, with the shipped commands over a real server: the first user, users and tokens beside the data folder,
// what a restart leaves as it was, and TLS with its certificate replaced.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { commandsIn, logOf, readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const password = "correct horse battery";
const json = { "content-type": "application/json" };
const workflows = `import { workflow } from "sluice";
const text = async (ctx, input) => ctx.step("same", () => input);
export const shop = workflow({ name: "shop/order" }, text);
export const bank = workflow({ name: "bank/pay" }, text);
`;

let project: string;
let server: Running;
let ready: Record<string, unknown> & { readonly url: string };
const up = ["up", "--port", "0", "--json"];

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "sluice-identity-"));
  writeProject(project, { "workflows/all.ts": workflows });
  server = startSluice(up, { cwd: project });
  ready = await readyLine(server);
});
afterAll(async () => {
  await stop(server);
  rmSync(project, { recursive: true, force: true });
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(ready.url + path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

const withToken = (token: string) => ({ cwd: project, env: { SLUICE_TOKEN: token } });
const bootstrap = (): string => readFileSync(join(project, ".sluice/keys/token"), "utf8").trim();

describe("a new server", () => {
  test("prints a link that makes the first user, once", async () => {
    const link = new URL(String(ready["setUpUrl"]));
    expect(link.href).toStartWith(`${ready.url}/setup#`);
    const secret = link.hash.slice(1);
    const asFirst = { authorization: `Bearer ${bootstrap()}` };
    expect((await fetch(`${ready.url}/api/v1/runs`, { headers: asFirst })).status).toBe(200);
    const made = await post("/api/v1/auth/setup", { secret, name: "ada", password });
    expect(made.status).toBe(201);
    const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
    const me = await fetch(`${ready.url}/api/v1/auth/me`, { headers: { cookie } });
    expect(await me.json()).toMatchObject({ authentication: "session", user: { name: "ada", roles: ["admin"] } });
    expect((await post("/api/v1/auth/setup", { secret, name: "eve", password })).status).toBe(409);
    expect((await fetch(`${ready.url}/api/v1/runs`, { headers: asFirst })).status).toBe(401);
  });
});

describe("beside the data folder", () => {
  test("the command line needs no token, and is admin", async () => {
    const { json: run } = commandsIn(project);
    expect((await run("runs", "list")).runs).toEqual([]);
    expect((await run("run", "shop/order")).run.workflow).toBe("shop/order");
    const { users } = await run("user", "list");
    expect(users).toMatchObject([{ name: "ada", roles: ["admin"] }]);
  });

  test("the keys are the server's user's alone", () => {
    for (const name of ["token", "local.jwk"]) {
      expect(statSync(join(project, ".sluice/keys", name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(project, ".sluice/keys")).mode & 0o777).toBe(0o700);
  });

  test("users are made with a password from standard input, never from the command line", async () => {
    const made = await sluice(["user", "create", "vic", "--role", "viewer", "--json"], {
      cwd: project,
      stdin: `${password}\n`,
    });
    expect([made.exitCode, JSON.parse(made.stdout).user.roles]).toEqual([0, ["viewer"]]);
    expect((await post("/api/v1/auth/login", { name: "vic", password })).status).toBe(200);
    const { fails } = commandsIn(project);
    expect(await fails("user", "create", "bob", "--role", "viewer")).toMatchObject({
      code: 2,
      error: { code: "bad_request" },
    });
    expect(await fails("user", "create", "bob", "--no-password")).toMatchObject({ code: 2 });
    const weak = await sluice(["user", "create", "bob", "--admin", "--json"], { cwd: project, stdin: "short" });
    expect([weak.exitCode, JSON.parse(weak.stdout).error.code]).toEqual([1, "weak_password"]);
    expect((await sluice(["user", "create", "--help"])).stdout).not.toContain("--password ");
  });

  test("users are disabled and enabled, and given another password", async () => {
    const { json: run, fails } = commandsIn(project);
    expect((await run("user", "disable", "vic")).user.disabled).toBe(true);
    expect((await post("/api/v1/auth/login", { name: "vic", password })).status).toBe(401);
    expect((await run("user", "enable", "vic")).user.disabled).toBe(false);
    const next = "another horse battery";
    expect((await sluice(["user", "password", "vic"], { cwd: project, stdin: next })).exitCode).toBe(0);
    expect((await post("/api/v1/auth/login", { name: "vic", password: next })).status).toBe(200);
    expect(await fails("user", "disable", "ada")).toMatchObject({ code: 1, error: { code: "last_admin" } });
    expect(await fails("user", "disable", "nobody")).toMatchObject({ code: 1, error: { code: "user_not_found" } });
  });
});

describe("tokens", () => {
  test("do what they were made for, and are found, revoked and gone", async () => {
    const { json: run, text, fails } = commandsIn(project);
    const { id, token } = await run(
      "token",
      "create",
      "--name",
      "ci",
      "--role",
      "operator",
      "--expires",
      "90d",
      "--limit",
      "workflow=shop/",
    );
    expect([id, token]).toEqual([expect.stringMatching(/^tkn_/), expect.stringMatching(/^slu_\w{49}$/)]);
    const list = await sluice(["runs", "list", "--json"], withToken(token));
    expect(JSON.parse(list.stdout).runs).toMatchObject([{ workflow: "shop/order" }]);
    expect((await sluice(["run", "shop/order", "--json"], withToken(token))).exitCode).toBe(0);
    const other = await sluice(["run", "bank/pay", "--json"], withToken(token));
    expect([other.exitCode, JSON.parse(other.stdout).error.code]).toEqual([1, "workflow_not_found"]);
    expect(await text("token", "list")).toContain(`slu_${token.slice(4, 12)}…`);
    expect((await run("token", "revoke", id)).revoked).toBe(id);
    const late = await sluice(["runs", "list", "--json"], withToken(token));
    expect([late.exitCode, JSON.parse(late.stdout).error.code]).toEqual([1, "unauthorized"]);
    expect(await fails("token", "revoke", "tkn_none")).toMatchObject({ code: 1, error: { code: "token_unknown" } });
  });

  test("have a role or grants, one by one", async () => {
    const { json: run, fails } = commandsIn(project);
    const { token } = await run(
      "token",
      "create",
      "--name",
      "start",
      "--grant",
      "run:start=shop/*",
      "--grant",
      "run:read",
    );
    expect((await sluice(["run", "shop/order", "--json"], withToken(token))).exitCode).toBe(0);
    const cancelled = await sluice(["runs", "cancel", "run_x", "--json"], withToken(token));
    expect(JSON.parse(cancelled.stdout).error).toMatchObject({
      code: "forbidden",
      details: { permission: "run:cancel" },
    });
    expect(await fails("token", "create", "--name", "x", "--role", "king")).toMatchObject({ code: 1 });
    expect(await fails("token", "create", "--name", "x", "--role", "viewer", "--limit", "workflow")).toMatchObject({
      code: 2,
    });
    expect(await fails("token", "create", "--name", "x", "--role", "viewer", "--expires", "soon")).toMatchObject({
      code: 2,
    });
    expect(
      (await run("token", "create", "--name", "x", "--role", "viewer", "--data", join(project, ".sluice"))).token,
    ).toStartWith("slu_");
  });
});

describe("a restart", () => {
  test("leaves users, sessions and tokens as they were, and prints no link", async () => {
    const signedIn = await post("/api/v1/auth/login", { name: "ada", password });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const program = (await (await post("/api/v1/auth/login", { name: "ada", password, kind: "program" })).json()) as {
      accessToken: string;
    };
    const { token } = await commandsIn(project).json("token", "create", "--name", "kept", "--role", "viewer");
    expect(await stop(server)).toBe(0);
    server = startSluice(up, { cwd: project });
    ready = await readyLine(server);
    expect(ready["setUpUrl"]).toBeUndefined();
    for (const headers of [
      { cookie },
      { authorization: `Bearer ${token}` },
      { authorization: `Bearer ${program.accessToken}` },
    ]) {
      expect((await fetch(`${ready.url}/api/v1/auth/me`, { headers })).status).toBe(200);
    }
    expect(logOf(server).filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("over TLS", () => {
  const made = (name: string): { cert: string; key: string } => {
    const [cert, key] = [join(project, `${name}.crt`), join(project, `${name}.key`)];
    const run = Bun.spawnSync(
      `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}.example`
        .split(" ")
        .concat("-addext", `subjectAltName=DNS:${name}.example`, "-keyout", key, "-out", cert),
    );
    expect(run.exitCode).toBe(0);
    return { cert, key };
  };

  test("the server speaks nothing else, and the command line beside it goes on", async () => {
    const data = join(project, "tls-data");
    const { cert, key } = made("first");
    const running = startSluice([...up, "--data", data, "--tls-cert", cert, "--tls-key", key], { cwd: project });
    try {
      const { url } = await readyLine(running);
      expect(url).toStartWith("https://127.0.0.1:");
      const trusting = { tls: { rejectUnauthorized: false } };
      const answer = await fetch(`${url}/health`, trusting);
      expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
      const { setUpUrl = "" } = (await readyLine(running)) as { setUpUrl?: string };
      const secret = new URL(setUpUrl).hash.slice(1);
      const first = await fetch(`${url}/api/v1/auth/setup`, {
        ...trusting,
        method: "POST",
        headers: json,
        body: JSON.stringify({ secret, name: "ada", password }),
      });
      expect(first.headers.get("set-cookie")).toMatch(/^__Host-sluice_session_\w+=.*; Secure$/);
      expect(
        await fetch(url.replace("https:", "http:")).then(
          (plain) => plain.status,
          () => "none",
        ),
      ).not.toBe(200);
      const listed = await sluice(["user", "list", "--data", data, "--json"], { cwd: project });
      expect(JSON.parse(listed.stdout).users).toMatchObject([{ name: "ada" }]);
    } finally {
      await stop(running);
    }
  });

  test("a certificate that is replaced is taken without a restart", async () => {
    const [one, two] = [made("one"), made("two")];
    const live = { cert: join(project, "live.crt"), key: join(project, "live.key") };
    const put = (pair: typeof one, second: number): void => {
      for (const part of ["cert", "key"] as const) {
        copyFileSync(pair[part], live[part]);
        utimesSync(live[part], second, second);
      }
    };
    put(one, 1);
    const args = [...up, "--data", join(project, "live-data"), "--tls-cert", live.cert, "--tls-key", live.key];
    const running = startSluice([...args, "--limit", "tlsCheckMs=20"], { cwd: project });
    try {
      const { port } = new URL((await readyLine(running)).url);
      const shown = (): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const socket = connect({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false }, () => {
            resolve(socket.getPeerCertificate().subject.CN);
            socket.destroy();
          });
          socket.once("error", reject);
        });
      expect(await shown()).toBe("one.example");
      put(two, 2);
      while (!logOf(running).some(({ message }) => message === "new connections get the new certificate")) {
        await new Promise((resolve) => void setImmediate(resolve));
      }
      expect(await shown()).toBe("two.example");
    } finally {
      await stop(running);
    }
  });

  test("a key that belongs to another certificate is refused at the start", async () => {
    const args = ["--data", join(project, "bad-data"), "--tls-cert", made("x").cert, "--tls-key", made("y").key];
    const { exitCode, stdout } = await sluice([...up, ...args], { cwd: project });
    expect([exitCode, JSON.parse(stdout).error.code]).toEqual([2, "invalid_config"]);
  });
});
