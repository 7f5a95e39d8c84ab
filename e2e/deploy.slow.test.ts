// The files in deploy/ do what docs/deploy.md says of them, as far as that can be tried on one machine: systemd judges its units and
// passes connections on, pm2 starts and restarts the packed product, the commands of units and of the container start a server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packAll } from "../scripts/pack.ts";
import { call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const deploy = join(import.meta.dir, "../deploy");
const units = join(deploy, "systemd");
const work = mkdtempSync(join(tmpdir(), "sluice-deploy-"));
const shop = join(work, "shop");
/** What the tests need from npm besides the product. */
const tools = join(work, "tools");
const toolPackages = ["pm2@6.0.14", "dockerfile-utils@0.16.3"];
const installMsMax = 240_000;
const tryEveryMs = 100;

const analyze = "/usr/bin/systemd-analyze";
const activate = "/usr/bin/systemd-socket-activate";
const proxyd = "/usr/lib/systemd/systemd-socket-proxyd";
const hasSystemd = [analyze, activate, proxyd].every((path) => existsSync(path));
if (!hasSystemd) console.log("Without systemd its units are not tried. To try them: apt-get install -y systemd");

const workflows =
  'import { workflow } from "sluice";\nexport const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("s", () => "done"));\n';

function install(folder: string, ...packages: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "package.json"))) writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages];
  const ran = spawnSync("npm", args, { cwd: folder, encoding: "utf8" });
  expect(`${ran.status}\n${ran.stderr}`).toStartWith("0\n");
}

beforeAll(async () => {
  const [sluice = ""] = await packAll();
  writeProject(shop, { "workflows/quick.ts": workflows });
  install(shop, sluice);
  install(tools, ...toolPackages);
}, installMsMax);
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Resolves with what `look` finds. */
async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => void setTimeout(resolve, tryEveryMs));
  }
}

async function isReady(url: string): Promise<true | undefined> {
  return fetch(`${url}/ready`).then(
    ({ ok }) => (ok ? true : undefined),
    () => undefined,
  );
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
  const { port } = server;
  await server.stop(true);
  return port ?? 0;
}

/** Starts a command as a unit or a container does, in another place and on any port, and asks it to execute a run. */
async function serves(command: readonly string[], folder: string): Promise<void> {
  const places: Readonly<Record<string, string>> = {
    "/var/lib/sluice": join(folder, "data"),
    "/data": join(folder, "data"),
    "0.0.0.0": "127.0.0.1",
    "7890": "0",
  };
  const args = command.map((arg) => places[arg] ?? arg.replace("/srv/shop", shop));
  const child = spawn(args[0] ?? "", [...args.slice(1), "--json"], {
    cwd: shop,
    env: { ...process.env, SLUICE_TOKEN: token },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => resolve((JSON.parse(text) as { url: string }).url));
  });
  const ran = await call<{ run: { status: string } }>(
    { url } as ServerProcess,
    "POST /api/v1/workflows/quick/runs?wait=20s",
    {},
  );
  expect(ran?.body.run.status).toBe("completed");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
}

const commandIn = (text: string): string[] => (/^ExecStart=(.*)$/m.exec(text)?.[1] ?? "").split(" ");

describe.skipIf(!hasSystemd)("units of systemd", () => {
  /** What `systemd-analyze verify` says of units whose programs are here. */
  function judge(change: (text: string) => string): { readonly exitCode: number | null; readonly said: string } {
    const folder = mkdtempSync(join(work, "units-"));
    for (const name of readdirSync(units)) {
      const text = readFileSync(join(units, name), "utf8").replaceAll("/srv/shop/", `${shop}/`);
      writeFileSync(join(folder, name.replace("@.", "@blue.")), change(text));
    }
    const paths = readdirSync(folder).map((name) => join(folder, name));
    const ran = spawnSync(analyze, ["verify", "--man=no", ...paths], { encoding: "utf8" });
    const own = ran.stderr.split("\n").filter((line) => line.includes("sluice"));
    return { exitCode: ran.status, said: own.join("\n") };
  }

  test("are found well by systemd, which finds what is not", () => {
    expect(judge((text) => text)).toEqual({ exitCode: 0, said: "" });
    expect(judge((text) => text.replace("KillMode=process", "KillMode=some")).said).toContain("kill mode");
  });

  test.each(["sluice.service", "sluice@.service"])(
    "%s starts a server",
    async (name) => {
      await serves(commandIn(readFileSync(join(units, name), "utf8")), mkdtempSync(join(work, "unit-")));
    },
    60_000,
  );

  test("connections wait in systemd's socket until there is a server, and are passed on to it", async () => {
    const port = await freePort();
    const listen = await freePort();
    const command = commandIn(readFileSync(join(units, "sluice-front.service"), "utf8"));
    const args = command.map((arg) => arg.replace("127.0.0.1:7890", `127.0.0.1:${port}`));
    const front = spawn(activate, ["--listen", `127.0.0.1:${listen}`, ...args], { stdio: "ignore" });
    const folder = mkdtempSync(join(work, "front-"));
    const p = { project: shop, data: join(folder, "data"), args: ["--port", String(port)] };
    let server = await startServer(p);
    try {
      const url = `http://127.0.0.1:${listen}`;
      await until(() => isReady(url));
      server.process.kill("SIGTERM");
      await server.exited;
      server = await startServer(p);
      expect((await fetch(`${url}/ready`)).status).toBe(200);
    } finally {
      front.kill("SIGTERM");
      await killAll(server);
    }
  }, 60_000);
});

describe("pm2", () => {
  const home = join(work, "pm2");
  let port = 0;
  const pm2 = (...args: readonly string[]): string => {
    const env = {
      ...process.env,
      PM2_HOME: home,
      PM2_WORKER_INTERVAL: "1000",
      SLUICE_TOKEN: token,
      SLUICE_PORT: String(port),
      MEMORY_MAX: process.env["TEST_MEMORY_MAX"] ?? "1G",
    };
    // To a file: the daemon that it leaves behind would keep a pipe open.
    const file = join(work, "pm2-output");
    const output = openSync(file, "w");
    const ran = spawnSync(join(tools, "node_modules/.bin/pm2"), args, {
      cwd: shop,
      env,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const text = readFileSync(file, "utf8");
    expect(`${ran.status}\n${text}`).toStartWith("0\n");
    return text;
  };
  interface Shown {
    readonly pid: number;
    readonly pm2_env: { readonly status: string; readonly restart_time: number };
  }
  const shown = (): Shown | undefined => {
    const text = pm2("jlist");
    return (JSON.parse(text.slice(text.indexOf("["))) as Shown[])[0];
  };

  beforeAll(async () => {
    port = await freePort();
    cpSync(join(deploy, "pm2/ecosystem.config.cjs"), join(shop, "ecosystem.config.cjs"));
  });
  afterAll(() => pm2("kill"));

  test("starts one server, starts it again when it is killed, and stops it", async () => {
    pm2("start", "ecosystem.config.cjs");
    const url = `http://127.0.0.1:${port}`;
    await until(() => isReady(url));
    const before = shown();
    expect(before?.pm2_env).toMatchObject({ status: "online", restart_time: 0 });
    const ready = (JSON.parse(readFileSync(join(shop, ".sluice/server.json"), "utf8")) as { pid: number }).pid;
    expect(ready).toBe(before?.pid ?? 0);
    process.kill(ready, "SIGKILL");
    const after = await until(() => {
      const now = shown();
      return now !== undefined && now.pid !== ready && now.pm2_env.restart_time > 0 ? now : undefined;
    });
    await until(() => isReady(url));
    expect(after.pm2_env.status).toBe("online");
    pm2("stop", "sluice");
    expect(existsSync(join(shop, ".sluice/server.json"))).toBe(false);
    pm2("delete", "sluice");
  }, 120_000);

  test("restarts it when it takes more memory than it may", async () => {
    process.env["TEST_MEMORY_MAX"] = "20M";
    pm2("start", "ecosystem.config.cjs");
    delete process.env["TEST_MEMORY_MAX"];
    const log = (): string => readFileSync(join(home, "pm2.log"), "utf8");
    await until(() => (log().includes("exceeds --max-memory-restart") ? true : undefined));
    await until(() => ((shown()?.pm2_env.restart_time ?? 0) > 0 ? true : undefined));
    pm2("delete", "sluice");
  }, 120_000);
});

describe("the Containerfile", () => {
  const text = readFileSync(join(deploy, "container/Containerfile"), "utf8");

  /** What the linter finds. */
  function lint(content: string): string {
    const file = join(mkdtempSync(join(work, "container-")), "Dockerfile");
    writeFileSync(file, content);
    const ran = spawnSync(join(tools, "node_modules/.bin/dockerfile-utils"), ["lint", file], { encoding: "utf8" });
    return `${ran.stdout}${ran.stderr}`.trim();
  }

  test("is found well by a linter, which finds what is not", () => {
    expect(lint(text)).toBe("");
    expect(lint(text.replace("EXPOSE 7890", "EXPOSE a port"))).not.toBe("");
  });

  test("has a command that starts a server, and one that finds it healthy", async () => {
    const command = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1] ?? "[]") as string[];
    await serves(command, mkdtempSync(join(work, "container-data-")));
    const [program = "", ...args] = JSON.parse(/ CMD (\[.*\])$/m.exec(text)?.[1] ?? "[]") as string[];
    const server = await startServer({ project: shop, data: mkdtempSync(join(work, "healthy-")) });
    const probe = (url: string): number | null =>
      spawnSync(
        program,
        args.map((arg) => arg.replace("http://127.0.0.1:7890", url)),
      ).status;
    expect(probe(server.url)).toBe(0);
    await killAll(server);
    expect(probe(server.url)).toBe(1);
  }, 60_000);
});
