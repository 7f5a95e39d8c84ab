// A newcomer's first minutes: a clone without packages, on a machine that has nothing but Node and npm.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copySources, root } from "./docs/clone.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-fresh-"));
const clone = join(work, "sluice");
const bin = join(work, "bin");
/** All that is on the machine: `sh` is what npm runs scripts with, `curl` is in a command that the server prints. */
const programs = ["node", "npm", "sh", "curl"];
const installTimeoutMs = 180_000;
/** Process groups of servers; those that a failed test left behind are ended. */
const started: number[] = [];

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

beforeAll(() => {
  copySources(clone);
  mkdirSync(bin);
  for (const name of programs) symlinkSync(Bun.which(name) ?? `no ${name}`, join(bin, name));
});
afterAll(() => {
  for (const pid of started) endGroup(pid);
  rmSync(work, { recursive: true, force: true });
});

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // Nothing is left of it, as it should be.
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

function newcomersEnv(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
  return { ...Object.fromEntries(kept), PATH: bin, npm_config_prefer_offline: "true", ...more };
}

async function run(command: string[]): Promise<Ran> {
  const child = Bun.spawn(command, {
    cwd: clone,
    env: newcomersEnv(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

/** What npm complains of, its own configuration on this machine aside. */
function complaints(output: string): string[] {
  const about = /\b(warn|deprecated|allow-?scripts|install-scripts)/i;
  return output.split("\n").filter((line) => about.test(line) && !/Unknown \w+ config/.test(line));
}

interface Started {
  readonly text: string;
  readonly url: string;
  stop(): Promise<number | string>;
}

/** `npm start` in a process group of its own, once it says that it is ready. */
async function npmStart(): Promise<Started> {
  const child = spawn("npm", ["start"], {
    cwd: clone,
    env: newcomersEnv({ SLUICE_PORT: "0" }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  started.push(child.pid ?? 0);
  const exited = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  let text = "";
  const ready = new Promise<string>((resolve) => {
    const add = (more: string): void => {
      text += more;
      const url = /ready at (\S+)[\s\S]*Ctrl-C/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.setEncoding("utf8").on("data", add);
    child.stderr.setEncoding("utf8").on("data", add);
  });
  const url = await Promise.race([ready, exited]);
  if (typeof url !== "string" || !url.startsWith("http")) throw new Error(`npm start ended with ${url}:\n${text}`);
  const stop = async (): Promise<number | string> => {
    child.kill("SIGTERM");
    return exited;
  };
  return { text, url, stop };
}

interface Deployments {
  readonly workers: readonly { readonly process: { readonly pid: number } | null }[];
}

describe("npm", () => {
  test("is allowed to run every install script there is, so that it neither asks nor warns", () => {
    const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), "utf8"));
    const { packages } = read("package-lock.json") as { packages: Record<string, { hasInstallScript?: boolean }> };
    const { allowScripts } = read("package.json") as { allowScripts: Record<string, boolean> };
    const scripted = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript === true);
    const names = scripted.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    expect(names).toContain("bun");
    // One that is refused is decided, too: its package brings what it would build.
    expect(names.filter((name) => allowScripts[name] === undefined)).toEqual([]);
  });

  test(
    "test installs what is missing, and its last line agrees with its exit code",
    async () => {
      const good = await run(["npm", "test", "--", "scripts/junit.test.ts"]);
      expect(good.stdout).toContain("Installing packages");
      expect(complaints(good.stdout + good.stderr)).toEqual([]);
      expect(lastLine(good.stdout)).toMatch(/^[1-9]\d* passed, 0 failed$/);
      expect(good.exitCode).toBe(0);
      const mixed = 'test("a", () => {}); test("b", () => expect(1).toBe(2)); test.skip("c", () => {});';
      writeFileSync(join(clone, "scripts/mixed.test.ts"), `import { expect, test } from "bun:test";\n${mixed}\n`);
      const bad = await run(["npm", "test", "--", "scripts/mixed.test.ts"]);
      expect(bad.stdout).not.toContain("Installing packages");
      expect(lastLine(bad.stdout)).toBe("1 passed, 1 failed, 1 skipped");
      expect(bad.exitCode).not.toBe(0);
    },
    installTimeoutMs,
  );

  test(
    "start installs what is missing and serves the quickstart with one worker; what it says to try works as it is",
    async () => {
      rmSync(join(clone, "node_modules"), { recursive: true });
      const server = await npmStart();
      const { text, url } = server;
      expect(text).toContain("Installing packages");
      expect(complaints(text)).toEqual([]);
      expect(existsSync(join(clone, "node_modules/bun/bin/bun.exe"))).toBe(true);

      const token = readFileSync(join(clone, "examples/quickstart/.sluice/keys/token"), "utf8").trim();
      const answer = await fetch(`${url}/api/v1/deployments`, { headers: { authorization: `Bearer ${token}` } });
      const { workers } = (await answer.json()) as Deployments;
      expect(text).toContain("Workflows: order, report, shipping\n");
      expect(workers).toMatchObject([{ process: { pid: expect.any(Number) } }]);

      const block = text.slice(text.indexOf("Try, in another terminal:"), text.indexOf("API:"));
      const commands = block.split("\n").flatMap((line) => /^ {2}(\S.*)/.exec(line)?.[1] ?? []);
      expect(commands.length).toBeGreaterThanOrEqual(4);
      const outputs: string[] = [];
      for (const command of commands) {
        const ran = await run(["sh", "-c", command]);
        expect(`${command}: ${ran.exitCode} ${ran.stderr}`).toStartWith(`${command}: 0 `);
        outputs.push(ran.stdout);
      }
      expect(outputs.join("\n")).toContain("completed after");
      expect(outputs.join("\n")).toContain('"runId":"run_');
      expect(await server.stop()).toBe(0);
    },
    installTimeoutMs,
  );
});
