import { afterAll, describe, expect, test } from "bun:test";
import { caller, codeOf, desks, expectRefused, good } from "../identity.fixture.suite.ts";
import type { Desk } from "../identity.fixture.suite.ts";
import type { OpenIdSettings } from "../settings.ts";
import { clientId, clientSecret, redirectUri, startProvider } from "./openid.fixture.suite.ts";
import { safePage } from "./openid.ts";

const provider = await startProvider({
  "ada-at-work": {
    preferred_username: "ada",
    email: "ada@example.org",
    email_verified: true,
    groups: ["ops", "staff"],
  },
  "bob-at-work": { preferred_username: "bob", email: "root@example.org", email_verified: false, groups: ["strangers"] },
});
afterAll(() => provider.close());

const settings: OpenIdSettings = {
  name: "Work",
  issuer: provider.issuer,
  clientId,
  clientSecret,
  redirectUri,
  roles: { ops: ["operator"], leads: ["admin"] },
};
const open = desks();
// The provider and the library look at the real clock; only the notes in between at this one.
const opened = (more: Partial<OpenIdSettings> = {}): Promise<Desk> =>
  open({ settings: { openid: { ...settings, ...more } } });

/** Goes to the provider and comes back. */
async function comeBack(desk: Desk, login: string, returnTo = "/runs?status=failed") {
  const { binding, url } = good(await desk.identity.openidStart({ returnTo }));
  const back = await provider.visit(url, login);
  return { binding, query: back.search, url: back, caller };
}

describe("at an identity provider", () => {
  test("one signs in with code, PKCE, state and nonce, and comes back to the page one wanted", async () => {
    const desk = await opened();
    await desk.addUser("root", ["admin"]);
    const started = good(await desk.identity.openidStart({ returnTo: "/runs?status=failed" }));
    const asked = new URL(started.url).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: "openid profile email",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const signed = good(await desk.identity.openidReturn(await comeBack(desk, "ada-at-work")));
    expect(signed.returnTo).toBe("/runs?status=failed");
    expect(signed).toMatchObject({
      user: { name: "ada", email: "ada@example.org", roles: ["operator"] },
      session: { method: "openid", kind: "console" },
    });
    const who = await desk.identity.authenticate({ kind: "cookie", value: signed.cookie ?? "" }, caller);
    expect(good(who).may("run:start")).toBe(true);
    const again = good(await desk.identity.openidReturn(await comeBack(desk, "ada-at-work")));
    expect(again.user.id).toBe(signed.user.id);
    expect(await desk.audited()).toContainEqual(
      expect.objectContaining({ action: "user:create", by: expect.objectContaining({ kind: "system", id: "openid" }) }),
    );
  });

  test("nobody is let in as somebody else by an address or a name that they say is theirs", async () => {
    const desk = await opened({ defaultRoles: ["viewer"] });
    const root = await desk.addUser("bob", ["admin"]);
    good(await desk.identity.users.update(desk.local, root, { email: "root@example.org" }));
    const signed = good(await desk.identity.openidReturn(await comeBack(desk, "bob-at-work")));
    expect(signed.user.id).not.toBe(root);
    expect(signed.user).toMatchObject({ name: "bob-2", roles: ["viewer"] });
    expect(signed.user.email).toBeUndefined();
  });

  test("an answer is taken once, by the browser that asked, unchanged", async () => {
    const desk = await opened();
    await desk.addUser("root", ["admin"]);
    const mine = await comeBack(desk, "ada-at-work");
    const other = await comeBack(desk, "ada-at-work");
    const openidReturn = (p: typeof mine) => desk.identity.openidReturn(p);
    expect(codeOf(await openidReturn({ ...mine, binding: "" }))).toBe("sign_in_failed");
    expect(codeOf(await openidReturn({ ...mine, binding: `${mine.binding.slice(0, -4)}AAAA` }))).toBe("sign_in_failed");
    // The answer of another sign-in, as somebody would plant it in a victim's browser.
    expect(codeOf(await openidReturn({ ...other, binding: mine.binding }))).toBe("sign_in_failed");
    expect(codeOf(await openidReturn(other))).toBe("ok");
    expect(codeOf(await openidReturn(other))).toBe("sign_in_failed");
    const third = await comeBack(desk, "ada-at-work");
    third.url.searchParams.set("state", "guessed");
    expect(codeOf(await openidReturn({ ...third, query: third.url.search }))).toBe("sign_in_failed");
    const failed = await comeBack(desk, "ada-at-work");
    expect(codeOf(await openidReturn({ ...failed, query: "?error=access_denied" }))).toBe("sign_in_failed");
    expect(codeOf(await openidReturn(failed))).toBe("sign_in_failed");
    const late = await comeBack(desk, "ada-at-work");
    desk.clock.advance(600_000);
    expect(codeOf(await openidReturn(late))).toBe("sign_in_failed");
    expect((await desk.audited()).filter(({ outcome }) => outcome === "refused")).toHaveLength(8);
  });

  test("a code is worth nothing to who has not begun: it comes with another verifier", async () => {
    const desk = await opened();
    await desk.addUser("root", ["admin"]);
    const stolen = await comeBack(desk, "ada-at-work");
    const own = good(await desk.identity.openidStart({ returnTo: "/" }));
    const state = new URL(own.url).searchParams.get("state") ?? "";
    stolen.url.searchParams.set("state", state);
    const planted = { ...stolen, binding: own.binding, query: stolen.url.search };
    expect(codeOf(await desk.identity.openidReturn(planted))).toBe("sign_in_failed");
  });

  test("who has the wrong secret, or cannot reach the provider, is told so", async () => {
    const wrong = await opened({ clientSecret: "another secret of enough length" });
    await wrong.addUser("root", ["admin"]);
    expectRefused(await wrong.identity.openidReturn(await comeBack(wrong, "ada-at-work")), "sign_in_failed");
    expect(wrong.logged.some(({ message }) => message.includes("identity provider"))).toBe(true);
    const gone = await opened({ issuer: "http://127.0.0.1:1" });
    expectRefused(await gone.identity.openidStart({ returnTo: "/" }), "unavailable");
    const plain = await opened({ issuer: "http://id.example" });
    expectRefused(await plain.identity.openidStart({ returnTo: "/" }), "unavailable");
  });

  test("nobody signs in where it is not set up", async () => {
    const desk = await open();
    expect(desk.identity.methods().openid).toBeNull();
    expect(codeOf(await desk.identity.openidStart({ returnTo: "/" }))).toBe("bad_request");
    expect(codeOf(await desk.identity.openidReturn({ query: "", binding: "", caller }))).toBe("bad_request");
  });
});

test.each([
  ["/runs?status=failed#x", "/runs?status=failed#x"],
  ["/", "/"],
  ["", "/"],
  ["runs", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["/..//evil.example", "/evil.example"],
  ["/a/..//evil.example", "/evil.example"],
  ["https://evil.example", "/"],
  ["javascript:alert(1)", "/"],
])("%p is the page %p of the console", (given, page) => {
  expect(safePage(given)).toBe(page);
});
