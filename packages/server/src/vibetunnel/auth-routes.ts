// `/api/auth`: how one signs in here, and signing in.
import type { Hono } from "hono";
import { answer, problem } from "./answers.ts";
import type { Door } from "./door.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";

export function addAuthRoutes(app: Hono<FaceEnv>, face: Face, door: Door): void {
  const { authentication, sshKeys, passwords, login } = face.options;
  const methods = {
    enableSSHKeys: sshKeys,
    disallowUserPassword: !passwords && login === undefined,
    noAuth: !authentication,
  };
  app.get("/api/auth/config", () => answer(methods));
  app.get("/api/auth/current-user", () => answer({ userId: door.systemUser }));
  app.get("/api/auth/verify", async (call) => verify(call, door));
  app.get("/api/auth/avatar/:user", (call) => avatar(call.req.param("user")));
  app.post("/api/auth/challenge", async (call) => {
    const user = textIn(await bodyOf(call), "userId");
    if (user === undefined) return problem(400, "User ID is required");
    if (!sshKeys || user !== door.systemUser) return problem(404, "User not found");
    return inTime(call, door, async () => answer(door.ssh.challenge(user)));
  });
  app.post("/api/auth/ssh-key", async (call) => {
    const body = await bodyOf(call);
    const [challengeId, publicKey] = [textIn(body, "challengeId"), textIn(body, "publicKey")];
    const signature = textIn(body, "signature");
    if (challengeId === undefined || publicKey === undefined || signature === undefined)
      return problem(400, "Challenge ID, public key, and signature are required");
    return inTime(call, door, async () => {
      const signedIn = await door.withKey({ challengeId, publicKey, signature });
      if (signedIn === undefined) return answer({ success: false, error: "Invalid signature or key" }, 401);
      return answer({ success: true, ...signedIn, authMethod: "ssh-key" });
    });
  });
  for (const path of ["/api/auth/password", "/api/auth/login"])
    app.post(path, async (call) => signIn(call, door, path.endsWith("login")));
  app.post("/api/auth/logout", async (call) => {
    const token = bearerIn(call);
    if (token !== undefined) await door.leave(token);
    return answer({ success: true, message: "Logged out successfully" });
  });
}

/** The Go server calls it `login` and takes `username`. */
async function signIn(call: FaceCall, door: Door, isGo: boolean): Promise<Response> {
  const body = await bodyOf(call);
  const user = textIn(body, "userId") ?? (isGo ? textIn(body, "username") : undefined);
  const password = textIn(body, "password");
  if (user === undefined || password === undefined) return problem(400, "User ID and password are required");
  return inTime(call, door, async () => {
    const signedIn = await door.withPassword(user, password);
    if (signedIn === undefined) return answer({ success: false, error: "Invalid username or password" }, 401);
    return answer({ success: true, ...signedIn, authMethod: "password" });
  });
}

/** Guessing is slow: each address has a few tries a minute. */
async function inTime(call: FaceCall, door: Door, body: () => Promise<Response>): Promise<Response> {
  const waitMs = door.waitMs(call.env.address);
  if (waitMs === 0) return body();
  const response = problem(429, "Too many attempts");
  response.headers.set("retry-after", String(Math.ceil(waitMs / 1_000)));
  return response;
}

function bearerIn(call: FaceCall): string | undefined {
  const authorization = call.req.header("authorization");
  return authorization?.startsWith("Bearer ") === true ? authorization.slice("Bearer ".length).trim() : undefined;
}

async function verify(call: FaceCall, door: Door): Promise<Response> {
  const token = bearerIn(call);
  if (token === undefined) return answer({ valid: false, error: "No token provided" }, 401);
  const userId = await door.userOf(token);
  return userId === undefined
    ? answer({ valid: false, error: "Invalid or expired token" }, 401)
    : answer({ valid: true, userId });
}

function avatar(user: string): Response {
  if (!/^[\w.-]{1,255}$/.test(user)) return problem(400, "Invalid user ID format");
  return answer({ avatar: null, platform: process.platform });
}
