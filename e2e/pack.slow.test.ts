// The packed tarballs, installed into an empty folder as a user would, without the workspace in reach.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packAll } from "../scripts/pack.ts";
import { expectWorker } from "./packed-worker.suite.ts";

const INSTALL_TIMEOUT_MS = 180_000;
const root = join(import.meta.dir, "..");
const work = mkdtempSync(join(tmpdir(), "sluice-pack-"));
const full = join(work, "full");
const sdkOnly = join(work, "sdk-only");

interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function run(command: string[], cwd: string): Promise<Ran> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

async function install(folder: string, tarball: string): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const ran = await run(["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball], folder);
  expect(`${ran.exitCode}\n${ran.stderr}`).toStartWith("0\n");
}

async function isServing(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    (answer) => answer.ok,
    () => false,
  );
}

function typeCheck(folder: string, source: string): Promise<Ran> {
  writeFileSync(join(folder, "sample.ts"), source);
  const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "esnext", types: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["sample.ts"] }));
  return run([join(root, "node_modules/.bin/tsc"), "-p", folder], folder);
}

beforeAll(async () => {
  const [sluice = "", sdk = ""] = await packAll();
  await install(full, sluice);
  await install(sdkOnly, sdk);
}, INSTALL_TIMEOUT_MS);

afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The console came along, compressed, without the maps to its sources. */
async function expectConsole(url: string): Promise<void> {
  const page = await fetch(url);
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  const [script = "none"] = /\/assets\/main-[\w-]+\.js/.exec(await page.text()) ?? [];
  const part = await fetch(url + script);
  expect(part.headers.get("content-encoding")).toBe("br");
  expect(await part.text()).toContain("react");
  expect((await fetch(`${url}${script}.map`)).status).toBe(404);
}

describe("sluice", () => {
  test("npx sluice --version prints the version", async () => {
    const { version } = (await Bun.file(join(root, "packages/cli/package.json")).json()) as { version: string };
    const ran = await run(["npx", "--no-install", "sluice", "--version"], full);
    expect(ran).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  });

  test.each([
    ["npx sluice up", ["npx", "--no-install", "sluice"]],
    ["the command itself", [join(full, "node_modules/.bin/sluice")]],
  ])(
    "%s serves an empty folder until it is told to stop",
    async (what, command) => {
      const folder = mkdtempSync(join(full, "project-"));
      const args = ["up", "--project", folder, "--port", "0", "--json"];
      const child = spawn(command[0] ?? "", [...command.slice(1), ...args], {
        cwd: full,
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
      const line = await new Promise<string>((resolve) => {
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (more: string) => {
          text += more;
          if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
        });
      });
      const { url } = JSON.parse(line) as { url: string };
      try {
        expect((await fetch(`${url}/ready`)).status).toBe(200);
        await expectConsole(url);
      } finally {
        // To the group: the shell that npx puts in between does not pass signals on.
        process.kill(-(child.pid ?? 0), "SIGTERM");
      }
      const code = await exited;
      if (what !== "npx sluice up") expect(code).toBe(0);
      while (await isServing(url));
    },
    60_000,
  );

  test("types reach a project that has no Bun types", async () => {
    const ran = await typeCheck(
      full,
      `import { workflow } from "sluice";
       export const double = workflow({ name: "double" }, async (ctx, input: number) => ctx.step("x", () => input * 2));
       // @ts-expect-error a name is text
       workflow({ name: 1 }, async () => 1);`,
    );
    expect(ran).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("workflows can be defined and tested under Node", async () => {
    const code =
      'const [a, b] = await Promise.all([import("sluice"), import("sluice/testing")]); console.log(typeof a.workflow, typeof a.open, Object.keys(b).length > 0)';
    const ran = await run(["node", "--input-type=module", "--eval", code], full);
    expect(ran).toMatchObject({ exitCode: 0, stdout: "function function true\n" });
  });
});

describe("sluice-worker", () => {
  test(
    "does tasks and runs on Node for a server of the package",
    () => expectWorker(full, ["npx", "--no-install", "sluice-worker"], "node"),
    60_000,
  );
});

describe("sluice/cronflow", () => {
  test("a program written for cronflow runs from the package, and its types come along", async () => {
    const code = `import cronflow from "sluice/cronflow";
      import { VERSION } from "sluice/cronflow/sdk";
      const flow = cronflow.define({ id: "x" }).step("a", () => 7).step("b", (ctx) => ctx.last + 1);
      const tested = await flow.test().expectStep("b").toSucceed().run();
      await cronflow.start({ data: "cronflow-data" });
      const id = await cronflow.trigger("x");
      let seen = await cronflow.inspect(id);
      while (seen.status !== "completed") seen = await cronflow.inspect(id);
      await cronflow.stop();
      console.log(tested.status, seen.output, VERSION);`;
    const ran = await run([join(full, "node_modules/.bin/bun"), "--eval", code], full);
    expect(ran).toMatchObject({ exitCode: 0, stdout: "completed 8 0.1.0\n" });
    expect(await typeCheck(full, code)).toMatchObject({ exitCode: 0, stdout: "" });
  });
});

describe("@sluice/sdk", () => {
  test("has connect but not open, under Node, without dependencies", async () => {
    const code =
      'const sdk = await import("@sluice/sdk"); console.log(typeof sdk.connect, typeof sdk.open, typeof sdk.workflow)';
    const ran = await run(["node", "--input-type=module", "--eval", code], sdkOnly);
    expect(ran).toMatchObject({ exitCode: 0, stdout: "function undefined function\n" });
    expect((await run(["npm", "ls", "--all", "--parseable"], sdkOnly)).stdout.trim().split("\n")).toHaveLength(2);
  });

  test("types come along", async () => {
    const ran = await typeCheck(
      sdkOnly,
      'import { connect } from "@sluice/sdk";\nexport const open: typeof connect = connect;',
    );
    expect(ran).toMatchObject({ exitCode: 0, stdout: "" });
  });
});
