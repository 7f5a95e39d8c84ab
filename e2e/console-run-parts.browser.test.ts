// What a run's page shows of its parts, and what is done to many runs, in a real browser: retries and forks that the server
// then has, the panel of a step, colours of the graph, events, audit, and a value of 10 MB.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, settled, themes } from "./browser.ts";
import type { Look } from "./browser.ts";
import { RunsServer } from "./console-runs-fixture.ts";
import { killAll } from "./server-process.ts";

/** Ten megabytes as JSON. */
const entries = 82_000;
const hugeBytesMin = 10_000_000;
const shownMsMax = 1_500;

describeInBrowser("parts of runs", () => {
  const on = new RunsServer();
  let browser: Browser;

  beforeAll(async () => {
    [browser] = await Promise.all([launchBrowser(), on.start("--no-auth")]);
  });
  afterAll(async () => {
    await browser?.close();
    await killAll(on.server);
    rmSync(on.folder, { recursive: true, force: true });
  });

  async function onPage(path: string, use: (page: Page) => Promise<void>, look: Look = {}) {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(on.url + path);
      await settled(page);
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  const rows = (page: Page) => page.getByRole("grid", { name: "Runs" }).getByRole("row");
  const panel = (page: Page) => page.getByRole("complementary", { name: "Step" });
  const gate = (name: string) => join(on.folder, name);
  const shut = async (name: string, count: number, tag: string) =>
    Promise.all(Array.from({ length: count }, async () => on.run("shop/gated", { gate: gate(name) }, { tags: [tag] })));
  const allMatching = async (page: Page, action: string) => {
    await page.getByRole("button", { name: "All that match" }).click();
    await page.getByRole("menuitem", { name: action }).click();
  };

  test("a run that failed is retried by its button, and goes on from the step that failed", async () => {
    const [run = ""] = await shut("one", 1, "one");
    await onPage(`/runs/${run}`, async (page) => {
      writeFileSync(gate("one"), "");
      await page.getByRole("button", { name: "Retry", exact: true }).click();
      const shown = await on.until(run, ({ status }) => status === "completed");
      expect(shown).toMatchObject({ attempt: 2, output: "inside" });
      await page.getByText("Completed").first().waitFor();
      // Once, by the first attempt.
      const { steps } = await on.ask<{ steps: readonly { name: string; attempt: number }[] }>(
        `GET /api/v1/runs/${run}/steps`,
      );
      expect(steps.map(({ name }) => name)).toEqual(["prepare", "enter"]);
    });
  });

  test("all that match are counted, then retried", async () => {
    const some = await shut("many", 3, "many");
    await on.run("quick", 1, { tags: ["many"] });
    await onPage("/runs?tag=many", async (page) => {
      await rows(page).nth(4).waitFor();
      await allMatching(page, "Retry…");
      await page.getByRole("alertdialog", { name: "Retry 3 runs" }).getByText("tagged many").waitFor();
      for (const run of some) expect(await on.get(run)).toMatchObject({ status: "failed" });
      writeFileSync(gate("many"), "");
      await page.getByRole("button", { name: "Retry 3 runs" }).click();
      await page.getByText("Retried 3 runs").first().waitFor();
      for (const run of some) await on.until(run, ({ status }) => status === "completed");
    });
  });

  test("all that match are counted, then forked", async () => {
    const some = await shut("forked", 3, "forked");
    await onPage("/runs?tag=forked", async (page) => {
      await rows(page).nth(3).waitFor();
      await allMatching(page, "Fork…");
      await page.getByRole("alertdialog", { name: "Fork 3 runs" }).getByText("tagged forked").waitFor();
      expect(await on.list("tag=forked")).toHaveLength(3);
      writeFileSync(gate("forked"), "");
      await page.getByRole("button", { name: "Fork 3 runs" }).click();
      await page.getByText("Forked 3 runs").first().waitFor();
      const made = (await on.list("workflow=shop%2Fgated&limit=100")).filter(({ forkedFrom }) =>
        some.includes(forkedFrom ?? ""),
      );
      expect(made).toHaveLength(some.length);
      expect(new Set(made.map(({ forkedFrom }) => forkedFrom))).toEqual(new Set(some));
      for (const { id } of made) await on.until(id, ({ status }) => status === "completed");
    });
  });

  test("chosen ones are retried and forked by the bar below the list", async () => {
    const some = await shut("chosen", 2, "chosen");
    await onPage("/runs?tag=chosen", async (page) => {
      await rows(page).nth(2).waitFor();
      await page.getByRole("grid", { name: "Runs" }).focus();
      for (const key of ["x", "j", "x"]) await page.keyboard.press(key);
      const bar = page.getByRole("toolbar", { name: "Chosen runs" });
      await bar.getByRole("button", { name: "Fork" }).click();
      await page.getByRole("button", { name: "Fork 2 runs" }).click();
      await page.getByText("Forked 2 runs").first().waitFor();
      writeFileSync(gate("chosen"), "");
      for (const run of some) await page.getByRole("checkbox", { name: `Choose ${run}` }).check();
      await bar.getByRole("button", { name: "Retry" }).click();
      await page.getByRole("button", { name: "Retry 2 runs" }).click();
      await page.getByText("Retried 2 runs").first().waitFor();
      for (const run of some) await on.until(run, ({ status }) => status === "completed");
    });
  });

  test("the panel of a step has its input, output, logs, attempts and how long it took", async () => {
    const key = "panel";
    const run = await on.run("shop/exchange", { key }, { wait: "0s" });
    await on.until(run, ({ status }) => status === "waiting");
    await onPage(`/runs/${run}?step=1`, async (page) => {
      await panel(page).getByRole("heading", { name: "work" }).waitFor();
      await panel(page).getByRole("region", { name: "Output" }).getByText('"worked"').waitFor();
      const input = panel(page).getByRole("region", { name: "Input of the run" });
      await input.getByText("A step is a function without arguments").waitFor();
      await input.getByText(`"${key}"`).waitFor();
      await panel(page)
        .getByRole("region", { name: /^Logged while it ran \(1\)$/ })
        .getByText("while it works")
        .waitFor();
      const facts = await panel(page).locator("dl").first().innerText();
      expect(facts).toMatch(/Took\s+\d+ms/);
      expect(facts).toMatch(/Attempts\s+1/);
      // What it waits for stands in the panel of the wait.
      await page.goto(`${on.url}/runs/${run}?step=2`);
      const awaited = panel(page).getByRole("region", { name: "Waits for an event" });
      await awaited.getByText("answered").waitFor();
      await awaited.getByText(key).waitFor();
      await awaited.getByText('"final"').waitFor();
    });
  });

  test("the step of a child run shows what the child was given", async () => {
    const run = await on.run("shop/order", { id: "o-7", total: 4, address: "Porto" });
    await onPage(`/runs/${run}?tab=journal`, async (page) => {
      await page.getByRole("grid", { name: "Journal" }).getByText("shop/ship").click();
      await panel(page).getByRole("region", { name: "Input", exact: true }).getByText('"Porto"').waitFor();
      expect(await panel(page).getByRole("region", { name: "Input", exact: true }).getByText("o-7").count()).toBe(0);
    });
  });

  test("events that were published, waited for and taken are listed, and lead to all of their name", async () => {
    const key = "events";
    const run = await on.run("shop/exchange", { key }, { wait: "0s" });
    await on.until(run, ({ status }) => status === "waiting");
    await onPage(`/runs/${run}`, async (page) => {
      await page.getByRole("tab", { name: "Events 2" }).click();
      await page.waitForURL("**?tab=events");
      const list = page.getByRole("grid", { name: "Events" });
      const event = (name: string) => list.getByRole("row").filter({ hasText: name });
      await event("asked").getByText("Completed").waitFor();
      await event("answered").getByText("Waiting").waitFor();
      await on.send("answered", key, { kind: "final", by: "Ada" });
      await event("answered").getByText('"Ada"').waitFor();
      // The step itself is none of them.
      expect(await list.getByText("work", { exact: true }).count()).toBe(0);
      await event("answered").getByRole("link", { name: "All events named answered" }).click();
      await page.waitForURL("**/events?name=answered");
    });
  });

  test("who did what to a run is in its audit", async () => {
    const [run = ""] = await shut("audited", 1, "audited");
    await onPage(`/runs/${run}?tab=audit`, async (page) => {
      const audit = page.getByRole("table", { name: "Audit" });
      await audit.getByText("run:start").waitFor();
      writeFileSync(gate("audited"), "");
      await page.keyboard.press("r");
      await on.until(run, ({ status }) => status === "completed");
      await page.reload();
      await audit.getByRole("row").filter({ hasText: "run:retry" }).getByText("done").waitFor();
      expect(await audit.getByRole("row").count()).toBe(3);
    });
  });

  test.each(themes)("the nodes of its graph have the colour of their state, %s", async (theme) => {
    const [bad, running] = await Promise.all([
      on.run("shop/order", { id: "o-8", total: 4, address: "nowhere" }),
      on.run("shop/exchange", { key: `graph ${theme}` }, { wait: "0s" }),
    ]);
    await on.until(running, ({ status }) => status === "waiting");
    /** The edge of a node and a token of the theme, both as the browser computes them. */
    const coloursOf = async (page: Page, name: string, token: string): Promise<readonly [string, string]> => {
      const graph = page.getByRole("region", { name: "Graph of the run" });
      await graph.getByRole("button", { name }).waitFor();
      return page.evaluate(`(() => {
        const nodes = [...document.querySelectorAll('[aria-label="Graph of the run"] button')];
        const node = nodes.find(({ textContent }) => ${JSON.stringify(name.split(" "))}.every((word) => textContent.includes(word)));
        const probe = document.createElement("i");
        probe.style.color = "var(--${token})";
        document.body.append(probe);
        const wanted = getComputedStyle(probe).color;
        probe.remove();
        return [getComputedStyle(node).borderLeftColor, wanted];
      })()`);
    };
    await onPage(
      `/runs/${bad}?tab=graph`,
      async (page) => {
        for (const [name, token] of [
          ["charge Undone", "undo"],
          ["label Completed", "good"],
          ["shop/ship Failed", "bad"],
        ] as const) {
          const [shown, wanted] = await coloursOf(page, name, token);
          expect([name, shown]).toEqual([name, wanted]);
        }
        await page.goto(`${on.url}/runs/${running}?tab=graph`);
        const [shown, wanted] = await coloursOf(page, "answered Waiting", "hold");
        expect(shown).toBe(wanted);
      },
      { theme },
    );
  });

  test("an output of 10 MB opens at once, is searched and downloaded", async () => {
    const run = await on.run("report/huge", { entries });
    await onPage(`/runs/${run}?step=0`, async (page) => {
      const tree = panel(page).getByRole("tree", { name: "Output" });
      await tree.getByText(`[${entries}]`).waitFor();
      await page.evaluate(`globalThis.longest = 0; new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, entry.duration);
      }).observe({ type: "longtask" })`);
      const output = panel(page).getByRole("region", { name: "Output" });
      await output.getByRole("searchbox", { name: "Search in the value" }).fill(`entry ${entries - 1}`);
      await tree.getByText(`"entry ${entries - 1}"`).waitFor();
      expect(Number(await page.evaluate("globalThis.longest"))).toBeLessThan(shownMsMax);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        output.getByRole("button", { name: "Download" }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`${run}-0.json`);
      const text = readFileSync(await download.path(), "utf8");
      expect(text.length).toBeGreaterThan(hugeBytesMin);
      expect(JSON.parse(text)).toHaveLength(entries);
    });
  }, 40_000);
});
