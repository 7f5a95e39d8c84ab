// The triggers of a workflow in a real browser over a real server: how far each has got, made-up and repeated deliveries,
// forms, and what operators do to them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import type { Look } from "./browser.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = `
import { fileWatch, manual, onEvent, poll, webhook, workflow } from "sluice";
import { z } from "zod";

let polls = 0;
export const shop = workflow(
  {
    name: "shop",
    triggers: [
      webhook("/shops/:shop", { secret: { env: "SHOP" }, condition: ({ body }) => (body as { n?: number }).n !== 0 }),
      poll("items", { every: "1h", fetch: () => [{ id: ++polls }] }),
      onEvent("order.paid", { match: { ok: true }, debounce: "2s" }),
      fileWatch("inbox/*.csv"),
      manual({ title: "Refund", description: "Gives money back", schema: z.object({ amount: z.number().min(1) }) }),
    ],
  },
  async (_ctx, input: unknown) => input,
);
`;
const triggers = "/workflows/shop?tab=triggers";

describeInBrowser("triggers", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-triggers-"));
  let server: ServerProcess;
  let browser: Browser;

  beforeAll(async () => {
    writeProject(join(folder, "project"), { "workflows/shop.ts": project });
    mkdirSync(join(folder, "project/node_modules"));
    symlinkSync(join(import.meta.dir, "../node_modules/zod"), join(folder, "project/node_modules/zod"));
    [server, browser] = await Promise.all([
      startServer({
        project: join(folder, "project"),
        data: join(folder, "data"),
        args: ["--no-auth"],
        env: { SHOP: "s3cret" },
      }),
      launchBrowser(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage(look: Look, use: (page: Page) => Promise<void>) {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(server.url + triggers);
      await settled(page);
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  test("are shown with what they do, can look now, and be paused and resumed", async () => {
    await onPage({}, async (page) => {
      const poll = page.getByRole("region", { name: "Poll" });
      await poll.getByText("items").waitFor();
      // The look that a deployment begins with is over.
      await poll.getByText("Last run").waitFor();
      await poll.getByRole("button", { name: "Poll now" }).click();
      await page.getByText("Started 1 run", { exact: true }).waitFor();
      await poll.getByRole("button", { name: "Pause" }).click();
      await poll.getByText("paused").waitFor();
      await poll.getByRole("button", { name: "Resume" }).click();
      await poll.getByText("active").waitFor();
      await page.getByRole("region", { name: "Event" }).getByText("order.paid").first().waitFor();
      await page.getByRole("region", { name: "Files" }).getByText("inbox/*.csv").first().waitFor();
      await page.getByRole("region", { name: "Webhook" }).getByText("env SHOP").waitFor();
    });
  });

  test("a webhook is tried without a run, tested, and a delivery is looked at and delivered again", async () => {
    await onPage({}, async (page) => {
      await page.getByRole("region", { name: "Webhook" }).getByRole("button", { name: "Test" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox", { name: "Parameter shop" }).fill("lisbon");
      await dialog.getByRole("textbox", { name: "Body" }).fill('{"n": 0}');
      await dialog.getByRole("button", { name: "Try without a run" }).click();
      await dialog.getByText("No run: it would be ignored, since its condition does not hold.").waitFor();
      await dialog.getByRole("textbox", { name: "Body" }).fill('{"n": 7}');
      await dialog.getByRole("button", { name: "Try without a run" }).click();
      await dialog.getByText("A run would be started with:").waitFor();
      await dialog.getByRole("button", { name: "Deliver", exact: true }).click();
      await page.waitForURL(/\/runs\/run_/);
      const run = await call<{ run: { tags: readonly string[]; input: unknown } }>(
        server,
        `GET /api/v1${new URL(page.url()).pathname}`,
      );
      expect(run?.body.run).toMatchObject({ tags: ["test"], input: { params: { shop: "lisbon" }, body: { n: 7 } } });
      await page.goBack();
      const table = page.getByRole("table", { name: "Deliveries" });
      await table.getByText("started").first().click();
      const drawer = page.getByRole("dialog", { name: "Delivery" });
      await drawer.getByText("/shops/lisbon").or(drawer.getByText('{"n":7}')).first().waitFor();
      await drawer.getByRole("button", { name: "Deliver again" }).click();
      await page
        .getByText(/^Started run_/)
        .first()
        .waitFor();
      await table.getByText("started").nth(1).waitFor();
    });
    const refused = await fetch(`${server.url}/hooks/shops/x`, { method: "POST", body: "{}" });
    expect(refused.status).toBe(401);
    await onPage({}, async (page) => {
      await page.getByRole("table", { name: "Deliveries" }).getByText("The request is not signed.").waitFor();
    });
  });

  test("a form starts a run, and says what is wrong with what was filled in", async () => {
    await onPage({}, async (page) => {
      await page.getByRole("region", { name: "By hand" }).getByRole("button", { name: "Fill in" }).click();
      const dialog = page.getByRole("dialog", { name: "Refund" });
      await dialog.getByLabel(/amount/i).fill("0");
      await dialog.getByRole("button", { name: "Start run" }).click();
      await dialog.getByRole("alert").first().waitFor();
      await dialog.getByLabel(/amount/i).fill("12");
      await dialog.getByRole("button", { name: "Start run" }).click();
      await page.waitForURL(/\/runs\/run_/);
      const run = await call<{ run: { input: unknown } }>(server, `GET /api/v1${new URL(page.url()).pathname}`);
      expect(run?.body.run.input).toEqual({ amount: 12 });
    });
  });

  test("have nothing serious for an accessibility checker, and fit a phone", async () => {
    for (const look of [{}, { theme: "dark", widthPx: 390 }] as const) {
      await onPage(look, async (page) => {
        await page.getByRole("table", { name: "Deliveries" }).waitFor();
        expect(await seriousProblems(page)).toEqual([]);
        const wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
        expect(wide).toBe(false);
      });
    }
  });
});
