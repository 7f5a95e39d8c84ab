// Secrets, services and circuit breakers in a real browser, on a server whose worker uses them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const hostile = "<script>alert(1)</script>\u202Egnp.exe\u001B[31m";
const project = `
import { defineService, workflow } from "sluice";

const payments = defineService({
  id: "payments",
  name: ${JSON.stringify(hostile)},
  version: "3.1.0",
  circuitBreaker: { name: "payments", failureThreshold: 1, recoveryTimeout: "1h" },
  setup: () => ({
    pay: (): number => {
      throw new Error(${JSON.stringify(hostile)});
    },
  }),
}).withConfig();

export const pay = workflow({ name: "pay", services: { payments } }, (ctx) => ctx.services.payments.pay());
`;

describeInBrowser("secrets and services", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-services-"));
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    writeProject(join(folder, "project"), { "workflows/pay.ts": project });
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

  test("a secret is set by keys, replaced and removed; what is in it is in no answer", async () => {
    const answers: string[] = [];
    page.on("response", (response) => {
      if (response.url().includes("/api/v1/secrets"))
        void response.text().then(
          (text) => answers.push(text),
          () => undefined,
        );
    });
    await page.goto(`${server.url}/settings/secrets`);
    await settled(page);
    await page.getByText("No secrets").waitFor();
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "Set a secret" });
    await dialog.getByLabel("Name").fill("stripe/key");
    await dialog.getByLabel("Value").fill("sk_live_from_a_browser");
    await page.keyboard.press("Enter");
    await page.getByRole("cell", { name: "stripe/key", exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole("button", { name: "Replace", exact: true }).click();
    const again = page.getByRole("dialog", { name: "Replace stripe/key" });
    await again.getByLabel("Value").fill("sk_live_another_value");
    await again.getByRole("button", { name: "Set", exact: true }).click();
    await page.getByRole("cell", { name: "2", exact: true }).waitFor();
    await page.getByRole("button", { name: "New key", exact: true }).click();
    await page.getByRole("button", { name: "Make a new key" }).click();
    await page.getByText("Every secret is encrypted with a new key").first().waitFor();
    await page.getByRole("button", { name: "Remove stripe/key" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("No secrets").waitFor();
    expect(answers.length).toBeGreaterThan(3);
    expect(answers.join("")).not.toContain("sk_live");
  });

  test("a service and its open breaker are shown with what went wrong, as text, and the breaker is closed", async () => {
    await call(server, "POST /api/v1/workflows/pay/runs?wait=10s", { input: null });
    await page.goto(`${server.url}/workers`);
    await settled(page);
    const breakers = page.getByRole("table", { name: "Circuit breakers" });
    await breakers.getByText("Open", { exact: true }).waitFor();
    await breakers.getByText("<script>").first().waitFor();
    await page.getByRole("table", { name: "Services" }).getByText("Running").waitFor();
    await page.getByRole("table", { name: "Services" }).getByText("<script>").first().waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await breakers.getByRole("button", { name: "Close" }).click();
    await breakers.getByText("Closed", { exact: true }).waitFor();
    const shown = await call<{ breakers: { state: string }[] }>(server, "GET /api/v1/breakers");
    expect(shown?.body.breakers).toMatchObject([{ name: "payments", state: "closed" }]);
    expect(complaints).toEqual([]);
  });
});
