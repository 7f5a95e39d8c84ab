// Logs of the shipped command: sent, searched and followed by the command line, and there again after the server was killed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-logs-e2e-"));
const project = join(work, "shop");
const { run, json, text, fails } = commandsIn(project);
let server: Running;

beforeAll(async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { workflow } from "sluice";

export const double = workflow({ name: "double" }, async (ctx, n: number) => await ctx.step("double", () => n * 2));
`,
  });
  await start();
});
afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

async function start(): Promise<void> {
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  await readyLine(server);
}

const folder = join(project, ".sluice/logs");
const app = join(work, "app.log");

describe("sluice logs", () => {
  test("keeps no file of logs before there are any", () => {
    expect(existsSync(folder)).toBe(false);
  });

  test("ships a file once, however often it is sent", async () => {
    const lines = ["plain ERROR one", '{"message":"two","level":"warn","ms":12}', "Trace:", "   at x"];
    writeFileSync(app, `${lines.join("\n")}\n`);
    const ship = ["logs", "ship", app, "--multiline", "--label", "service=shop"] as const;
    expect(await json(...ship)).toEqual({ entries: 3, duplicates: 0, rejected: 0 });
    expect(await text(...ship)).toBe("0 entries are stored, 3 were there already.\n");
  });

  test("queries them, as text and as JSON", async () => {
    const found = await text("logs", "query", "service:=shop", "--since", "1h");
    expect(found).toMatch(/ERROR plain ERROR one service=shop\n/);
    expect(found).toMatch(/WARN {2}two service=shop level=warn ms=12\n/);
    expect(found).toContain("Trace:\n   at x");
    expect(await json("logs", "query", "ms:>10 | stats count() as n")).toMatchObject({ columns: ["n"], rows: [[1]] });
    expect((await run(["logs", "query", "nothing like this"])).stderr).toContain("Nothing fits.");
    expect(await fails("logs", "query", "a | nothing")).toMatchObject({ code: 2, error: { code: "invalid_filter" } });
    expect(await fails("logs", "ship", join(work, "no-file"))).toMatchObject({
      code: 2,
      error: { code: "bad_request" },
    });
  });

  test("leave figures that sluice metrics lists, reports and calculates with", async () => {
    expect(await text("metrics", "list")).toMatch(/query_duration\{kind="logs"\} +histogram +[1-9]/);
    const reported = (await json("metrics", "report", "--since", "1h", "--name", "query_duration")) as {
      readonly metrics: readonly { readonly summary: { readonly count: number } }[];
    };
    expect(reported.metrics[0]?.summary.count).toBeGreaterThan(0);
    expect(await text("metrics", "query", 'count(query_duration_count{kind="logs"})')).toBe("1\n");
    expect(await fails("metrics", "query", "sum(")).toMatchObject({ code: 2, error: { code: "invalid_filter" } });
  });

  test("follows them as they come", async () => {
    const tail = ["logs", "tail", "service:=shop", "--last", "1", "--for", "60s", "--json"];
    const following = startSluice([...tail, "--project", project]);
    const [first = ""] = (await following.until((stdout) => stdout.includes("\n"))).split("\n");
    expect(JSON.parse(first)).toMatchObject({ entry: { labels: { service: "shop" } } });
    writeFileSync(join(work, "more.log"), "four\n");
    await json("logs", "ship", join(work, "more.log"), "--label", "service=shop");
    const all = await following.until((stdout) => stdout.includes("four"));
    expect(all.trim().split("\n")).toHaveLength(2);
    await stop(following);
  }, 60_000);

  test("finds everything that was acknowledged after the server was killed", async () => {
    const before = await json("logs", "query");
    expect(before.entries).toHaveLength(4);
    server.kill("SIGKILL");
    await server.exited;
    await start();
    expect((await json("logs", "query")).entries).toEqual(before.entries);
    expect(readdirSync(folder)).toContain("head.db");
  }, 60_000);

  test("has what the product says of itself, also of what happened around the kill", async () => {
    for (;;) {
      const all = await json("logs", "query", "--tenant", "sluice-audit");
      if (all.entries.length > 0) {
        const numbers = all.entries.map(({ fields }: { fields: { audit: number } }) => fields.audit);
        expect(new Set(numbers).size).toBe(numbers.length);
        break;
      }
      await run(["token", "create", "--name", `t${crypto.randomUUID()}`, "--role", "viewer"]);
    }
  }, 60_000);

  test("deletes what is named, when one means it", async () => {
    expect(await fails("logs", "delete", "four")).toMatchObject({ code: 2, error: { code: "bad_request" } });
    expect(await text("logs", "delete", "four", "--yes")).toContain("They are deleted");
    expect((await json("logs", "query")).entries).toHaveLength(3);
  });
});
