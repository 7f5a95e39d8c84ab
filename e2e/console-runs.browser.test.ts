// The screens of runs in a real browser: from clicks to what the server then says, links that restore what was seen, keys,
// a server that is restarted below an open page, and hostile text.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
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
import type { Look } from "./browser.ts";
import { RunsServer } from "./console-runs-fixture.ts";
import { killAll } from "./server-process.ts";

describeInBrowser("runs", () => {
  const on = new RunsServer();
  let browser: Browser;
  let good: string;
  let bad: string;
  let large: string;
  let evil: string;

  beforeAll(async () => {
    [browser] = await Promise.all([launchBrowser(), on.start("--no-auth")]);
    [good, bad, large, evil] = await Promise.all([
      on.run("shop/order", { id: "o-1", total: 40 }, { tags: ["eu"] }),
      on.run("shop/order", { id: "o-2", total: 42, address: "nowhere" }, { tags: ["us"] }),
      on.run("report/pages", { pages: 40, large: 50_000 }),
      on.run("evil", {}),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await killAll(on.server);
    rmSync(on.folder, { recursive: true, force: true });
  });

  /** Runs with a page of its own, and nothing on it may have complained. */
  async function onPage(path: string, use: (page: Page, profile: BrowserContext) => Promise<void>, look: Look = {}) {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(on.url + path);
      await settled(page);
      await use(page, profile);
      expect(complaints).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  const rows = (page: Page) => page.getByRole("grid", { name: "Runs" }).getByRole("row");
  const row = (page: Page, id: string) => rows(page).filter({ hasText: id });
  const tab = (page: Page, name: string) => page.getByRole("tab", { name });
  const timeline = (page: Page) => page.getByRole("treegrid", { name: "Timeline" });
  const stepRow = (page: Page, name: string) => timeline(page).getByRole("row").filter({ hasText: name });
  const panel = (page: Page) => page.getByRole("complementary", { name: "Step" });
  const live = (page: Page) => page.getByRole("status", { name: "Connection: Live" });

  test("are listed by filters that are in the URL, and a link restores them", async () => {
    await onPage("/runs", async (page) => {
      await row(page, bad).getByText("did not complete").waitFor();
      await page.getByRole("button", { name: "Filter" }).click();
      await page.getByRole("menuitem", { name: "Status" }).click();
      await page.getByRole("checkbox", { name: "Failed" }).click();
      await page.keyboard.press("Escape");
      await page.waitForURL("**/runs?status=failed");
      await row(page, good).waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.getByRole("menuitem", { name: "Tag" }).click();
      await page.getByRole("textbox", { name: "Tag" }).fill("us");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/runs?status=failed&tag=us");
      await row(page, evil).waitFor({ state: "detached" });
      await page.reload();
      await row(page, bad).waitFor();
      expect(await rows(page).count()).toBe(2);
      await page.getByRole("button", { name: "Take away the filter Status" }).click();
      await page.waitForURL("**/runs?tag=us");
    });
  });

  test("that are new wait behind a button, and what changes changes in place", async () => {
    const waiting = await on.run("billing/wait", {}, { wait: "0s" });
    await on.until(waiting, ({ status }) => status === "waiting");
    await onPage("/runs", async (page) => {
      await live(page).waitFor();
      const first = rows(page).nth(1);
      expect(await first.textContent()).toContain(waiting);
      await on.run("quick", 1);
      await page.getByRole("button", { name: "Show 1 new" }).waitFor();
      expect(await first.textContent()).toContain(waiting);
      await on.send("go", waiting);
      await row(page, waiting).getByText("Completed").waitFor();
      await page.getByRole("button", { name: "Show 1 new" }).click();
      await rows(page).nth(1).filter({ hasText: "quick" }).waitFor();
    });
  });

  test("are chosen and cancelled by keys, with a reason", async () => {
    const some = await Promise.all([1, 2].map(async () => on.run("billing/wait", {}, { wait: "0s", tags: ["keys"] })));
    await Promise.all(some.map(async (id) => on.until(id, ({ status }) => status === "waiting")));
    await onPage("/runs?tag=keys", async (page) => {
      await rows(page).nth(2).waitFor();
      await page.getByRole("grid", { name: "Runs" }).focus();
      await page.keyboard.press("x");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await page.getByRole("toolbar", { name: "Chosen runs" }).getByText("2 chosen").waitFor();
      await page.getByRole("button", { name: "Cancel", exact: true }).click();
      await page.getByRole("textbox", { name: "Reason" }).fill("not needed");
      await page.getByRole("button", { name: "Cancel 2 runs" }).click();
      await page.getByText("Cancelled 2 runs").first().waitFor();
      for (const id of some) {
        expect(await on.until(id, ({ status }) => status === "cancelled")).toMatchObject({
          error: { message: "not needed" },
        });
      }
    });
  });

  test("that match are counted before they are deleted", async () => {
    await Promise.all([1, 2, 3].map(async (n) => on.run("quick", n, { tags: ["old"] })));
    const waiting = await on.run("billing/wait", {}, { wait: "0s", tags: ["old"] });
    await onPage("/runs?tag=old", async (page) => {
      await rows(page).nth(4).waitFor();
      await page.getByRole("button", { name: "All that match" }).click();
      await page.getByRole("menuitem", { name: "Delete…" }).click();
      await page.getByRole("alertdialog").getByText("tagged old").waitFor();
      expect(await on.list("tag=old")).toHaveLength(4);
      await page.getByRole("button", { name: "Delete 3 runs" }).click();
      await page.getByText("Deleted 3 runs").first().waitFor();
      expect((await on.list("tag=old")).map(({ id }) => id)).toEqual([waiting]);
      await rows(page).nth(2).waitFor({ state: "detached" });
    });
  });

  test("open with Enter, and going back finds the list as it was", async () => {
    await onPage("/runs?workflow=shop%2Forder", async (page) => {
      await row(page, good).waitFor();
      await page.getByRole("grid", { name: "Runs" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL("**/runs/run_*");
      await timeline(page).waitFor();
      await page.goBack();
      await page.waitForURL("**/runs?workflow=shop%2Forder");
      await row(page, good).waitFor();
    });
  });

  test("show their steps in time, attempts and children inside, and a selected step in the URL", async () => {
    await onPage(`/runs/${bad}`, async (page) => {
      await stepRow(page, "charge").first().click();
      await page.waitForURL("**?step=0");
      await panel(page).getByText("Attempt 1").waitFor();
      await panel(page).getByText("card network timeout").waitFor();
      await stepRow(page, "shop/ship").getByRole("button", { name: "Unfold" }).click();
      await stepRow(page, "book carrier").click();
      await panel(page).getByText("No carrier goes to nowhere.").first().waitFor();
      // Where it was thrown, in the project's own file.
      await panel(page).getByText("workflows/all.ts").waitFor();
      await page.reload();
      await panel(page).getByRole("heading", { name: "book carrier" }).waitFor();
      await panel(page).getByRole("button", { name: "The step before" }).click();
      await panel(page).getByRole("heading", { name: "pack" }).waitFor();
      await panel(page).getByRole("button", { name: "Close the step" }).click();
      await page.waitForURL(`**/runs/${bad}`);
    });
  });

  test("fold loops, unfold them by keys, and open a large value as a tree", async () => {
    await onPage(`/runs/${large}`, async (page) => {
      await stepRow(page, "×40").waitFor();
      expect(await timeline(page).getByRole("row").count()).toBe(3);
      await timeline(page).focus();
      await page.keyboard.press("ArrowRight");
      await stepRow(page, "page 7").waitFor();
      await page.keyboard.press("ArrowLeft");
      await stepRow(page, "page 7").waitFor({ state: "detached" });
      await stepRow(page, "large").click();
      await panel(page).getByRole("tree", { name: "Output" }).getByText("[50000]").waitFor();
    });
  });

  test("are a graph whose nodes lead to their steps", async () => {
    await onPage(`/runs/${good}?tab=graph`, async (page) => {
      const node = page.getByRole("region", { name: "Graph of the run" }).getByRole("button", { name: "invoice" });
      await node.click();
      await page.waitForURL("**?tab=graph&step=*");
      await panel(page).getByRole("heading", { name: "invoice" }).waitFor();
      await tab(page, "Journal").click();
      await page.getByRole("grid", { name: "Journal" }).getByText("shop/ship").waitFor();
      await tab(page, "Children").click();
      await page.getByRole("grid", { name: "Child runs" }).getByText("shop/ship").waitFor();
      await tab(page, "Logs").click();
      await page.getByText("order received").first().waitFor();
      await page.goBack();
      await page.getByRole("grid", { name: "Child runs" }).waitFor();
    });
  });

  test("are paused and resumed by a key, with a way back, and cancelled after a question", async () => {
    const waiting = await on.run("billing/wait", {}, { wait: "0s" });
    await on.until(waiting, ({ status }) => status === "waiting");
    await onPage(`/runs/${waiting}`, async (page) => {
      await timeline(page).waitFor();
      await page.keyboard.press("p");
      await on.until(waiting, ({ status }) => status === "paused");
      await page.getByRole("button", { name: "Undo" }).click();
      await on.until(waiting, ({ status }) => status === "waiting");
      await page.getByRole("button", { name: "Cancel…" }).click();
      await page.getByRole("button", { name: "Keep as it is" }).click();
      await page.keyboard.press("c");
      await page.getByRole("button", { name: "Cancel the run" }).click();
      await on.until(waiting, ({ status }) => status === "cancelled");
      await page.getByText("Cancelled").first().waitFor();
    });
  });

  test("are approved where one sees what waits", async () => {
    const waiting = await on.run("shop/order", { id: "o-9", total: 9_000, approve: true }, { wait: "0s" });
    await on.until(waiting, ({ status }) => status === "waiting");
    await onPage(`/runs/${waiting}`, async (page) => {
      await stepRow(page, "manager").click();
      await panel(page).getByText("Order over the limit").waitFor();
      await panel(page).getByRole("button", { name: "Approve" }).click();
      await on.until(waiting, ({ status }) => status === "completed");
      await page.getByText("Completed").first().waitFor();
    });
  });

  test("are forked from a step with an edited input, and compared with what they came from", async () => {
    await onPage(`/runs/${bad}?step=1`, async (page) => {
      await panel(page).getByRole("button", { name: "Fork from this step" }).click();
      const dialog = page.getByRole("dialog", { name: "Fork this run" });
      await dialog.getByRole("switch", { name: "Edit the input" }).click();
      const editor = dialog.getByRole("textbox", { name: "Input as JSON" });
      await editor.fill("{ nothing");
      expect(await dialog.getByRole("button", { name: "Fork", exact: true }).isDisabled()).toBe(true);
      await editor.fill('{ "id": "o-2", "total": 43, "address": "Lisbon" }');
      await dialog.getByRole("button", { name: "Fork", exact: true }).click();
      await page.waitForURL((url) => url.pathname.startsWith("/runs/run_") && !url.pathname.endsWith(bad));
      const made = await on.until(page.url().split("/").at(-1) ?? "", ({ status }) => status === "completed");
      expect(made).toMatchObject({ forkedFrom: bad, input: { id: "o-2", total: 43, address: "Lisbon" } });
      await page.getByRole("link", { name: "compare" }).click();
      await page.waitForURL(`**/runs/compare?a=${bad}&b=${made.id}`);
      await page.getByRole("region", { name: "Input" }).getByText('"Lisbon"').waitFor();
      const steps = page.getByRole("region", { name: "Steps" });
      await steps.getByText("State differs").waitFor();
      expect(await steps.getByText("label").count()).toBe(0);
      await steps.getByRole("switch", { name: "All steps" }).click();
      await steps.getByText("label").waitFor();
      await page.waitForURL("**&all=true");
    });
  });

  test("go on under an open page when the server is killed and started again: no reload, no step lost", async () => {
    const other = new RunsServer();
    await other.start("--no-auth");
    try {
      const id = await other.run("live/steady", {}, { wait: "0s" });
      const profile = await openProfile(browser);
      const page = await profile.newPage();
      await page.goto(`${other.url}/runs/${id}?tab=journal`);
      await live(page).waitFor();
      await page.evaluate("globalThis.sameLoad = true");
      const shown = (name: string) => page.getByRole("grid", { name: "Journal" }).getByText(name, { exact: true });
      await other.send("turn", `${id} 0`);
      await shown("turn a").waitFor();
      const { port } = new URL(other.url);
      await killAll(other.server);
      await page.getByText("The server does not answer.").waitFor();
      await other.start("--no-auth", "--port", port);
      // These settle before the page is connected again.
      for (const turn of [1, 2, 3]) await other.send("turn", `${id} ${turn}`);
      await other.until(id, ({ status }) => status === "waiting");
      for (const name of ["turn b", "turn c", "turn d"]) await shown(name).waitFor();
      await live(page).waitFor();
      for (const turn of [4, 5]) await other.send("turn", `${id} ${turn}`);
      for (const name of ["turn e", "turn f"]) await shown(name).waitFor();
      await page.getByText("Completed", { exact: true }).first().waitFor();
      expect(await page.evaluate("globalThis.sameLoad")).toBe(true);
      // Six waits and six steps, each once.
      await tab(page, "Journal").getByText("12").waitFor();
      await profile.close();
    } finally {
      await killAll(other.server);
      rmSync(other.folder, { recursive: true, force: true });
    }
  }, 30_000);

  test("offer a viewer nothing that a viewer may not do", async () => {
    const other = new RunsServer();
    await other.start();
    const profile = await openProfile(browser);
    try {
      const run = await other.run("evil", {});
      const password = "a long enough sentence";
      await other.addViewer("vera", password);
      const page = await profile.newPage();
      await page.goto(`${other.url}/runs/${run}?step=0`);
      await page.waitForURL("**/sign-in*");
      await page.getByLabel("Name", { exact: true }).fill("vera");
      await page.getByLabel("Password", { exact: true }).fill(password);
      await page.keyboard.press("Enter");
      await panel(page).getByRole("heading", { name: "<img src=x" }).waitFor();
      for (const name of ["Retry", "Fork…", "Fork from this step"]) {
        expect(await page.getByRole("button", { name, exact: true }).count()).toBe(0);
      }
      expect(await tab(page, "Audit").count()).toBe(0);
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("menuitem", { name: "Compare with another run" }).waitFor();
      expect(await page.getByRole("menuitem", { name: "Delete…" }).count()).toBe(0);
      await page.goto(`${other.url}/runs`);
      await row(page, run).waitFor();
      expect(await page.getByRole("button", { name: "All that match" }).count()).toBe(0);
    } finally {
      await profile.close();
      await killAll(other.server);
      rmSync(other.folder, { recursive: true, force: true });
    }
  });

  test("show hostile text as text, on every tab", async () => {
    await onPage("/runs", async (page) => {
      await row(page, evil).getByText("<svg onload=").waitFor();
      for (const name of ["timeline", "graph", "journal", "logs", "details"]) {
        await page.goto(`${on.url}/runs/${evil}?tab=${name}&step=0`);
        await settled(page);
        await panel(page).getByRole("heading", { name: "<img src=x" }).waitFor();
        await page.getByText("<svg onload=").first().waitFor();
        expect(await page.title()).not.toBe("owned");
      }
      const text = (await page.locator("body").textContent()) ?? "";
      expect(text).toContain("<b>key</b>");
      for (const character of ["\u001b", "\u202e"]) expect(text).not.toContain(character);
    });
  });

  test("that do not exist say so, and lead on", async () => {
    await onPage("/runs/nothing", async (page) => {
      await page.getByRole("heading", { name: "There is no such run" }).waitFor();
      await page.getByRole("link", { name: "All runs" }).click();
      await page.waitForURL("**/runs");
    });
  });

  for (const { widthPx, theme } of farLooks) {
    // The screens as they open are visited with all others: these are states that only come by what one does.
    test(`have no serious flaw of accessibility at ${widthPx} pixels, ${theme}`, async () => {
      const check = async (page: Page, state: string) => {
        expect({ state, problems: await seriousProblems(page) }).toEqual({ state, problems: [] });
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect({ state, overflow: await page.evaluate(overflow) }).toEqual({ state, overflow: 0 });
      };
      await onPage(
        "/runs?tag=us",
        async (page) => {
          await page.getByRole("grid", { name: "Runs" }).focus();
          await page.keyboard.press("x");
          await page.getByRole("toolbar", { name: "Chosen runs" }).waitFor();
          await check(page, "chosen");
          await page.goto(`${on.url}/runs/${bad}?step=0`);
          await settled(page);
          await page.getByRole("button", { name: "Fork from this step" }).click();
          await page.getByRole("dialog", { name: "Fork this run" }).waitFor();
          await check(page, "fork");
          await page.goto(`${on.url}/runs/${evil}?tab=logs`);
          await page.getByRole("list").getByText("bold").waitFor();
          await check(page, "logs");
        },
        { widthPx, theme },
      );
    }, 20_000);
  }
});
