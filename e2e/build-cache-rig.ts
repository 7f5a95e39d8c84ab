// Workspaces of other build tools in front of our server, with something in between that can do to their requests what networks do.
import { spawn as start } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { BuildClients } from "./build-clients.ts";
import { writeProject } from "./server-process.ts";

/** What happens to what a client asks. `other`: an answer of 200 whose content is not what it should be. */
export const faults = ["refused", "hanging", "401", "403", "500", "truncated", "other"] as const;
export type Fault = (typeof faults)[number];

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** Passes requests on, or does not. */
export class FaultyPath {
  fault: Fault | undefined;
  seen: Seen[] = [];
  readonly #server: Bun.Server<undefined>;
  readonly #target: string;
  readonly #held: (() => void)[] = [];

  constructor(target: string) {
    this.#target = target;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: (request) => this.#answer(request),
    });
  }

  /** Where nobody listens, while that is the fault. */
  get url(): string {
    return this.fault === "refused" ? "http://127.0.0.1:9" : `http://127.0.0.1:${this.#server.port}`;
  }

  async stop(): Promise<void> {
    for (const release of this.#held) release();
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const body = method === "GET" || method === "HEAD" ? undefined : await request.bytes();
    const note = (status: number): void => void this.seen.push({ method, path: pathname, status });
    if (this.fault === "hanging") {
      note(0);
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    if (this.fault === "401" || this.fault === "403" || this.fault === "500") {
      note(Number(this.fault));
      return new Response("no", { status: Number(this.fault), headers: { "content-type": "text/plain" } });
    }
    const passed = new Headers(headers);
    passed.delete("host");
    const response = await fetch(this.#target + pathname + search, {
      method,
      headers: passed,
      redirect: "manual",
      decompress: false,
      ...(body === undefined ? {} : { body }),
    });
    note(response.status);
    const content = await response.bytes();
    const fits = method === "GET" && response.status === 200 && !pathname.endsWith("/status");
    if (fits && this.fault === "truncated") return cutOff(content);
    if (fits && this.fault === "other")
      return new Response(
        content.map((byte) => byte ^ 0x55),
        { headers: response.headers },
      );
    const shown = method === "HEAD" || [204, 304].includes(response.status) ? null : content;
    return new Response(shown, { status: response.status, headers: response.headers });
  }
}

/** Half of it, and then the connection ends. */
function cutOff(content: Uint8Array): Response {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(content.subarray(0, Math.floor(content.length / 2))),
    pull: (controller) => controller.error(new Error("cut off")),
  });
  return new Response(stream);
}

interface Ran {
  readonly exitCode: number;
  readonly output: string;
  readonly elapsedMs: number;
  /** It was ended for want of patience. */
  readonly timedOut: boolean;
}

/** One tool in one workspace. */
export interface ToolRun {
  readonly name: string;
  /** Runs the build against the cache at this address. */
  run(url: string): Promise<Ran>;
  /** Takes away what was built, and all that the tool keeps on this machine. */
  wipe(): void | Promise<void>;
  /** SHA-256 over all that was built; undefined where something is missing. */
  built(): string | undefined;
}

interface Ground {
  readonly folder: string;
  readonly clients: BuildClients;
  readonly token: string;
}

const packages = ["a", "b", "c"];
const script =
  "mkdir -p dist && cat src/in.txt ../*/src/in.txt > dist/out.txt && echo built $(wc -c < dist/out.txt) bytes";

/** Beside this process, which is what the program talks to. */
async function spawn(
  command: readonly string[],
  p: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  const startedMs = performance.now();
  const { CI: _ci, GITHUB_ACTIONS: _github, ...env } = process.env;
  const [program = "", ...args] = command;
  // A group of its own: some of these are starters of the program that does the work.
  const child = start(program, args, {
    cwd: p.cwd,
    env: { ...env, ...p.env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, timedOut] = ["", false];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const impatience = setTimeout(() => {
    timedOut = true;
    process.kill(-(child.pid ?? 0), "SIGKILL");
  }, runMsMax);
  const exitCode = await new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  clearTimeout(impatience);
  return { exitCode, output, elapsedMs: performance.now() - startedMs, timedOut };
}
/** A client that waits longer than this for a cache that does not answer, waits for ever as far as its table says. */
const runMsMax = 60_000;

function digestOfFiles(files: readonly string[]): string | undefined {
  const sum = createHash("sha256");
  try {
    for (const file of files) sum.update(readFileSync(file));
  } catch {
    return undefined;
  }
  return sum.digest("hex");
}

/** A workspace of npm with three packages that depend on each other. */
function workspace({ folder, clients }: Ground, more: Readonly<Record<string, string>>): void {
  const files: Record<string, string> = {
    "package.json": JSON.stringify({
      name: "ws",
      version: "1.0.0",
      private: true,
      packageManager: "npm@10.8.2",
      workspaces: ["packages/*"],
    }),
    "package-lock.json": JSON.stringify({ name: "ws", version: "1.0.0", lockfileVersion: 3, packages: {} }),
    ".gitignore": "node_modules\ndist\n.turbo\n.nx\n.moon/cache\n",
    ...more,
  };
  for (const [n, name] of packages.entries()) {
    const before = packages[n - 1];
    const dependencies = before === undefined ? {} : { [before]: "1.0.0" };
    files[`packages/${name}/package.json`] = JSON.stringify({
      name,
      version: "1.0.0",
      scripts: { build: script },
      dependencies,
    });
    files[`packages/${name}/src/in.txt`] = `${name} `.repeat(500);
  }
  writeProject(folder, files);
  symlinkSync(join(clients.bin, ".."), join(folder, "node_modules"));
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"],
  ]) {
    Bun.spawnSync(["git", ...args], { cwd: folder });
  }
}

const outputs = (folder: string): string[] => packages.map((name) => join(folder, "packages", name, "dist", "out.txt"));

function remove(folder: string, ...paths: readonly string[]): void {
  for (const path of paths) rmSync(join(folder, path), { recursive: true, force: true });
}

export function turbo(ground: Ground): ToolRun {
  const { folder, clients, token } = ground;
  workspace(ground, {
    "turbo.json": JSON.stringify({ tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"] } } }),
  });
  return {
    name: "Turborepo",
    run: (url) =>
      spawn([join(clients.bin, "turbo"), "run", "build", "--cache=remote:rw"], {
        cwd: folder,
        env: {
          TURBO_API: `${url}/cache/turbo`,
          TURBO_TOKEN: token,
          TURBO_TEAM: "acme",
          TURBO_TELEMETRY_DISABLED: "1",
          TURBO_REMOTE_CACHE_TIMEOUT: "3",
          TURBO_PREFLIGHT: "true",
        },
      }),
    wipe: () =>
      remove(folder, ".turbo", ...packages.flatMap((name) => [`packages/${name}/dist`, `packages/${name}/.turbo`])),
    built: () => digestOfFiles(outputs(folder)),
  };
}

export function nx(ground: Ground): ToolRun {
  const { folder, clients, token } = ground;
  const build = {
    cache: true,
    dependsOn: ["^build"],
    inputs: ["{projectRoot}/src/**"],
    outputs: ["{projectRoot}/dist"],
  };
  workspace(ground, {
    "nx.json": JSON.stringify({ targetDefaults: { build }, analytics: false, useDaemonProcess: false }),
  });
  return {
    name: "Nx",
    run: (url) =>
      spawn([join(clients.bin, "nx"), "run-many", "-t", "build"], {
        cwd: folder,
        env: {
          NX_SELF_HOSTED_REMOTE_CACHE_SERVER: `${url}/cache/nx`,
          NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN: token,
          NX_CACHE_DIRECTORY: join(folder, ".nx/cache"),
          NX_WORKSPACE_DATA_DIRECTORY: join(folder, ".nx/data"),
          NX_DAEMON: "false",
          NX_NO_CLOUD: "true",
          NX_TUI: "false",
        },
      }),
    wipe: () => remove(folder, ".nx", ...packages.map((name) => `packages/${name}/dist`)),
    built: () => digestOfFiles(outputs(folder)),
  };
}

export function moon(ground: Ground): ToolRun {
  const { folder, clients, token } = ground;
  const tasks = `tasks:\n  build:\n    command: "sh ../../build.sh"\n    deps: ["^:build"]\n    inputs: ["src/**/*"]\n    outputs: ["dist/out.txt"]\n`;
  const files: Record<string, string> = { "build.sh": `${script}\n` };
  for (const [n, name] of packages.entries()) {
    const before = packages[n - 1];
    files[`packages/${name}/moon.yml`] = `${before === undefined ? "" : `dependsOn: ["${before}"]\n`}${tasks}`;
  }
  const config = (url: string): string =>
    `projects: ["packages/*"]\ntelemetry: false\nremote:\n  api: http\n  host: "${url}/cache/moon"\n  auth:\n    token: CACHE_TOKEN\n`;
  workspace(ground, { ...files, ".moon/workspace.yml": config("http://127.0.0.1:9") });
  return {
    name: "moon",
    run: async (url) => {
      writeProject(folder, { ".moon/workspace.yml": config(url) });
      return spawn([join(clients.bin, "moon"), "run", ":build"], {
        cwd: folder,
        env: { CACHE_TOKEN: token, MOON_TOOLCHAIN_FORCE_GLOBALS: "true" },
      });
    },
    wipe: () => remove(folder, ".moon/cache", ...packages.map((name) => `packages/${name}/dist`)),
    built: () => digestOfFiles(outputs(folder)),
  };
}

export function bazel(ground: Ground): ToolRun {
  const { folder, clients, token } = ground;
  const rule = (name: string, from: string): string =>
    `genrule(name = "${name}", srcs = ["${from}"], outs = ["${name}.txt"], cmd = "cat $< $< > $@")\n`;
  writeProject(folder, {
    WORKSPACE: "",
    "in.txt": "words ".repeat(500),
    BUILD: packages.map((name, n) => rule(name, n === 0 ? "in.txt" : `${packages[n - 1]}.txt`)).join(""),
  });
  const program = clients.bazel ?? "bazel";
  const root = join(folder, "..", "bazel-root");
  const bazelRun = (...args: readonly string[]): Promise<Ran> =>
    spawn([program, `--output_user_root=${root}`, "--max_idle_secs=60", ...args], { cwd: folder, env: {} });
  return {
    name: "Bazel",
    run: (url) =>
      bazelRun(
        "build",
        "//:all",
        ...(url.startsWith("grpc:")
          ? [`--remote_cache=${url}`, "--remote_instance_name=acme"]
          : [`--remote_cache=${url}/cache/bazel/acme`]),
        `--remote_header=Authorization=Bearer ${token}`,
        "--remote_timeout=3",
        "--remote_retries=0",
        "--color=no",
        "--curses=no",
      ),
    wipe: async () => {
      await bazelRun("clean");
    },
    built: () => digestOfFiles(packages.map((name) => join(folder, "bazel-bin", `${name}.txt`))),
  };
}

export function ccache({ folder, clients, token }: Ground): ToolRun {
  const { program = "ccache", env = {} } = clients.ccache ?? {};
  const names = packages.map((name) => `${name}.c`);
  writeProject(
    folder,
    Object.fromEntries(packages.map((name, n) => [`${name}.c`, `int ${name}(void) { return ${n}; }\n`])),
  );
  return {
    name: "ccache",
    run: async (url) => {
      mkdirSync(join(folder, "dir"), { recursive: true });
      const storage = `${url.replace("://", `://any:${token}@`)}/cache/ccache|operation-timeout=3000`;
      const given = {
        ...env,
        CCACHE_REMOTE_STORAGE: storage,
        CCACHE_REMOTE_ONLY: "1",
        CCACHE_DIR: join(folder, "dir"),
        CCACHE_NODEBUG: "1",
      };
      const each: Ran[] = [];
      for (const name of names) {
        each.push(
          await spawn([program, "gcc", "-c", name, "-o", name.replace(".c", ".o")], { cwd: folder, env: given }),
        );
      }
      return {
        exitCode: Math.max(...each.map(({ exitCode }) => exitCode)),
        output: each.map(({ output }) => output).join(""),
        elapsedMs: each.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
        timedOut: each.some(({ timedOut }) => timedOut),
      };
    },
    wipe: () => remove(folder, "dir", ...readdirSync(folder).filter((name) => name.endsWith(".o"))),
    built: () => digestOfFiles(packages.map((name) => join(folder, `${name}.o`))),
  };
}
