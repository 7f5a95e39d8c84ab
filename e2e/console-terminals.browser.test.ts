// Terminals in a real browser: begun, typed into, split, searched, pasted into, left and found again.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { startConsole } from "./console-data.ts";
import { call, killAll } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** Lines as text, which a picture of them is not. */
const readable = `localStorage.setItem("sluice.preferences", JSON.stringify({ terminal: { screenReader: true } }))`;

describeInBrowser("terminals", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-terminals-"));
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    [server, browser] = await Promise.all([
      startConsole({ data: join(folder, "data"), args: ["--no-auth"], env: { SHELL: "/bin/sh" } }),
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

  const pane = (name: string) => page.getByRole("region", { name: `Terminal ${name}` });
  const line = (name: string, text: string | RegExp) =>
    pane(name).locator(".xterm-accessibility-tree").getByRole("listitem").filter({ hasText: text }).first();
  const idOf = (): string => new URL(page.url()).pathname.split("/").at(-1) ?? "";
  interface Shown {
    readonly id: string;
    readonly status: string;
    readonly cols: number;
    readonly rows: number;
  }
  const shown = async (id: string): Promise<Shown> => {
    const answer = await call<{ readonly terminal: Shown }>(server, `GET /api/v1/terminals/${id}`);
    if (answer === undefined) throw new Error("the server is gone");
    return answer.body.terminal;
  };
  const make = async (name: string, command: readonly string[]): Promise<string> => {
    const body = { name, command, env: { PS1: "$ " } };
    const made = await call<{ readonly terminal: Shown }>(server, "POST /api/v1/terminals", body);
    return made?.body.terminal.id ?? "";
  };

  test("are begun, show what their program writes, and take what is typed", async () => {
    await page.goto(`${server.url}/terminals`);
    await settled(page);
    await page.getByRole("button", { name: "New terminal" }).click();
    await page.getByLabel("Command").fill("sh -c 'echo ready; exec cat'");
    await page.getByLabel("Name").fill("first");
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole("button", { name: "Begin" }).click();
    await line("first", "ready").waitFor();
    await page.keyboard.type("typed here");
    await page.keyboard.press("Enter");
    await line("first", /^typed here$/).waitFor();
    await page.keyboard.press("Control+d");
    await pane("first").getByText("Ended with exit code 0").waitFor();
    expect(await seriousProblems(page)).toEqual([]);
  });

  test("have the size of their window, and keep their screen when the page is loaded anew", async () => {
    const id = await make("sized", ["sh"]);
    await page.goto(`${server.url}/terminals/${id}`);
    await line("sized", /^\$/).waitFor();
    await page.keyboard.type("stty size; tput cup 5 10; echo placed\n");
    await line("sized", /^ {10}placed$/).waitFor();
    const { cols, rows } = await shown(id);
    expect(cols).toBeGreaterThan(100);
    await line("sized", new RegExp(`^${rows} ${cols}$`)).waitFor();
    await page.reload();
    await line("sized", /^ {10}placed$/).waitFor();
  });

  test("on a phone have a row of keys, and keep the size that the desk gave them", async () => {
    const id = await make("phone", ["sh", "-c", "stty -echo; echo ready; exec cat -v"]);
    await page.goto(`${server.url}/terminals/${id}`);
    await line("phone", "ready").waitFor();
    const before = await shown(id);
    const profile = await browser.newContext({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      locale: "en-GB",
    });
    await profile.addInitScript(readable);
    const phone = await profile.newPage();
    await phone.goto(`${server.url}/terminals/${id}`);
    const region = phone.getByRole("region", { name: "Terminal phone" });
    const said = (text: string) => region.locator(".xterm-accessibility-tree").getByText(text, { exact: true }).first();
    await said("ready").waitFor();
    const tap = async (name: string) => region.getByRole("button", { name, exact: true }).tap();
    for (const name of ["Up", "Esc", "Tab"]) await tap(name);
    await phone.keyboard.type("x\n");
    await said("^[[A^[        x").waitFor();
    await tap("Ctrl");
    expect(await region.getByRole("button", { name: "Ctrl", exact: true }).getAttribute("aria-pressed")).toBe("true");
    await phone.keyboard.type("gok\n");
    await said("^Gok").waitFor();
    expect(await region.getByRole("button", { name: "Ctrl", exact: true }).getAttribute("aria-pressed")).toBe("false");
    expect(await seriousProblems(phone)).toEqual([]);
    const { cols, rows } = await shown(id);
    expect([cols, rows]).toEqual([before.cols, before.rows]);
    await profile.close();
  });

  test("are split beside each other, take the same keys where that is wanted, and are closed without ending", async () => {
    const id = await make("left", ["sh"]);
    await page.goto(`${server.url}/terminals/${id}`);
    await line("left", /^\$/).waitFor();
    await page.keyboard.press("Control+Shift+d");
    await pane("sh").waitFor();
    await line("sh", /[$#]/).waitFor();
    await page.getByRole("button", { name: "Type into all" }).click();
    await pane("sh").locator("textarea").first().focus();
    await page.keyboard.type("echo both $((40+2))\n");
    await line("left", "both 42").waitFor();
    await line("sh", "both 42").waitFor();
    const right = idOf();
    expect(right).not.toBe(id);
    expect(page.url()).toContain(`layout=${id}.${right}`);
    await pane("sh").getByRole("button", { name: "Close; the program goes on" }).click();
    await pane("sh").waitFor({ state: "detached" });
    expect(idOf()).toBe(id);
    expect((await shown(right)).status).toBe("running");
  });

  test("are searched, and many lines are pasted after a question only", async () => {
    const id = await make("pasted", ["sh", "-c", "seq 200 240; stty -echo; exec cat -v"]);
    await page.goto(`${server.url}/terminals/${id}`);
    await line("pasted", "240").waitFor();
    await page.keyboard.press("Control+Shift+f");
    await page.getByLabel("Find in this terminal").fill("21");
    await pane("pasted").getByRole("status").filter({ hasText: "of 11" }).waitFor();
    await page.keyboard.press("Escape");
    await paste(page, "one\u001b line");
    await page.keyboard.press("Enter");
    await line("pasted", /^one line$/).waitFor();
    await paste(page, "make\nmake install\n");
    const question = page.getByRole("dialog", { name: "Paste 2 lines?" });
    await question.getByRole("button", { name: "Paste as one line" }).click();
    await page.keyboard.press("Enter");
    await line("pasted", /^make make install$/).waitFor();
    await paste(page, "never\nnever\n");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await line("pasted", "never").count()).toBe(0);
  });

  test("are recorded: played, moved about in by time and by what was written", async () => {
    await page.goto(`${server.url}/terminals?create=true`);
    await page.getByLabel("Command").fill("sh -c 'echo first line; read word; echo second line'");
    await page.getByLabel("Name").fill("taped");
    await page.getByLabel("Record what it shows").check();
    await page.getByRole("button", { name: "Begin" }).click();
    await line("taped", "first line").waitFor();
    await page.keyboard.press("Enter");
    await pane("taped").getByText("Ended with exit code 0").waitFor();
    await page.goto(`${server.url}/terminals`);
    const row = page.getByRole("table", { name: "Recordings" }).getByRole("row").filter({ hasText: "taped" });
    await row.getByText("Whole").waitFor();
    await row.getByRole("link", { name: "taped" }).click();
    const shownLine = (text: string) =>
      page.locator(".xterm-accessibility-tree").getByRole("listitem").filter({ hasText: text });
    await page.getByRole("slider", { name: "Timeline" }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByLabel("Find in this recording").fill("second");
    await page.getByRole("list", { name: "Lines" }).getByRole("button").click();
    await shownLine("second line").first().waitFor();
    await page.getByRole("slider", { name: "Timeline" }).fill("0");
    await shownLine("second line").first().waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Play" }).click();
    await shownLine("second line").first().waitFor();
    await page.getByRole("button", { name: "Play" }).waitFor();
    await page.goto(`${server.url}/terminals`);
    await page.getByRole("button", { name: "Remove the recording taped" }).click();
    await row.waitFor({ state: "detached" });
  });

  test("say how they look, are drawn without a graphics card too, and are ended from the list", async () => {
    const id = await make("drawn", ["sh", "-c", "printf '\\033[31mred\\033[m\\n'; exec cat"]);
    await page.goto(`${server.url}/terminals/${id}`);
    await line("drawn", "red").waitFor();
    await page.getByRole("button", { name: "How terminals look" }).click();
    await page.getByRole("switch", { name: "Draw with the graphics card" }).click();
    await page.getByRole("combobox", { name: "Colours" }).click();
    await page.getByRole("option", { name: "Solarized dark" }).click();
    await page.getByRole("button", { name: "Done" }).click();
    await pane("drawn").locator(".xterm-rows span", { hasText: "red" }).first().waitFor();
    await page.goto(`${server.url}/terminals`);
    await page.getByRole("button", { name: "End drawn" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "End it" }).click();
    await page.getByRole("link", { name: "drawn" }).waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });
});

/** As the browser does it, with text that is on no clipboard. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.setData("text/plain", ${JSON.stringify(text)});
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  })()`);
}
