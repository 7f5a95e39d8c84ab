// Queues in a real browser: paused and resumed from where they are shown, and a run that says what it waits for.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = `
import { workflow } from "sluice";

export const mail = workflow({ name: "mail", queue: "mails" }, async (_ctx, n: number) => n);
export const news = workflow({ name: "news", queue: "mails" }, async (_ctx, n: number) => n);
export const tenant = workflow(
  { name: "tenant", concurrency: { limit: 1, key: "input.tenant", countWaiting: true } },
  async (ctx) => ctx.waitFor("never"),
);
`;

describeInBrowser("queues", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-queues-"));
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  const start = async (workflow: string, input: unknown): Promise<string> => {
    const started = await call<{ run: { id: string } }>(server, `POST /api/v1/workflows/${workflow}/runs`, { input });
    return started?.body.run.id ?? "";
  };

  beforeAll(async () => {
    writeProject(join(folder, "project"), { "workflows/mail.ts": project });
    [server, browser] = await Promise.all([
      startServer({ project: join(folder, "project"), data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  test("are paused and resumed where workers are shown, and say what they hold back", async () => {
    await page.goto(`${server.url}/workers`);
    await settled(page);
    const row = page.getByRole("table", { name: "Queues" }).getByRole("row", { name: /mails/ });
    await row.getByText("open", { exact: true }).waitFor();
    await row.getByText("mail, news").waitFor();
    await row.getByRole("button", { name: "Pause" }).click();
    await row.getByText("paused", { exact: true }).waitFor();
    const run = await start("mail", 7);
    await row.getByRole("cell", { name: "1", exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await row.getByRole("button", { name: "Resume" }).click();
    await row.getByText("open", { exact: true }).waitFor();
    const ended = await call<{ run: { output: unknown } }>(server, `GET /api/v1/runs/${run}?wait=10s`);
    expect(ended?.body.run.output).toBe(7);
  });

  test("are paused on the page of their workflow, too; its run leads there", async () => {
    await page.goto(`${server.url}/workflows/mail`);
    await settled(page);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("button", { name: "Resume", exact: true }).waitFor();
    const run = await start("mail", 8);
    await page.goto(`${server.url}/runs/${run}`);
    await settled(page);
    await page.getByRole("link", { name: "paused queue mails" }).click();
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a run that waits for others says for which value of their key, and is found by why it waits", async () => {
    const first = await start("tenant", { tenant: "acme" });
    const second = await start("tenant", { tenant: "acme" });
    await page.goto(`${server.url}/runs/${second}`);
    await settled(page);
    await page.getByText(/the concurrency limit of .*input\.tenant.* = .*acme/).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.goto(`${server.url}/runs?reason=concurrency_limit`);
    await settled(page);
    await page.locator(`a[href$="/runs/${second}"]`).first().waitFor();
    expect(await page.locator(`a[href$="/runs/${first}"]`).count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
