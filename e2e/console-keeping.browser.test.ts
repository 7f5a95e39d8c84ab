// How runs are kept, in a real browser: encrypted ones are shown and erased, keys are listed and renewed, and runs of old code are
// moved to the current one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const code = (version: string): string => `
import { workflow } from "sluice";

export const intake = workflow({ name: "intake", encrypt: true }, async (ctx, input: string) => ctx.step("read", () => input));
export const orders = workflow({ name: "orders" }, async (ctx) => {
  await ctx.step("same", () => 1);
  await ctx.waitFor("go");
  return ${JSON.stringify(version)};
});
`;

interface Answer {
  readonly run: { readonly id: string; readonly status: string };
}

describeInBrowser("how runs are kept", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-keeping-"));
  const project = join(folder, "project");
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

  const start = async (version: string): Promise<void> => {
    writeProject(project, { "workflows/flows.ts": code(version) });
    const args = ["--no-auth", "--limit", "parkAfterMs=1"];
    server = await startServer({ project, data: join(folder, "data"), args });
  };
  const ask = async (what: string, body?: unknown): Promise<Answer["run"]> => {
    const answer = await call<Answer>(server, what, body);
    if (answer === undefined) throw new Error(`${what} had no answer`);
    return answer.body.run;
  };
  beforeAll(async () => {
    [, browser] = await Promise.all([start("one"), launchBrowser()]);
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  test("an encrypted run says so, is erased, and its workflow has a key that is renewed", async () => {
    const { id } = await ask("POST /api/v1/workflows/intake/runs?wait=10s", { input: "a letter" });
    await page.goto(`${server.url}/runs/${id}`);
    await settled(page);
    await page.getByText("Encrypted", { exact: true }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Erase its values…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Erase for good" }).click();
    await page.getByText("Erased", { exact: true }).first().waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.goto(`${server.url}/settings/secrets`);
    await settled(page);
    const row = page.getByRole("row", { name: /intake/ });
    await row.waitFor();
    await page.getByRole("button", { name: "New keys", exact: true }).click();
    await page.getByRole("button", { name: "Make new keys" }).click();
    await page.getByText("Every workflow has a new key").first().waitFor();
    await page.getByRole("button", { name: "Erase intake" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Erase for good" }).click();
    await page.getByRole("alertdialog").waitFor({ state: "hidden" });
    expect(await seriousProblems(page)).toEqual([]);
  });

  test("runs of old code are counted beside it and moved on, and the page follows", async () => {
    const { id } = await ask("POST /api/v1/workflows/orders/runs", { input: null });
    while ((await ask(`GET /api/v1/runs/${id}`)).status !== "waiting");
    await killAll(server);
    await start("two");
    await page.goto(`${server.url}/workers`);
    await settled(page);
    const row = page.getByRole("row", { name: /orders/ }).filter({ hasText: "1 waiting" });
    await row.waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await row.getByRole("button", { name: "Move on" }).click();
    await page.getByRole("button", { name: "Move what can be moved" }).click();
    await page.getByText("1 moved, 0 stay").first().waitFor();
    await page
      .getByRole("row", { name: /Current/ })
      .filter({ hasText: "1 waiting" })
      .waitFor();
    expect(complaints).toEqual([]);
  });
});
