// Approvals of several people in a real browser: forms that a workflow asks for, comments, handing on, and who is asked.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import {
  complaintsOf,
  describeInBrowser,
  launchBrowser,
  openProfile,
  seriousProblems,
  settled,
  themes,
} from "./browser.ts";
import type { Look } from "./browser.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const workflows = `import { workflow } from "sluice";
import type { StandardSchemaV1 } from "sluice";

const shape = {
  type: "object",
  properties: {
    limit: { type: "integer", minimum: 1, maximum: 100, title: "Limit" },
    note: { type: "string", title: "Note" },
    urgent: { type: "boolean", default: false, title: "Urgent" },
  },
  required: ["limit"],
};
/** Any Standard Schema will do: this one is written by hand. */
const form: StandardSchemaV1<unknown, { limit: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ({ value: value as { limit: number } }),
    jsonSchema: { input: () => shape },
  },
} as never;

export const raise = workflow<{ to: number }>({ name: "raise" }, async (ctx, input) => {
  const { payload, decisions } = await ctx.approve("raise limit", {
    approvers: ["user:ada", "<b>bob</b>@example.com"],
    need: "all",
    form,
    description: "Raise the limit to " + input.to,
  });
  return { payload, who: decisions?.map(({ approver }) => approver) };
});
`;

interface Approval {
  readonly token: string;
  readonly approver: string;
}

describeInBrowser("approvals of several people", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-console-approvals-"));
  let server: ServerProcess;
  let browser: Browser;

  beforeAll(async () => {
    const project = join(folder, "project");
    writeProject(project, { "workflows/raise.ts": workflows });
    const data = join(folder, "data");
    [server, browser] = await Promise.all([startServer({ project, data, args: ["--no-auth"] }), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage(path: string, look: Look, use: (page: Page) => Promise<void>) {
    const profile = await openProfile(browser, look);
    try {
      const page = await profile.newPage();
      const complaints = complaintsOf(page);
      await page.goto(server.url + path);
      await settled(page);
      await use(page);
      // What the server refuses is shown in the form, and noted by the browser.
      expect(complaints.filter((each) => !each.includes("400 (Bad Request)"))).toEqual([]);
    } finally {
      await profile.close();
    }
  }

  /** Starts a run, and answers with what is asked of whom once both are. */
  async function ask(to: number): Promise<{ readonly run: string; readonly tokens: ReadonlyMap<string, string> }> {
    const started = await call<{ run: { id: string } }>(server, "POST /api/v1/workflows/raise/runs", { input: { to } });
    const run = started?.body.run.id ?? "";
    for (;;) {
      const listed = await call<{ approvals: readonly Approval[] }>(server, `GET /api/v1/approvals?run=${run}`);
      const approvals = listed?.body.approvals ?? [];
      if (approvals.length === 2) return { run, tokens: new Map(approvals.map((each) => [each.approver, each.token])) };
    }
  }

  test("are filled in, refused where they do not fit, and go to the workflow as it wants them", async () => {
    const { run, tokens } = await ask(50);
    await onPage(`/approvals?run=${run}`, {}, async (page) => {
      await page.getByRole("grid", { name: "Approvals" }).getByText("<b>bob</b>@example.com").waitFor();
      await page.getByRole("grid", { name: "Approvals" }).getByText("ada", { exact: true }).click();
      const detail = page.getByRole("complementary", { name: "Approval" });
      await detail.getByText("2 of 2").waitFor();
      await detail.getByLabel("Limit").fill("500");
      await detail.getByRole("button", { name: "Approve" }).click();
      await detail.getByText("The form is not filled in as the workflow wants it.").waitFor();
      await detail.getByLabel("Limit").fill("50");
      await detail.getByLabel("Note").or(detail.getByLabel("Note (optional)")).fill("as agreed");
      await detail.getByRole("button", { name: "Approve" }).click();
      await page.getByText("Approved: raise limit").first().waitFor();
    });
    await onPage(`/approve/${tokens.get("<b>bob</b>@example.com")}`, { widthPx: 390 }, async (page) => {
      await page.getByText("<b>bob</b>@example.com").waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await page.getByLabel("Limit").fill("40");
      await page.getByRole("button", { name: "Approve" }).click();
      await page.getByRole("heading", { name: "Approved" }).waitFor();
    });
    const ended = await call<{ run: { output: unknown } }>(server, `GET /api/v1/runs/${run}?wait=20s`);
    expect(ended?.body.run.output).toEqual({
      payload: { limit: 40, urgent: false },
      who: ["user:ada", "<b>bob</b>@example.com"],
    });
  });

  test("are talked about and handed on, in the panel of the step as well", async () => {
    const { run, tokens } = await ask(60);
    await onPage(`/approve/${tokens.get("user:ada")}`, {}, async (page) => {
      await page.getByRole("textbox", { name: "Comment" }).fill("<i>why</i> 60?");
      await page.getByRole("button", { name: "Write" }).click();
      await page.getByRole("region", { name: "Comments" }).getByText("<i>why</i> 60?").waitFor();
      await page.getByRole("button", { name: "Let somebody else decide" }).click();
      await page.getByLabel("Who decides instead").fill("user:eve");
      await page.getByRole("button", { name: "Hand on" }).click();
      await page.getByRole("heading", { name: "This is decided already" }).waitFor();
    });
    await onPage(`/approvals?run=${run}`, {}, async (page) => {
      await page.getByRole("grid", { name: "Approvals" }).getByText("eve", { exact: true }).click();
      const detail = page.getByRole("complementary", { name: "Approval" });
      await detail.getByText("(handed on by user:ada)").waitFor();
      await detail.getByText("<i>why</i> 60?").waitFor();
    });
    await onPage(`/runs/${run}`, {}, async (page) => {
      await page.getByText("raise limit: user:eve", { exact: true }).first().click();
      await page.getByText("2 of 2 needed").waitFor();
      await page.getByRole("button", { name: "Deny" }).click();
      await page.getByText("Failed").first().waitFor();
    });
  });

  test.each(themes)("have no serious flaw of accessibility, %s", async (theme) => {
    const { run } = await ask(70);
    await onPage(`/approvals?run=${run}`, { theme }, async (page) => {
      await page.getByLabel("Limit").waitFor();
      expect(await seriousProblems(page)).toEqual([]);
    });
  });
});
