// Signing in and going on: by password, passkey, identity provider, refresh token, and for CI jobs.
import { unwrap } from "@sluice/core";
import type { SignedIn } from "@sluice/core/identity";
import { SluiceError, toWire } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { clearCookie, cookieIn, cookieName, setCookie } from "../cookies.ts";
import type { CookieScope } from "../cookies.ts";
import { fieldsOf, optionalBooleanOf, optionalOneOf, optionalTextOf, textOf } from "../fields.ts";
import type { Body } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { passwordOf, userNameOf } from "../identity-fields.ts";
import { showUser } from "../show-identity.ts";
import { reply } from "../wire.ts";

const nameCharsMax = 256;
const codeCharsMax = 64;
const secretCharsMax = 256;
const challengeCharsMax = 512;
const jwtCharsMax = 16_384;

export async function bodyOf(call: Call, allowed: readonly string[]): Promise<Body> {
  call.query().done();
  return fieldsOf((await call.body()).content, allowed);
}

function cookieScope({ parts, passage }: Call): CookieScope {
  return { instance: parts.store.instance, secure: passage.secure };
}

export function signInMethods(call: Call): Response {
  call.query().done();
  const { authentication, identity, store } = call.parts;
  return reply("json", 200, { authentication, ...identity.methods(), instance: store.instance });
}

/** The session is a cookie for the console, and in the answer for programs. */
async function welcome(call: Call, status: number, signedIn: SignedIn): Promise<Response> {
  const { user, accessToken, refreshToken, expiresAt, cookie } = signedIn;
  const secrets = accessToken === undefined ? {} : { accessToken, refreshToken };
  const response = reply("json", status, { user: await showUser(call.parts.store, user), ...secrets, expiresAt });
  if (cookie !== undefined) response.headers.append("set-cookie", sessionCookie(call, { cookie, expiresAt }));
  return response;
}

function sessionCookie(call: Call, p: { readonly cookie: string; readonly expiresAt: number }): string {
  const maxAgeMs = p.expiresAt - call.parts.clock.now();
  return setCookie("session", p.cookie, { ...cookieScope(call), maxAgeMs });
}

export async function signIn(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["name", "password", "code", "kind"]);
  const signedIn = await call.parts.identity.signIn({
    name: textOf(body, "name", nameCharsMax),
    password: passwordOf(body, "password"),
    code: optionalTextOf(body, "code", codeCharsMax),
    kind: optionalOneOf(body, "kind", ["console", "program"] as const) ?? "console",
    caller: call.caller,
  });
  return welcome(call, 200, unwrap(signedIn));
}

export async function setUp(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["secret", "name", "password"]);
  const signedIn = await call.parts.identity.setUp({
    secret: textOf(body, "secret", secretCharsMax),
    name: userNameOf(body, "name"),
    password: passwordOf(body, "password"),
    caller: call.caller,
  });
  return welcome(call, 201, unwrap(signedIn));
}

export async function refreshSession(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["refreshToken"]);
  const refreshToken = textOf(body, "refreshToken", secretCharsMax);
  return welcome(call, 200, unwrap(await call.parts.identity.refresh({ refreshToken, caller: call.caller })));
}

/** A browser forgets its cookie, whatever else happens. */
export async function signOut(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["everywhere"]);
  const everywhere = optionalBooleanOf(body, "everywhere") ?? false;
  const { ended } = unwrap(await call.parts.identity.sessions.signOut(call.principal, { everywhere }));
  const response = reply("json", 200, { ended });
  response.headers.append("set-cookie", clearCookie("session", cookieScope(call)));
  return response;
}

export async function beginPasskeySignIn(call: Call): Promise<Response> {
  await bodyOf(call, []);
  return reply("json", 200, unwrap(await call.parts.identity.beginPasskeySignIn()));
}

export async function passkeySignIn(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["challenge", "credential"]);
  const signedIn = await call.parts.identity.passkeySignIn({
    challenge: textOf(body, "challenge", challengeCharsMax),
    credential: body["credential"],
    kind: "console",
    caller: call.caller,
  });
  return welcome(call, 200, unwrap(signedIn));
}

export async function exchangeToken(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["token"]);
  const token = textOf(body, "token", jwtCharsMax);
  const exchanged = unwrap(await call.parts.identity.exchange({ token, caller: call.caller }));
  return reply("json", 200, { token: exchanged.token, expiresAt: exchanged.expiresAt, grants: exchanged.grants });
}

/** To the identity provider. What binds its answer to this browser is a cookie that lasts as long as that may take. */
export async function openidSignIn(call: Call): Promise<Response> {
  const query = call.query();
  const returnTo = query.text("return") ?? "/";
  query.done();
  try {
    const { url, binding, expiresAt } = unwrap(await call.parts.identity.openidStart({ returnTo }));
    const maxAgeMs = expiresAt - call.parts.clock.now();
    return redirect(url, [setCookie("openid", binding, { ...cookieScope(call), maxAgeMs })]);
  } catch (error) {
    return backToSignIn(call, error);
  }
}

/** From the identity provider, who may add parameters of its own. */
export async function openidReturn(call: Call): Promise<Response> {
  const scope = cookieScope(call);
  const binding = cookieIn(call.request.headers.get("cookie"), cookieName("openid", scope));
  const gone = clearCookie("openid", scope);
  try {
    if (binding === undefined || binding === "") throw begunElsewhere();
    const given = { query: call.queryText, binding, caller: call.caller };
    const { cookie = "", expiresAt, returnTo } = unwrap(await call.parts.identity.openidReturn(given));
    return redirect(returnTo, [sessionCookie(call, { cookie, expiresAt }), gone]);
  } catch (error) {
    return backToSignIn(call, error, [gone]);
  }
}

function begunElsewhere(): SluiceError {
  return new SluiceError({
    code: "sign_in_failed",
    message: "The sign-in was begun in another browser, or took too long.",
    hint: "Begin again.",
  });
}

/** People see pages, not the API's failures. */
function backToSignIn(call: Call, error: unknown, cookies: readonly string[] = []): Response {
  const { code, message } = toWire(error);
  if (code === "internal") throw error;
  call.parts.log("warn", "somebody could not sign in at the identity provider", { code, error: message });
  // The page has the words: what stands in a URL anybody may have written.
  return redirect(`/sign-in?error=${code}`, cookies);
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ ...nosniff, location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 302, headers });
}
