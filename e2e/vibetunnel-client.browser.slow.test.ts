// The published web client of VibeTunnel, from its npm package in a folder of its own, on the face that `sluice term serve` has.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { describeInBrowser, launchBrowser, openProfile } from "./browser.ts";
import { readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";

const client = "vibetunnel@1.0.0-beta.15.1";
const folder = mkdtempSync(join(tmpdir(), "sluice-vt-client-"));
const isInstalled = install();

function install(): boolean {
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  try {
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", client], {
      cwd: folder,
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

describeInBrowser("the web client of VibeTunnel", () => {
  if (!isInstalled) {
    describe.skip(`is not there: npm install ${client}`, () => test("works", () => undefined));
    return;
  }
  let server: Running;
  let browser: Browser;
  let page: Page;
  let url = "";
  const failures: string[] = [];

  beforeAll(async () => {
    const words = ["term", "serve", "--port", "0", "--json", "--project", folder, "--root", folder];
    const env = { VIBETUNNEL_USERNAME: userInfo().username, VIBETUNNEL_PASSWORD: "correct horse" };
    server = startSluice([...words, "--static-path", join(folder, "node_modules/vibetunnel/public")], { env });
    ({ url } = await readyLine(server));
    browser = await launchBrowser();
    page = await (await openProfile(browser)).newPage();
    page.on("pageerror", (error) => failures.push(String(error)));
    page.on("response", (response) => {
      // Web push is off, as with the published server's own flag, and before one has signed in nothing is shown.
      const expected = response.url().includes("/api/push/") || response.status() === 401;
      if (response.status() >= 400 && !expected) failures.push(`${response.status()} ${response.url()}`);
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await stop(server);
    rmSync(folder, { recursive: true, force: true });
  });

  test("signs in, begins a session, types into it and shows what it says, and ends it", async () => {
    await page.goto(url);
    await page.locator("input[type=password]").fill("correct horse");
    // It signs in as the user whom the server names.
    await page.locator("input[type=password]").press("Enter");
    await page
      .getByText(/session/i)
      .first()
      .waitFor();
    const token = await page.evaluate(`localStorage.getItem("vibetunnel_auth_token")`);
    const call = async (method: string, path: string, body?: object): Promise<Response> =>
      fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${String(token)}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const made = await call("POST", "/api/sessions", { command: ["sh"], workingDir: folder, name: "from the face" });
    const { sessionId } = (await made.json()) as { readonly sessionId: string };
    await page.getByText("from the face").first().waitFor();
    await page.goto(`${url}/session/${sessionId}`);
    await page.locator("vibe-terminal, session-view").first().waitFor();
    await page.getByText("$").or(page.getByText("#")).first().waitFor();
    await page.keyboard.type("echo from''-the-client");
    await page.keyboard.press("Enter");
    await page.getByText("from-the-client", { exact: false }).last().waitFor();
    const screen = await (await call("GET", `/api/sessions/${sessionId}/text`)).text();
    expect(screen).toContain("\nfrom-the-client");
    await call("DELETE", `/api/sessions/${sessionId}`);
    await page.goto(url);
    await page
      .getByText(/no running sessions|exited|no terminal|create/i)
      .first()
      .waitFor();
    expect(failures).toEqual([]);
  }, 120_000);
});
