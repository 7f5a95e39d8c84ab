// Setting up, signing in and out in a real browser.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems } from "./browser.ts";
import { startConsole } from "./console-data.ts";
import { killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const password = "a long enough sentence";

describeInBrowser("signing in", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
  let server: ServerProcess;
  let browser: Browser;
  let profile: BrowserContext;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    [server, browser] = await Promise.all([startConsole({ data: folder }), launchBrowser()]);
    profile = await openProfile(browser);
    page = await profile.newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function fill(fields: Readonly<Record<string, string>>, button: string): Promise<void> {
    for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
    await page.getByRole("button", { name: button, exact: true }).click();
  }

  test("without a user leads to the page that says how to make one", async () => {
    await page.goto(`${server.url}/settings/appearance`);
    await page.waitForURL("**/setup");
    await page.getByText("sluice user create --admin").waitFor();
    expect(await seriousProblems(page)).toEqual([]);
  });

  test("the set-up link makes the first user, once", async () => {
    const link = server.setUpUrl ?? "";
    expect(link).toContain("/setup#");
    await page.goto("about:blank");
    await page.goto(link);
    await fill({ Name: "mara", Password: "1234567890" }, "Create and sign in");
    await page.getByRole("alert").waitFor();
    await fill({ Name: "mara", Password: password }, "Create and sign in");
    await page.waitForURL(`${server.url}/`);
    await page.getByRole("button", { name: "Account: mara" }).waitFor();
    const other = await (await openProfile(browser)).newPage();
    await other.goto(link);
    await other.getByText("This server has its first user already.").waitFor();
    await other.context().close();
  });

  test("signing out leads to the sign-in page, and signing in back to where one was going", async () => {
    await page.getByRole("button", { name: "Account: mara" }).click();
    await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
    await page.waitForURL("**/sign-in");
    await page.goto(`${server.url}/search?q=order`);
    await page.waitForURL("**/sign-in?return=*");
    expect(await seriousProblems(page)).toEqual([]);
    await fill({ Name: "mara", Password: "not the password" }, "Sign in");
    await page.getByRole("alert").waitFor();
    await fill({ Name: "mara", Password: password }, "Sign in");
    await page.waitForURL("**/search?q=order");
  });

  test("what a link writes into the page's URL is not said there", async () => {
    const other = await (await openProfile(browser)).newPage();
    await other.goto(`${server.url}/sign-in?error=${encodeURIComponent("Call 555-0199 to unlock your account")}`);
    await other.getByRole("alert").getByText("Signing in did not work.").waitFor();
    expect(await other.getByText("555-0199").count()).toBe(0);
    await other.goto(`${server.url}/sign-in?error=unavailable`);
    await other.getByRole("alert").getByText("The identity provider cannot be reached.").waitFor();
    await other.context().close();
  });

  test("a session that ends elsewhere leads to the sign-in page", async () => {
    await page.goto(server.url);
    await page.getByRole("status", { name: "Connection: Live" }).waitFor();
    await profile.request.post(`${server.url}/api/v1/auth/logout`, {
      data: {},
      headers: { origin: server.url, "sec-fetch-site": "same-origin" },
    });
    await page.waitForURL("**/sign-in*");
  });

  test("nothing on the way complained", () => {
    expect(complaints).toEqual([]);
  });
});
