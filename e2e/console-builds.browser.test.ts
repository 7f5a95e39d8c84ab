// Builds in a real browser: the list with what the cache gave, one build as list, graph and over time, why a task was executed, what it
// wrote, and a terminal where it failed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { sluice } from "./cli-process.ts";
import { killAll, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

describeInBrowser("builds", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-console-builds-")));
  const project = join(folder, "shop");
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  let failed = "";

  const write = (path: string, content: string | object): void => {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), typeof content === "string" ? content : JSON.stringify(content));
  };
  const open = async (path: string): Promise<void> => {
    await page.goto(server.url + path);
    await settled(page);
  };
  const build = async (): Promise<string> => {
    const { stdout } = await sluice(["build", "--json"], { cwd: project, env: { SLUICE_URL: server.url } });
    return (JSON.parse(stdout) as { readonly id: string }).id;
  };

  beforeAll(async () => {
    write("package.json", { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" });
    write("turbo.json", { tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"] } } });
    const script = "mkdir -p dist && cat src/* > dist/out";
    write("packages/lib/package.json", { name: "lib", main: "dist/out", scripts: { build: `${script} && echo made` } });
    write("packages/lib/src/a", "a\n");
    write("packages/app/package.json", {
      name: "app",
      dependencies: { lib: "*" },
      scripts: { build: `echo compiling; grep -q good src/b || { echo no good; exit 3; }; ${script}` },
    });
    write("packages/app/src/b", "good\n");
    [server, browser] = await Promise.all([
      startServer({ project, data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
    await build();
    write("packages/app/src/b", "bad\n");
    failed = await build();
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  test("are a list with what came of them and what came from the cache", async () => {
    await open("/builds");
    const rows = page.getByRole("table", { name: "Builds" }).getByRole("row");
    await rows.nth(2).waitFor();
    expect(await rows.nth(1).innerText()).toMatch(/build[\s\S]*Failed[\s\S]*2 of 2[\s\S]*50%/);
    expect(await rows.nth(2).innerText()).toMatch(/Completed[\s\S]*2 of 2[\s\S]*0%/);
    await page.getByRole("img", { name: "Share of hits, build by build" }).waitFor();
    await rows.nth(1).click();
    await page.waitForURL(`**/builds/${failed}`);
  });

  test("show tasks, the graph with its critical path, and times", async () => {
    await open(`/builds/${failed}`);
    const tasks = page.getByRole("table", { name: "Tasks" });
    expect(await tasks.innerText()).toMatch(/lib#build[\s\S]*From the cache[\s\S]*app#build[\s\S]*Failed/);
    await page.getByRole("tab", { name: "Graph" }).click();
    const node = page.getByRole("region", { name: "Graph of the build" }).getByRole("button", { name: /^app#build/ });
    expect(await node.innerText()).toContain("critical");
    await page.getByRole("tab", { name: "Over time" }).click();
    const bars = page.getByRole("list", { name: "Tasks over time" }).getByRole("listitem");
    await bars.first().waitFor();
    expect(await bars.allInnerTexts()).toEqual([expect.stringMatching(/app#build[\s\S]*Failed/)]);
    await bars.first().getByRole("button").click();
    await page.getByRole("dialog", { name: "app#build" }).waitFor();
  });

  test("say why a task was executed and what it wrote, and open a terminal where it failed", async () => {
    await open(`/builds/${failed}?task=app%23build`);
    const panel = page.getByRole("dialog", { name: "app#build" });
    await panel.getByText("the file packages/app/src/b changed").waitFor();
    await panel.getByText("compiling\nno good").waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await panel.getByRole("button", { name: "Open a terminal where it failed" }).click();
    await page.waitForURL("**/terminals/term_*");
    const response = await fetch(`${server.url}/api/v1/terminals`);
    expect(await response.json()).toMatchObject({
      terminals: [{ cwd: join(project, "packages/app"), name: "app#build" }],
    });
  });

  test("are done again without the cache by the server", async () => {
    await open(`/builds/${failed}`);
    await page.getByRole("button", { name: "Build again without the cache" }).click();
    await page.getByRole("heading", { name: "build.start" }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/runs\/run_/);
  });

  test("read well on a phone in the dark", async () => {
    const phone = await (await openProfile(browser, { theme: "dark", widthPx: 390 })).newPage();
    for (const path of ["/builds", `/builds/${failed}`, `/builds/${failed}?tab=times`]) {
      await phone.goto(server.url + path);
      await settled(phone);
      expect(await phone.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect(await seriousProblems(phone)).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });
});
