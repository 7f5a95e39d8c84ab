// A workspace over which a server runs, for tests of builds by the shipped command.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Ran, Running } from "./cli-process.ts";

export interface EndedBuild {
  readonly id: string;
  readonly status: string;
}

/** The last line of `--json`. */
export const endedBuild = ({ stdout }: Ran): EndedBuild =>
  JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as EndedBuild;

const build = "mkdir -p dist && cat src/* > dist/out";
const files: Readonly<Record<string, string | object>> = {
  "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
  "turbo.json": {
    tasks: {
      build: { dependsOn: ["^build"], outputs: ["dist/**"] },
      wait: { dependsOn: ["note"], cache: false },
      note: { cache: false },
    },
  },
  "packages/lib/package.json": {
    name: "lib",
    main: "dist/out",
    scripts: {
      build: `${build} && echo made lib`,
      note: "echo x >> ../../noted",
      wait: "echo waits; while [ ! -e ../../go ]; do sleep 0.05; done",
    },
  },
  "packages/lib/src/a": "a\n",
  "packages/app/package.json": {
    name: "app",
    dependencies: { lib: "*" },
    scripts: { build: `${build} && echo made app` },
  },
  "packages/app/src/b": "b\n",
  "workflows/ship.ts": `import { webhook, workflow } from "sluice";
export const ship = workflow({ name: "ship", triggers: [webhook("/pushed")] }, async (ctx, push: { task: string }) => {
  const { run, tasks } = await ctx.build(push.task, { force: true });
  return { run, built: tasks.map(({ id, cache }) => id + " " + cache) };
});
`,
};

export class ServedWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), "sluice-served-e2e-"));
  url = "";
  server: Running | undefined;

  constructor() {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: string | object): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), typeof content === "string" ? content : JSON.stringify(content));
  }

  async start(): Promise<void> {
    this.server = startSluice(["up", "--project", this.root, "--port", "0", "--json"]);
    ({ url: this.url } = await readyLine(this.server));
  }

  async end(): Promise<void> {
    if (this.server !== undefined) await stop(this.server);
    rmSync(this.root, { recursive: true, force: true });
  }

  get #headers(): Record<string, string> {
    const token = readFileSync(join(this.root, ".sluice/keys/token"), "utf8").trim();
    return { authorization: `Bearer ${token}`, "content-type": "application/json" };
  }

  // eslint-disable-next-line typescript/no-explicit-any -- bodies of every form
  async get(path: string): Promise<any> {
    return (await fetch(`${this.url}/api/v1${path}`, { headers: this.#headers })).json();
  }

  // eslint-disable-next-line typescript/no-explicit-any -- as above
  async post(path: string, body: unknown): Promise<any> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: this.#headers,
      body: JSON.stringify(body),
    });
    return response.json();
  }

  async build(...args: readonly string[]): Promise<Ran> {
    return sluice(["build", "--json", ...args], { cwd: this.root });
  }

  /** A build that waits in its second task, once it waits. */
  async waiting(): Promise<{ readonly running: Running; readonly id: string }> {
    const running = startSluice(["build", "wait", "--ui", "stream"], { cwd: this.root });
    const seen = await running.until((text) => text.includes("lib#wait: waits"));
    return { running, id: /This is run (\S+)[.,]/.exec(seen)?.[1] ?? "" };
  }
}
