// The board of disaster recovery in a real browser, over two real sites: what is in the way, and a failover from its plan to its end.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Sites, whyNoSites } from "@sluice/core/cluster/double";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { asked } from "./cluster-double.ts";
import { killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const missing = whyNoSites();
if (missing !== undefined) console.error(`left out: ${missing}`);

describeInBrowser("disaster recovery", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-recovery-board-"));
  const project = join(folder, "project");
  let sites: Sites | undefined;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    if (missing !== undefined) return;
    sites = await Sites.start();
    await sites.synchronousEpochs(true);
    writeProject(project, { "shop.yaml": JSON.stringify(sites.plan({ approval: "self" })) });
    [server, browser] = await Promise.all([
      startServer({ project, data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    await sites?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.skipIf(missing !== undefined)(
    "the board says what is in the way; a failover is planned, approved, begun and seen to its end",
    async () => {
      await page.goto(`${server.url}/clusters/recovery`);
      await settled(page);
      await page.getByRole("heading", { name: "No failover plan has been added" }).waitFor();
      await asked(server, "POST /api/v1/recoveries", { file: "shop.yaml" });
      await page.reload();
      const findings = page.getByRole("list", { name: "What is in the way" });
      await findings.getByText("not-protected").waitFor();
      await asked(server, "POST /api/v1/recoveries/shop/check", { protect: true });
      await page.getByRole("button", { name: "Check now" }).click();
      await findings.getByText("not-protected").waitFor({ state: "detached" });
      await findings.getByText("no-recent-drill").waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await page.getByRole("button", { name: "Plan a failover" }).click();
      await page.getByRole("button", { name: "Plan it" }).click();
      await page.getByRole("heading", { name: "Failover of shop" }).waitFor();
      expect(await page.getByRole("button", { name: "Begin", exact: true }).isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Approve", exact: true }).click();
      await page.getByRole("button", { name: "Approve it" }).click();
      await page.getByRole("button", { name: "Begin", exact: true }).click();
      await page.getByRole("button", { name: "Begin it" }).click();
      await page.getByText("Completed", { exact: true }).waitFor();
      await page.getByText("confirmed", { exact: true }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await page.goto(`${server.url}/clusters/recovery`);
      await page.getByRole("table", { name: "Failovers of shop" }).getByText("Completed").waitFor();
      expect(complaints).toEqual([]);
    },
    240_000,
  );
});
