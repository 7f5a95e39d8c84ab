// A worker from the installed package, on the runtime that a test chooses, beside a server from the same package.
import { expect } from "bun:test";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanEnv } from "./cli-process.ts";
import { token } from "./server-process.ts";

const code = `
import { NonRetryableError, task, workflow } from "sluice";
export const square = task({ name: "square", retry: { attempts: 3 } }, (n, at) => {
  at.log("squaring");
  return n * n;
});
export const refuse = task({ name: "refuse", retry: { attempts: 3 } }, () => {
  throw new NonRetryableError("not today");
});
export const here = workflow({ name: "here" }, async (ctx, n) => {
  const squared = await ctx.task(square, n);
  const refused = await ctx.task(refuse, 1).catch((error) => [error.name, error.message]);
  const runtime = await ctx.step("runtime", () => (typeof Deno === "object" ? "deno" : typeof Bun === "object" ? "bun" : "node"));
  await ctx.sleep(1);
  return { squared, refused, runtime };
});
`;

function start(
  command: readonly string[],
  cwd: string,
): { readonly child: ChildProcess; readonly line: Promise<string> } {
  const [program = "", ...args] = command;
  const env = cleanEnv({ SLUICE_TOKEN: token }) as NodeJS.ProcessEnv;
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"], detached: true });
  const line = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
  return { child, line };
}

const end = (child: ChildProcess): Promise<unknown> => {
  const over = new Promise((resolve) => child.once("exit", resolve));
  // To the group: the shell that npx puts in between does not pass signals on.
  process.kill(-(child.pid ?? 0), "SIGTERM");
  return over;
};

/** Starts a server and a worker from the folder that the package is installed in; a run and its tasks happen there. */
export async function expectWorker(installed: string, command: readonly string[], runtime: string): Promise<void> {
  const folder = mkdtempSync(join(installed, "worker-"));
  writeFileSync(join(folder, "tasks.mjs"), code);
  writeFileSync(join(folder, "token"), token, { mode: 0o600 });
  writeFileSync(join(folder, "package.json"), "{}");
  const sluice = join(installed, "node_modules/.bin/sluice");
  const server = start([sluice, "up", "--project", folder, "--port", "0", "--worker-port", "0", "--json"], installed);
  const { url, workerPort } = JSON.parse(await server.line) as { url: string; workerPort: number };
  const args = ["--connect", `127.0.0.1:${workerPort}`, "--token-file", join(folder, "token"), "--id", "w"];
  const more = ["--code", join(folder, "tasks.mjs"), "--state", join(folder, "state"), "--builds"];
  const worker = start([...command, ...args, ...more], installed);
  try {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    for (;;) {
      const body = JSON.stringify({ input: 12 });
      const answer = await fetch(`${url}/api/v1/workflows/here/runs?wait=20s`, { method: "POST", headers, body });
      const shown = (await answer.json()) as { run?: { output: unknown }; error?: { code: string } };
      if (shown.error?.code === "workflow_not_found") continue;
      expect(shown.run?.output).toEqual({ squared: 144, refused: ["NonRetryableError", "not today"], runtime });
      break;
    }
    const body = JSON.stringify({ target: "t", options: { command: ["echo", "built"] }, on: { runtime } });
    const begun = await fetch(`${url}/api/v1/builds`, { method: "POST", headers, body });
    const { build } = (await begun.json()) as { build: { id: string } };
    // The stream ends with the build.
    const events = await (await fetch(`${url}/api/v1/builds/${build.id}/events`, { headers })).text();
    expect(events).toContain('"text":"built\\n"');
    expect(events).toContain('"message":"completed"');
  } finally {
    await end(worker.child);
    await end(server.child);
  }
}
