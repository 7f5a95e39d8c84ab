// Encrypted payloads through the shipped command: killed in the middle, looked for in every file, rotated, erased, and restored
// from a backup with and without the keys.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-encryption-"));
const project = join(work, "project");
const data = join(project, ".sluice");
const word = "Needle-51H-in-the-clear";
const { json, run, text, fails } = commandsIn(project);
let server: Running;

const flow = `
import { workflow } from "sluice";

export const intake = workflow({ name: "intake", encrypt: true }, async (ctx, input: { name: string }) => {
  ctx.log("log " + input.name, { data: input.name });
  const letter = await ctx.step("letter", () => ("Dear " + input.name + ". ").repeat(3_000));
  const child = await ctx.call("plain-child", { of: input.name });
  const event = await ctx.waitFor<{ text: string }>("go");
  return { letter: letter.length, child, event, name: input.name };
});

export const child = workflow({ name: "plain-child" }, async (ctx, input: { of: string }) =>
  ctx.step("echo", () => "child of " + input.of));
`;

async function start(): Promise<void> {
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  await readyLine(server);
}

beforeAll(async () => {
  mkdirSync(project, { recursive: true });
  writeProject(project, { "workflows/intake.ts": flow });
  await start();
});

afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

/** The files below a folder that hold the word. */
function found(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => {
    const file = join(folder, path);
    return statSync(file).isFile() && readFileSync(file).includes(word);
  });
}

async function statusOf(id: string): Promise<string> {
  return ((await json("runs", "show", id)) as { run: { status: string } }).run.status;
}

/** A run that waits for its event. */
async function waiting(): Promise<string> {
  const { id } = ((await json("run", "intake", "--input", JSON.stringify({ name: word }))) as { run: { id: string } })
    .run;
  while ((await statusOf(id)) !== "waiting");
  return id;
}

async function finish(id: string): Promise<unknown> {
  await text("events", "send", "go", "--payload", JSON.stringify({ text: word }));
  while (!["completed", "failed"].includes(await statusOf(id)));
  return ((await json("runs", "show", id)) as { run: { output: unknown } }).run.output;
}

const output = {
  letter: `Dear ${word}. `.length * 3_000,
  child: `child of ${word}`,
  event: { text: word },
  name: word,
};

describe("an encrypted workflow", () => {
  test("leaves nothing to be found by somebody who has the files, whether it was killed or stopped", async () => {
    const id = await waiting();
    process.kill(-server.pid, "SIGKILL");
    await server.exited;
    expect(found(data)).toEqual([]);
    await start();
    expect(await finish(id)).toEqual(output);
    await stop(server);
    expect(found(data)).toEqual([]);
    await start();
    expect(await statusOf(id)).toBe("completed");
  });

  test("is readable after a rotation of its key, and of the key of keys", async () => {
    const id = await waiting();
    expect(await text("keys", "rotate", "intake")).toContain("1 workflows have a new key");
    await text("keys", "rotate");
    await text("secret", "rotate");
    await stop(server);
    await start();
    expect(await finish(id)).toEqual(output);
    expect(await text("keys", "list")).toMatch(/intake +\d+ +0/);
  });

  test("is erased run by run, and whole", async () => {
    const id = await waiting();
    expect((await fails("runs", "erase", id)).error.code).toBe("run_not_final");
    await finish(id);
    expect(await text("runs", "erase", id)).toBe("The values of 2 runs are gone.\n");
    const { run: erased } = (await json("runs", "show", id)) as { run: { output: unknown; error: { code: string } } };
    expect([erased.output, erased.error.code]).toEqual([null, "payload_erased"]);
    expect((await fails("runs", "fork", id)).error.code).toBe("payload_erased");
    expect((await run(["keys", "erase", "intake"])).exitCode).toBe(2);
    expect(await text("keys", "erase", "intake", "--yes")).toContain("runs of intake are gone");
  });

  test("is in a backup, sealed; restored without the keys its runs say so, and with them they are back", async () => {
    const id = await waiting();
    const file = join(work, "backup.tar");
    await text("backup", file);
    expect(readFileSync(file).includes(word)).toBe(false);
    await stop(server);
    const kept = join(work, "kept-keys");
    cpSync(join(data, "keys"), kept, { recursive: true });
    rmSync(data, { recursive: true });
    await text("restore", file, "--data", data);
    await start();
    const { run: shown } = (await json("runs", "show", id)) as {
      run: { input: unknown; error: { code: string } | null };
    };
    expect(shown.input).toBeNull();
    expect((await fails("run", "intake", "--input", JSON.stringify({ name: word }))).error.code).toBe(
      "payload_unreadable",
    );
    await stop(server);
    cpSync(join(kept, "secrets.json"), join(data, "keys", "secrets.json"));
    await start();
    expect(((await json("runs", "show", id)) as { run: { input: unknown } }).run.input).toEqual({ name: word });
  });
});
