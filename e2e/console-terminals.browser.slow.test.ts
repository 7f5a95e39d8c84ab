// Real programs in terminals of the console: what the browser shows is what the server's screen has, while they are driven by keys.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile } from "./browser.ts";
import { startConsole } from "./console-data.ts";
import { call, killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const needed = ["vim", "htop", "less", "tmux"];
const missing = needed.filter((program) => Bun.which(program) === null);
const readable = `localStorage.setItem("sluice.preferences", JSON.stringify({ terminal: { screenReader: true } }))`;

/** What a browser writes instead of the spaces behind and between words. */
const plain = (lines: readonly string[]): string =>
  lines
    .map((line) => line.replaceAll("\u00a0", " ").trimEnd())
    .join("\n")
    .trimEnd();

describeInBrowser("real programs", () => {
  if (missing.length > 0) {
    describe.skip(`(${missing.join(", ")} missing: bash scripts/ci-setup.sh)`, () =>
      test("are driven", () => undefined));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "sluice-programs-"));
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  let terminal = "";

  beforeAll(async () => {
    [server, browser] = await Promise.all([
      startConsole({ data: join(folder, "data"), args: ["--no-auth"], env: { LANG: "C.UTF-8" } }),
      launchBrowser(),
    ]);
    const profile = await openProfile(browser);
    await profile.addInitScript(readable);
    page = await profile.newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (name: string, command: readonly string[]): Promise<void> => {
    const made = await call<{ readonly terminal: { readonly id: string } }>(server, "POST /api/v1/terminals", {
      name,
      command,
      cwd: folder,
    });
    terminal = made?.body.terminal.id ?? "";
    await page.goto(`${server.url}/terminals/${terminal}`);
  };
  /** Typed characters beyond ASCII come by an input method, which no test has; the clipboard brings the same. */
  const paste = (text: string) =>
    page.evaluate(`(() => {
      const data = new DataTransfer();
      data.setData("text/plain", ${JSON.stringify(text)});
      document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
      );
    })()`);
  const rows = () => page.locator(".xterm-accessibility-tree").getByRole("listitem");
  const sees = (text: string | RegExp) => rows().filter({ hasText: text }).first().waitFor();
  /** Until the browser shows what the server's screen has; answers that. */
  const same = async (): Promise<string> => {
    const url = `${server.url}/api/v1/terminals/${terminal}/text`;
    for (;;) {
      const wanted = plain((await (await fetch(url)).text()).split("\n"));
      const shown = plain(await rows().allTextContents());
      const again = plain((await (await fetch(url)).text()).split("\n"));
      if (shown === wanted && wanted === again) return wanted;
    }
  };

  test("vim: text is written with CJK and emoji, moved in, saved", async () => {
    await open("vim", ["vim", "-u", "NONE", "-N", "notes.txt"]);
    await sees(/^~/);
    await page.keyboard.type("i");
    await paste("東京 한글 👍🏽 é");
    await page.keyboard.type(" end");
    await page.keyboard.press("Escape");
    await page.keyboard.type("yyP:set nu\n");
    await sees(/2 東京/);
    expect(await same()).toContain("1 東京 한글");
    await page.keyboard.type(":wq\n");
    await page.getByText("Ended with exit code 0").waitFor();
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("東京 한글 👍🏽 é end\n東京 한글 👍🏽 é end\n");
  }, 120_000);

  test("less: pages, finds, and follows the size of the window", async () => {
    writeFileSync(join(folder, "long.txt"), Array.from({ length: 500 }, (_, index) => `line ${index} 文`).join("\n"));
    await open("less", ["less", "long.txt"]);
    await sees("line 0");
    await page.keyboard.type("/line 321\n");
    await sees("line 321");
    expect((await same()).split("\n")[0]).toBe("line 321 文");
    await page.setViewportSize({ width: 900, height: 500 });
    // It throws away what is typed while it draws itself anew.
    while ((await rows().count()) > 25 || !(await same()).endsWith("\n:")) continue;
    await page.keyboard.type("G");
    await sees("line 499");
    expect(await same()).toContain("line 499 文");
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.keyboard.type("q");
    await page.getByText("Ended with exit code 0").waitFor();
  }, 120_000);

  test("htop: draws, takes function keys and clicks, and gives the screen back", async () => {
    await open("htop", ["htop"]);
    await sees("Load average");
    await page.keyboard.press("F1");
    await sees("Released under the GNU");
    expect(await same()).toContain("htop");
    await page.keyboard.press("Escape");
    await sees("Load average");
    await page.keyboard.type("q");
    await page.getByText("Ended with exit code 0").waitFor();
  }, 120_000);

  test("tmux: splits with lines, and comes back to its screen after the page was loaded anew", async () => {
    await open("tmux", ["tmux", "-L", `sluice-${process.pid}`, "-f", "/dev/null", "new", "sh"]);
    await sees(/\[0\]/);
    await page.keyboard.type("echo upper\n");
    await sees(/^upper/);
    await page.keyboard.press("Control+b");
    await page.keyboard.type('"');
    await sees("─────");
    await page.keyboard.type("printf '\\033[38;2;250;128;7mlower\\033[m \\346\\227\\245\\346\\234\\254\\n'\n");
    await sees(/^lower 日本/);
    const before = await same();
    await page.reload();
    await sees(/^lower 日本/);
    expect(await same()).toBe(before);
    await page.locator("textarea:focus").waitFor();
    await page.keyboard.press("Control+b");
    await page.keyboard.type(":");
    await sees(/^:/);
    await page.keyboard.type("kill-server\n");
    await page.getByText(/Ended with exit code/).waitFor();
    expect(complaints).toEqual([]);
  }, 120_000);
});
