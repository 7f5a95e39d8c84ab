// Secrets through the shipped command: set, used by steps that do everything wrong with them, and then looked for in every file
// of the data folder, everything the server printed, and every answer.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-secrets-"));
const project = join(work, "project");
const stored = 'st"ored-Secret/51H+';
const fromEnv = "environment-Secret-77";
const fromFile = "file-Secret-with-$igns";
const values = [stored, fromEnv, fromFile];
const hookKeys = ["hook-Key-of-January", "hook-Key-of-February"];
const needles = [...values, ...hookKeys].flatMap((value) => [
  value,
  JSON.stringify(value).slice(1, -1),
  btoa(value),
  encodeURIComponent(value),
]);
const { run, json } = commandsIn(project);
let server: Running;

const flow = `
import { secret, webhook, workflow } from "sluice";

const file = ${JSON.stringify(join(work, "secret.txt"))};
let leaked = "";

export const leaky = workflow({ name: "leaky", retry: { attempts: 2, delay: 10 } }, async (ctx) => {
  const result = await ctx.step("look up", async (step) => {
    const found = await Promise.all([
      step.secret("deep/stored"),
      step.secret(secret("LEAKY_SECRET", { from: "env" })),
      step.secret(secret(file, { from: "file" })),
    ]);
    leaked = found.join(" and ");
    console.log("printed", leaked, { found });
    console.error(new Error(leaked));
    process.stdout.write("written " + leaked + "\\n");
    process.stderr.write(new TextEncoder().encode("bytes " + leaked + "\\n"));
    ctx.log("logged " + leaked, { found });
    return { found, lengths: found.map((each) => each.length), large: (leaked + " ").repeat(20_000), basic: btoa("ada:" + found[0]) };
  });
  ctx.progress({ leaked });
  await ctx.state.global.set("leaked", { leaked });
  await ctx.emit("leaked", { leaked }, { key: leaked.slice(0, 40) });
  await ctx
    .step("fail " + leaked.slice(0, 30), () => {
      throw new TypeError("refused " + leaked, { cause: Object.assign(new Error(leaked), { code: leaked, details: { leaked } }) });
    })
    .catch((error) => ctx.log.error(String(error), { error: error.message }));
  const child = await ctx.call("child", { leaked });
  return { child, lengths: result.lengths, leaked, text: JSON.stringify(result.found) };
});

export const child = workflow({ name: "child" }, async (ctx, input: { leaked: string }) => ctx.step("echo", () => input.leaked));

export const hooked = workflow(
  { name: "hooked", triggers: [webhook("/stored", { secret: { secret: "hooks/stored" } })] },
  async (_ctx, input) => input,
);

export const fails = workflow({ name: "fails" }, async (ctx) => {
  await ctx.step("look up", async (step) => void (await step.secret("deep/stored")));
  await ctx.step("blow up", () => {
    setTimeout(() => {
      throw new Error("uncaught " + leaked);
    }, 0);
    return new Promise(() => undefined);
  });
});
`;

beforeAll(async () => {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(work, "secret.txt"), `${fromFile}\n`);
  writeProject(project, { "workflows/leaky.ts": flow });
  server = startSluice(["up", "--project", project, "--port", "0", "--json"], { env: { LEAKY_SECRET: fromEnv } });
  await readyLine(server);
});

afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

/** Every file below a folder, with what is in it. */
function filesIn(folder: string): (readonly [path: string, content: Buffer])[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path)] as const);
}

function expectNothing(where: string, content: Buffer | string): void {
  for (const needle of needles) expect([where, content.includes(needle)]).toEqual([where, false]);
}

describe("a secret", () => {
  test("is set from standard input and listed without its value", async () => {
    const set = await sluice(["secret", "set", "deep/stored", "--project", project], { stdin: `${stored}\n` });
    expect([set.exitCode, set.stdout]).toEqual([0, "Secret deep/stored is set, version 1.\n"]);
    const listed = await run(["secret", "list"]);
    expect(listed.stdout).toContain("deep/stored");
    expectNothing("list", listed.stdout + set.stdout);
    expect((await sluice(["secret", "set", "x", "--project", project], { stdin: "" })).exitCode).toBe(2);
    expect((await run(["secret", "remove", "nothing"])).exitCode).toBe(1);
  });

  test("is used, and is then in no journal, log, error, file or answer, whatever was done with it", async () => {
    type Ended = { id: string; status: string; output: { lengths: number[]; leaked: string } };
    const { id } = ((await json("run", "leaky", "--wait")) as { run: { id: string } }).run;
    const ended = ((await json("runs", "show", id)) as { run: Ended }).run;
    expect([ended.status, ended.output.lengths]).toEqual(["completed", values.map((value) => value.length)]);
    expect(ended.output.leaked).toBe(values.map((value) => "*".repeat(value.length)).join(" and "));
    const outputs = await Promise.all(
      [
        ["runs", "show", ended.id, "--json"],
        ["runs", "export"],
        ["events", "list", "--json"],
        ["state", "list", "global", "--json"],
        ["audit", "list", "--json"],
      ].map(async (command) => [command.join(" "), (await run(command)).stdout] as const),
    );
    for (const [command, text] of outputs) {
      expect(text.length).toBeGreaterThan(10);
      expectNothing(command, text);
    }
    for (const [path, content] of filesIn(join(project, ".sluice"))) expectNothing(path, content);
  });

  test("signs requests to a webhook that names it in the store, from the moment it is set, and with its new value at once", async () => {
    const { url } = await readyLine(server);
    const body = '{"n":1}';
    const deliver = async (key: string): Promise<number> => {
      const signature = new Bun.CryptoHasher("sha256", key).update(body).digest("hex");
      const headers = { "content-type": "application/json", "x-sluice-signature": `sha256=${signature}` };
      return (await fetch(`${url}/hooks/stored`, { method: "POST", headers, body })).status;
    };
    const set = (key: string) => sluice(["secret", "set", "hooks/stored", "--project", project], { stdin: `${key}\n` });
    const [january = "", february = ""] = hookKeys;
    expect(await deliver(january)).toBe(503);
    expect((await set(january)).exitCode).toBe(0);
    expect([await deliver(january), await deliver(february)]).toEqual([202, 401]);
    expect((await set(february)).exitCode).toBe(0);
    expect([await deliver(january), await deliver(february)]).toEqual([401, 202]);
    for (const [path, content] of filesIn(join(project, ".sluice"))) expectNothing(path, content);
    expectNothing("triggers", (await run(["triggers", "list", "--json"])).stdout);
  });

  test("is not in what the server printed, not even in a worker's last words", async () => {
    const { id } = ((await json("run", "fails")) as { run: { id: string } }).run;
    // It takes its worker down three times, and waits then for somebody.
    for (let status = ""; status !== "waiting";)
      ({ status } = ((await json("runs", "show", id)) as { run: { status: string } }).run);
    await stop(server);
    const printed = server.stdout() + server.stderr();
    for (const word of ["printed ***", "written ***", "bytes ***", "uncaught ***"]) expect(printed).toContain(word);
    expectNothing("what was printed", printed);
    for (const [path, content] of filesIn(join(project, ".sluice"))) expectNothing(path, content);
  });
});
