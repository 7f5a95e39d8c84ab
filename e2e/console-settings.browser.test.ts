// Users, roles, tokens, the audit trail, the server's settings and one's own account, in a real browser on a server where
// everybody signs in.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Grant } from "@sluice/protocol";
import { TOTP } from "otpauth";
import type { Browser, BrowserContext, Page } from "playwright-core";
import {
  complaintsOf,
  describeInBrowser,
  farLooks,
  launchBrowser,
  openProfile,
  seriousProblems,
  settled,
} from "./browser.ts";
import { killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const password = "a long enough sentence";
const hostile = "<script>alert(1)</script>\u202Egnp.exe\u001B[31m";

/** A port that is free now: passkeys belong to an address, which has to be known before the server is there. */
async function freePort(): Promise<number> {
  const web = createServer();
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const { port } = web.address() as AddressInfo;
  await new Promise((resolve) => web.close(resolve));
  return port;
}

describeInBrowser("the settings", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-settings-"));
  let server: ServerProcess;
  let browser: Browser;
  let profile: BrowserContext;
  let page: Page;
  let complaints: readonly string[];
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    writeProject(join(folder, "project"), {
      "sluice.config.ts": "export default { identity: { totp: true, passkeys: true } };\n",
    });
    const args = ["--port", String(port), "--public-url", url];
    [server, browser] = await Promise.all([
      startServer({ project: join(folder, "project"), data: join(folder, "data"), args }),
      launchBrowser(),
    ]);
    profile = await openProfile(browser);
    page = await profile.newPage();
    complaints = complaintsOf(page);
    await page.goto(server.setUpUrl ?? "");
    await page.getByLabel("Name").fill("mara");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.getByRole("button", { name: "Account: mara" }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  /** As the page itself would ask. */
  async function ask<T>(what: string, body?: unknown): Promise<{ readonly status: number; readonly body: T }> {
    const [method = "GET", path = "/"] = what.split(" ");
    const headers = { origin: url, "sec-fetch-site": "same-origin" };
    const response = await profile.request.fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { data: body }),
    });
    const text = await response.text();
    return { status: response.status(), body: (text === "" ? undefined : JSON.parse(text)) as T };
  }
  const open = async (path: string) => {
    await page.goto(url + path);
    await settled(page);
  };
  const toast = async (text: string | RegExp) => page.getByText(text).first().waitFor();
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  type Users = {
    readonly users: readonly { readonly id: string; readonly name: string; readonly roles: readonly string[] }[];
  };

  test("the last administrator is told so before trying", async () => {
    await open("/settings/users");
    await page.getByRole("link", { name: "mara" }).click();
    const drawer = page.getByRole("dialog", { name: "mara" });
    await drawer.getByText("The last user with this role who is not disabled").waitFor();
    expect(await drawer.getByRole("checkbox", { name: "admin" }).isDisabled()).toBe(true);
    expect(await drawer.getByRole("button", { name: "Disable", exact: true }).isDisabled()).toBe(true);
    expect(await seriousProblems(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });

  test("a user is made by keys, changed, disabled, and found again by the URL", async () => {
    await open("/settings/users");
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New user" });
    await dialog.getByLabel("Name", { exact: true }).fill("ben");
    await dialog.getByLabel("Password (optional)").fill(password);
    await dialog.getByRole("checkbox", { name: "operator" }).click();
    await page.keyboard.press("Tab");
    await dialog.getByRole("button", { name: "Create user" }).click();
    const drawer = page.getByRole("dialog", { name: "ben" });
    await drawer.getByRole("checkbox", { name: "viewer" }).click();
    await drawer.getByRole("button", { name: "Save changes" }).click();
    await toast("ben is changed");
    const ben = (await ask<Users>("GET /api/v1/users?text=ben")).body.users[0];
    expect(ben?.roles).toEqual(["operator"]);
    await drawer.getByRole("button", { name: "Disable", exact: true }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Disable" }).click();
    await drawer.getByText("Disabled").waitFor();
    await page.reload();
    await drawer.getByRole("button", { name: "Enable" }).click();
    await drawer.getByRole("button", { name: "Disable", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL("**/settings/users");
    await page.goBack();
    await drawer.waitFor();
    await page.keyboard.press("Escape");
  });

  test("a role is made of another one, narrowed, and never leads to a shell", async () => {
    await open("/settings/roles?role=admin");
    await page.getByText("Built in, cannot be changed").waitFor();
    expect(await page.getByRole("checkbox", { name: "backup:create" }).isDisabled()).toBe(true);
    await page.getByRole("link", { name: "Make one like it" }).click();
    await page.getByLabel("Name").fill("billing");
    expect(await page.getByRole("checkbox", { name: "backup:create" }).isChecked()).toBe(false);
    expect(await page.getByRole("checkbox", { name: "backup:create" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "None of user" }).click();
    await page.getByLabel("run:cancel on which workflow").fill("billing/*, ops");
    await button("Create role").click();
    await page.waitForURL("**/settings/roles?role=billing");
    type Roles = {
      readonly roles: readonly { readonly name: string; readonly grants: readonly Grant[] }[];
    };
    const { body } = await ask<Roles>("GET /api/v1/roles");
    const grants = body.roles.find(({ name }) => name === "billing")?.grants ?? [];
    expect(grants).toContainEqual({ permission: "run:cancel", only: ["billing/*", "ops"] });
    expect(grants.some(({ permission }) => /^(?:user|backup):/.test(permission))).toBe(false);
    await button("Delete").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete role" }).click();
    await page.waitForURL("**/settings/roles");
    await page.getByRole("link", { name: "viewer" }).waitFor();
  });

  test("a token's secret is shown once, works, and is revoked; its name is text", async () => {
    await open("/settings/tokens?create=true");
    const dialog = page.getByRole("dialog", { name: "New token" });
    await dialog.getByLabel("Name").fill(hostile);
    await dialog.getByRole("combobox", { name: "Expires after" }).click();
    await page.getByRole("option", { name: "30 days" }).click();
    await dialog.getByRole("button", { name: "Add a limit" }).click();
    await dialog.getByLabel("Patterns of workflow").fill("billing/*");
    await dialog.getByRole("button", { name: "Create token" }).click();
    const shown = page.getByRole("dialog", { name: "Copy the token now" });
    const secret = await shown.getByRole("region", { name: "Token" }).innerText();
    expect(await seriousProblems(page)).toEqual([]);
    const me = await fetch(`${url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${secret}` } });
    expect(await me.json()).toMatchObject({ authentication: "token", user: { name: "mara" } });
    // It is shown this once: neither a key nor a click beside it takes it away.
    await page.keyboard.press("Escape");
    await page.mouse.click(5, 5);
    expect(await shown.getByRole("region", { name: "Token" }).innerText()).toBe(secret);
    await shown.getByRole("button", { name: "I have copied it" }).click();
    await page.getByRole("link", { name: /<script>alert\(1\)<\/script>/ }).click();
    expect(await page.content()).not.toContain(secret);
    const drawer = page.getByRole("dialog");
    await drawer.getByText("Only workflow").waitFor();
    await drawer.getByRole("button", { name: "Revoke token" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Revoke", exact: true }).click();
    await drawer.getByText("Revoked").first().waitFor();
    const after = await fetch(`${url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${secret}` } });
    expect(after.status).toBe(401);
    await page.keyboard.press("Escape");
  });

  test("the audit trail is filtered by the URL, compared, verified and exported", async () => {
    await open("/settings/audit?action=user:*");
    const grid = page.getByRole("grid", { name: "Audit trail" });
    await grid.getByText("user:create").first().waitFor();
    expect(await grid.getByText("token:create").count()).toBe(0);
    const changed = grid
      .getByRole("row")
      .filter({ hasText: /user:(?:update|write|change)/ })
      .last();
    await changed.click();
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("table", { name: "Fields before and after" }).getByText("operator").first().waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    const deep = page.url();
    expect(deep).toContain("row=");
    await page.goto(deep);
    await drawer.getByRole("table", { name: "Fields before and after" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("searchbox", { name: "Find in the audit trail" }).fill("no such words");
    await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    await button("Verify").click();
    await page.getByText("The trail is whole").waitFor();
    await page.keyboard.press("Escape");
    await open("/settings/audit?action=user:create");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("sluice-audit.jsonl");
  });

  test("the server's settings are found, with where each comes from", async () => {
    await open("/settings/server?set=true");
    const row = page.getByRole("table", { name: "Settings" }).getByRole("row").filter({ hasText: "publicUrl" });
    await row.getByText("Flag").waitFor();
    await page.getByRole("searchbox", { name: "Find a setting" }).fill("identity.totp");
    await page.getByRole("table", { name: "Settings" }).getByText("sluice.config.ts").waitFor();
  });

  test("what a search finds opens, wherever it is in its list", async () => {
    const { body: made } = await ask<{ readonly id: string }>("POST /api/v1/tokens", {
      name: "findme",
      role: "viewer",
    });
    for (let i = 0; i < 51; i++) await ask("POST /api/v1/tokens", { name: `other ${i}`, role: "viewer" });
    await open("/search?q=findme");
    await page.getByRole("link", { name: "findme" }).click();
    await page.waitForURL(`**/settings/tokens?token=${made.id}`);
    await page.getByRole("dialog", { name: "findme" }).getByText(made.id).waitFor();
    await open("/settings/audit?action=user:*&row=1");
    await page.getByRole("dialog", { name: "Row 1" }).getByText("This row").waitFor();
    await open("/settings/audit?row=999999");
    await page.getByText("There is no such row").waitFor();
  });

  test("a backup is downloaded whole", async () => {
    const other = await openProfile(browser);
    await other.addCookies((await profile.storageState()).cookies);
    const shown = await other.newPage();
    await shown.goto(`${url}/settings/server`);
    const [download] = await Promise.all([
      shown.waitForEvent("download"),
      shown.getByRole("button", { name: "Download a backup" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("sluice-backup.tar");
    expect(new URL(download.url()).searchParams.get("ticket")).not.toBeNull();
    const archive = await Bun.file(await download.path()).bytes();
    expect(new TextDecoder().decode(archive.subarray(257, 262))).toBe("ustar");
    await other.close();
  });

  test("who may little sees little, gives nothing they lack, and changes their password", async () => {
    const other = await openProfile(browser);
    const shown = await other.newPage();
    await shown.goto(`${url}/sign-in?return=/settings/users`);
    await shown.getByLabel("Name").fill("ben");
    await shown.getByLabel("Password").fill(password);
    await shown.getByRole("button", { name: "Sign in", exact: true }).click();
    await shown.getByText("user:read").first().waitFor();
    const links = shown.getByRole("navigation", { name: "Settings" }).getByRole("link");
    expect(await links.allInnerTexts()).toEqual(["Account", "Appearance", "Tokens"]);
    await shown.goto(`${url}/settings/tokens?create=true`);
    const dialog = shown.getByRole("dialog", { name: "New token" });
    await dialog.getByLabel("Name").fill("too much");
    await dialog.getByRole("combobox", { name: "May do" }).click();
    await shown.getByRole("option", { name: "What admin may" }).click();
    await dialog.getByRole("button", { name: "Create token" }).click();
    await dialog.getByRole("alert").getByText("Nobody gives what they lack.").waitFor();
    await shown.goto(`${url}/settings/account`);
    await shown.getByLabel("Current password").fill(password);
    await shown.getByLabel("New password", { exact: true }).fill("another long sentence");
    await shown.getByLabel("New password again").fill("another long sentense");
    await shown.getByRole("button", { name: "Change password" }).click();
    await shown.getByText("The two are not the same.").waitFor();
    await shown.getByLabel("New password again").fill("another long sentence");
    await shown.getByRole("button", { name: "Change password" }).click();
    await shown.getByText("Password changed.").first().waitFor();
    const body = { name: "ben", password: "another long sentence", kind: "program" };
    expect((await ask("POST /api/v1/auth/login", body)).status).toBe(200);
    await other.close();
  });

  test("the second factor is turned on by its code and asked for at the next sign-in", async () => {
    await open("/settings/account");
    await button("Turn on").click();
    await page.getByLabel("Your password").fill(password);
    await button("Continue").click();
    const dialog = page.getByRole("dialog", { name: "Add it to your app" });
    await dialog.getByRole("img", { name: "Code to scan with an authenticator app" }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    const secret = (await dialog.getByRole("region", { name: "Key" }).innerText()).replaceAll(/\s/g, "");
    await dialog.getByLabel("Code of the app").fill("000000");
    await dialog.getByRole("button", { name: "Turn on" }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Code of the app").fill(new TOTP({ secret }).generate());
    await dialog.getByRole("button", { name: "Turn on" }).click();
    const codes = page.getByRole("dialog", { name: "The second factor is on" });
    const [recovery = ""] = (await codes.getByRole("region", { name: "Recovery codes" }).innerText()).split("\n");
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      codes.getByRole("button", { name: "Download" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("sluice-recovery-codes.txt");
    await codes.getByRole("button", { name: "I have kept them" }).click();
    const other = await openProfile(browser);
    const signIn = await other.newPage();
    await signIn.goto(`${url}/sign-in`);
    await signIn.getByLabel("Name").fill("mara");
    await signIn.getByLabel("Password").fill(password);
    await signIn.getByRole("button", { name: "Sign in", exact: true }).click();
    await signIn.getByLabel("Code").fill(recovery);
    await signIn.getByRole("button", { name: "Sign in", exact: true }).click();
    await signIn.getByRole("button", { name: "Account: mara" }).waitFor();
    await open("/settings/account");
    const sessions = page.getByRole("table", { name: "Sessions" });
    await sessions.getByText("This one").waitFor();
    await sessions.getByRole("button", { name: /^End the session/ }).click();
    await signIn.waitForURL("**/sign-in*");
    await other.close();
  });

  test("a passkey is made, signs in, and is forgotten", async () => {
    const devices = await profile.newCDPSession(page);
    await devices.send("WebAuthn.enable");
    await devices.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await open("/settings/account");
    await button("Add a passkey").click();
    const dialog = page.getByRole("dialog", { name: "Add a passkey" });
    await dialog.getByLabel("Name").fill("laptop");
    await dialog.getByLabel("Your password").fill(password);
    await dialog.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("table", { name: "Passkeys" }).getByText("laptop").waitFor();
    await button("Account: mara").click();
    await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
    await page.waitForURL("**/sign-in*");
    await button("Sign in with a passkey").click();
    await button("Account: mara").waitFor();
    await open("/settings/account");
    await button("Forget the passkey laptop").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Forget it" }).click();
    await page.getByText("None yet.").waitFor();
  });

  for (const { widthPx, theme } of farLooks) {
    test(`has no serious flaw of accessibility at ${widthPx} pixels, ${theme}`, async () => {
      const state = await profile.storageState();
      const look = await openProfile(browser, { widthPx, theme });
      await look.addCookies(state.cookies);
      const shown = await look.newPage();
      for (const name of ["account", "users", "roles?create=true", "tokens"]) {
        await shown.goto(`${url}/settings/${name}`);
        await settled(shown);
        const overflow = await shown.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect({ name, overflow, problems: await seriousProblems(shown) }).toEqual({
          name,
          overflow: 0,
          problems: [],
        });
      }
      await look.close();
    });
  }

  test("nothing on the way complained", () => {
    expect(complaints).toEqual([]);
  });
});
