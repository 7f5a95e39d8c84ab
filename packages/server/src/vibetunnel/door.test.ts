import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { token as bootstrap } from "../http-fixture.ts";
import { TerminalRig } from "../terminals/terminal-rig.suite.ts";
import { FaceRig } from "./face-rig.suite.ts";
import { ListenerTokens } from "./listener-tokens.ts";
import { checkOptions } from "./options.ts";
import { SshSignIn } from "./ssh-keys.ts";

const password = "correct horse battery";
const jwtSecret = "a secret that is long enough for this";
let face: FaceRig;

beforeAll(async () => {
  const rig = await TerminalRig.make();
  for (const [name, role] of [
    ["ada", "admin"],
    ["vic", "viewer"],
  ] as const)
    await rig.f.identity.users.create(rig.f.identity.everyone({}), { name, roles: [role], password });
  const { body } = await rig.f.send("/api/v1/auth/login", {
    method: "POST",
    token: null,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "ada", password, kind: "program" }),
  });
  face = await FaceRig.make(
    {
      authentication: true,
      login: { name: "door", password: "of its own" },
      jwtSecret,
      allowedHosts: ["face.example"],
    },
    rig,
    String(body.accessToken),
  );
}, 60_000);
afterAll(async () => face[Symbol.asyncDispose]());

async function tokenOf(userId: string, secret: string): Promise<string> {
  const { body } = await face.send("POST", "/api/auth/password", { body: { userId, password: secret } });
  return String(body.token);
}

function as(token: string): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

describe("the door of the face", () => {
  test("is closed to everything but what one signs in with, the log too", async () => {
    for (const path of [
      "sessions",
      "logs/raw",
      "logs/info",
      "fs/browse",
      "config",
      "push/status",
      "events",
      "remotes",
      "tmux/sessions",
      "files",
    ]) {
      const { status, body } = await face.send("GET", `/api/${path}`);
      expect([path, status, body]).toEqual([path, 401, { error: "Authentication required" }]);
    }
    expect((await face.send("DELETE", "/api/logs/clear")).status).toBe(401);
    expect(
      (await face.send("POST", "/api/logs/client", { body: { level: "log", module: "m", args: [] } })).status,
    ).toBe(401);
    for (const path of ["/buffers", "/ws", "/ws/input?sessionId=x", "/ws?sessionId=x"])
      expect([path, (await face.socket(path).end()).code]).toEqual([path, 1006]);
    expect((await face.send("GET", "/api/health")).body.status).toBe("ok");
    expect((await face.send("GET", "/api/auth/config")).body).toEqual({
      enableSSHKeys: false,
      disallowUserPassword: false,
      noAuth: false,
    });
  }, 60_000);

  test("lets users of the server in by their passwords, as themselves", async () => {
    const ada = await tokenOf("ada", password);
    expect((await face.send("GET", "/api/auth/verify", as(ada))).body).toEqual({ valid: true, userId: "ada" });
    const made = await face.send("POST", "/api/sessions", { body: { command: ["cat"] }, ...as(ada) });
    expect(made.status).toBe(200);
    const [session] = (await face.rig.terminals).list();
    expect([session?.facts.id, session?.facts.by]).toEqual([made.body.sessionId, expect.stringMatching(/^user:/)]);
    // Terminals are for admins alone.
    const vic = await tokenOf("vic", password);
    expect((await face.send("POST", "/api/sessions", { body: { command: ["cat"] }, ...as(vic) })).status).toBe(403);
    expect((await face.send("GET", `/api/sessions/${made.body.sessionId}`, as(vic))).status).toBeOneOf([403, 404]);
    // Streams of browsers have no header.
    expect((await face.send("GET", `/api/sessions?token=${ada}`)).status).toBe(200);
    const own = await tokenOf("door", "of its own");
    expect((await face.send("GET", "/api/sessions", as(own))).status).toBe(200);
    await face.send("POST", "/api/auth/logout", as(ada));
    expect((await face.send("GET", "/api/sessions", as(ada))).status).toBe(401);
    expect((await face.send("GET", "/api/auth/verify", as(ada))).status).toBe(401);
  }, 60_000);

  test("knows its own tokens only, and the server knows none of them", async () => {
    const key = new TextEncoder().encode(jwtSecret);
    const claims = () =>
      new SignJWT({ userId: "ada" }).setJti("x").setAudience("terminals:x").setIssuedAt().setExpirationTime("1h");
    const others = [
      await claims().setProtectedHeader({ alg: "HS256" }).sign(key),
      await claims().setProtectedHeader({ alg: "HS384" }).sign(key),
      `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"userId":"ada","jti":"x"}').toString("base64url")}.`,
      bootstrap,
      "",
    ];
    for (const token of others) expect((await face.send("GET", "/api/sessions", as(token))).status).toBe(401);
    const own = await tokenOf("door", "of its own");
    const native = await face.rig.f.send("/api/v1/terminals", { token: own });
    expect(native.status).toBe(401);
  }, 60_000);

  test("answers no name but its own, and no page but its own", async () => {
    const own = await tokenOf("door", "of its own");
    const bearer = { authorization: `Bearer ${own}` };
    for (const [headers, status] of [
      [{ host: "evil.example" }, 403],
      [{ host: "face.example" }, 200],
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ "sec-fetch-site": "cross-site" }, 403],
      [{ origin: face.face.url }, 200],
    ] as const)
      expect([
        headers,
        (await face.send("GET", "/api/sessions", { headers: { ...bearer, ...headers } })).status,
      ]).toEqual([headers, status]);
    expect((await face.socket("/buffers", { ...bearer, origin: "https://evil.example" }).end()).code).toBe(1006);
    expect(
      (await face.send("POST", "/api/sessions", { headers: { ...bearer, "content-type": "text/plain" }, body: "{x" }))
        .status,
    ).toBe(400);
    const large = JSON.stringify({ text: "x".repeat(2 * 1024 * 1024) });
    expect((await face.send("POST", "/api/sessions/x/input", { headers: bearer, body: large })).status).toBe(413);
  }, 60_000);

  test("makes guessing slow", async () => {
    const guess = { challengeId: "guess", publicKey: "ssh-ed25519 AAAA", signature: "AAAA" };
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++)
      statuses.push((await face.send("POST", "/api/auth/ssh-key", { body: guess })).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    // However one tries: each address has so many tries altogether.
    const late = await face.send("POST", "/api/auth/password", { body: { userId: "door", password: "of its own" } });
    expect([late.status, Number(late.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
  }, 60_000);
});

test("without sign-in the face is on loopback only", () => {
  const options = { host: "127.0.0.1", authentication: false, jwtSecret: undefined, register: undefined } as Parameters<
    typeof checkOptions
  >[0];
  expect(checkOptions(options).ok).toBeTrue();
  for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.org"])
    expect(checkOptions({ ...options, host })).toMatchObject({ ok: false, error: { code: "invalid_config" } });
  expect(checkOptions({ ...options, host: "0.0.0.0", authentication: true }).ok).toBeTrue();
  expect(checkOptions({ ...options, jwtSecret: "short" }).ok).toBeFalse();
});

test("tokens end after a day, and are those of one listener", async () => {
  let now = 1_700_000_000_000;
  const key = new TextEncoder().encode(jwtSecret);
  const tokens = new ListenerTokens({ key, audience: "a", now: () => now });
  const token = await tokens.make("ada", "1");
  expect(await tokens.read(token)).toEqual({ user: "ada", id: "1" });
  expect(await new ListenerTokens({ key, audience: "b", now: () => now }).read(token)).toBeUndefined();
  now += 24 * 3_600_000 + 1_000;
  expect(await tokens.read(token)).toBeUndefined();
});

describe("an SSH key", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-ssh-"));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  const authorizedKeys = join(work, "authorized_keys");
  const pair = () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    const line = `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]).toString("base64")} me`;
    return {
      line,
      sign: (challenge: string) => sign(null, Buffer.from(challenge, "base64"), privateKey).toString("base64"),
    };
  };

  test("signs in whoever has signed a challenge that is fresh, with a key that is listed", async () => {
    let now = 0;
    const [mine, other] = [pair(), pair()];
    writeFileSync(authorizedKeys, `# keys\ncommand="ls" ${other.line}\n${mine.line}\n`);
    const ssh = new SshSignIn({ clock: { now: () => now }, authorizedKeys });
    const attempt = async (key: ReturnType<typeof pair>, publicKey = key.line) => {
      const { challengeId, challenge } = ssh.challenge("me");
      return ssh.verify({ challengeId, publicKey, signature: key.sign(challenge) });
    };
    expect(await attempt(mine)).toBe("me");
    expect(await attempt(other)).toBeUndefined();
    expect(await attempt(other, mine.line)).toBeUndefined();
    expect(await attempt(mine, "ssh-rsa AAAA")).toBeUndefined();
    const { challengeId, challenge } = ssh.challenge("me");
    const signed = { challengeId, publicKey: mine.line, signature: mine.sign(challenge) };
    expect(await ssh.verify({ ...signed, signature: mine.sign(ssh.challenge("me").challenge) })).toBeUndefined();
    // It was good for one try.
    expect(await ssh.verify(signed)).toBeUndefined();
    const late = ssh.challenge("me");
    now += 5 * 60_000 + 1;
    expect(
      await ssh.verify({ ...signed, challengeId: late.challengeId, signature: mine.sign(late.challenge) }),
    ).toBeUndefined();
  });
});
