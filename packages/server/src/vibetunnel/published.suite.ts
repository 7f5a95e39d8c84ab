// The published VibeTunnel server, from its npm package in a folder of its own: what the face is held against.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const version = "1.0.0-beta.15.1";

export interface Published extends AsyncDisposable {
  readonly url: string;
  /** The folder with its web client. */
  readonly client: string;
  /** What it is begun in. */
  readonly work: string;
}

/** Undefined where it cannot be had, with what it would take. */
export async function published(): Promise<Published | string> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-published-"));
  const installed = install(folder);
  if (installed !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    return installed;
  }
  const work = join(folder, "work");
  mkdirSync(work);
  const port = await freePort();
  const program = join(folder, "node_modules/vibetunnel/dist/vibetunnel-cli");
  const child = Bun.spawn(
    ["node", program, "--no-auth", "--no-mdns", "--push-disabled", "--bind", "127.0.0.1", "--port", String(port)],
    {
      cwd: work,
      env: { PATH: process.env["PATH"], HOME: work, VIBETUNNEL_CONTROL_DIR: join(folder, "control"), LANG: "C.UTF-8" },
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  const url = `http://127.0.0.1:${port}`;
  while (!(await isUp(url))) if (child.exitCode !== null) return `it ended with ${child.exitCode}`;
  return {
    url,
    work,
    client: join(folder, "node_modules/vibetunnel/public"),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Its native parts come as archives beside it; no script of it is run. */
function install(folder: string): string | undefined {
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  try {
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `vibetunnel@${version}`], {
      cwd: folder,
      stdio: "ignore",
    });
  } catch {
    return `npm install vibetunnel@${version} does not work here`;
  }
  const abi = execFileSync("node", ["-p", "process.versions.modules"]).toString().trim();
  const archives = join(folder, "node_modules/vibetunnel/prebuilds");
  const ending = `-node-v${abi}-${process.platform}-${process.arch}.tar.gz`;
  for (const name of ["node-pty", "authenticate-pam"]) {
    const archive = readdirSync(archives).find((file) => file.startsWith(`${name}-`) && file.endsWith(ending));
    if (archive === undefined) return `it has no ${name} for Node of ABI ${abi}`;
    for (const place of [name, `vibetunnel/${name}`]) {
      const into = join(folder, "node_modules", place);
      mkdirSync(into, { recursive: true });
      execFileSync("tar", ["-xzf", join(archives, archive), "-C", into]);
    }
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return promise;
}

async function isUp(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/api/health`).catch(() => undefined);
  return answer?.ok === true;
}
