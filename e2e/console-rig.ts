// A server with people and work on it, where one signs in: what every screen of the console is looked at with.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import type { ApiDouble } from "@sluice/core/cluster/double";
import { launchBrowser, openProfile, settled } from "./browser.ts";
import type { Look } from "./browser.ts";
import { applied, asked, doubleWithControllers, kubeconfigOf, planOf } from "./cluster-double.ts";
import { makeData } from "./console-data.ts";
import type { ConsoleData } from "./console-data.ts";
import { call, killAll, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const password = "a long enough sentence";
const accounts = ["ada", "grace", "edsger", "barbara", "tony", "leslie"] as const;

export interface RigData extends ConsoleData {
  /** A run that took an event, published one and logged. */
  readonly payoutRun: string;
  /** One that shows a few lines and waits. */
  readonly terminal: string;
  /** Of a component that is not in its cluster yet, and of one that somebody has changed there. */
  readonly newPlan: string;
  readonly driftPlan: string;
  readonly setUpUrl: string;
}

export class ConsoleRig {
  readonly #folder: string;
  readonly #server: ServerProcess;
  readonly #cluster: ApiDouble;
  readonly browser: Browser;
  readonly data: RigData;
  #signedIn: Awaited<ReturnType<BrowserContext["storageState"]>> | undefined;

  private constructor(
    folder: string,
    parts: { server: ServerProcess; cluster: ApiDouble; browser: Browser; data: RigData },
  ) {
    this.#folder = folder;
    this.#server = parts.server;
    this.#cluster = parts.cluster;
    this.browser = parts.browser;
    this.data = parts.data;
  }

  /** Work has been done; nobody has signed up yet, so that the page of the first user can be seen. */
  static async start(): Promise<ConsoleRig> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-rig-"));
    const project = join(import.meta.dir, "demo");
    const [server, browser] = await Promise.all([
      startServer({ project, data: join(folder, "data") }),
      launchBrowser(),
    ]);
    const payoutRun = await makePayouts(server);
    const terminal = await makeTerminal(server);
    const cluster = doubleWithControllers();
    const plans = await makeComponents(server, cluster);
    const data = { ...(await makeData(server)), ...plans, payoutRun, terminal, setUpUrl: server.setUpUrl ?? "" };
    return new ConsoleRig(folder, { server, cluster, browser, data });
  }

  get url(): string {
    return this.#server.url;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await killAll(this.#server);
    await this.#cluster[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A profile of the browser in which nobody has signed in. */
  async stranger(look: Look): Promise<BrowserContext> {
    return openProfile(this.browser, look);
  }

  /** A profile in which the first user has signed in; the first call makes them, and another user and a token with them. */
  async user(look: Look): Promise<BrowserContext> {
    this.#signedIn ??= await this.#signUp();
    return openProfile(this.browser, { ...look, storageState: this.#signedIn });
  }

  async #signUp() {
    const profile = await openProfile(this.browser);
    const page = await profile.newPage();
    await page.goto(this.data.setUpUrl);
    await page.getByLabel("Name").fill("mara");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.getByRole("button", { name: "Account: mara" }).waitFor();
    await settled(page);
    const headers = { origin: this.url, "sec-fetch-site": "same-origin" };
    for (const [path, data] of [
      ["users", { name: "ben", password, roles: ["operator"] }],
      ["tokens", { name: "nightly build", role: "viewer", expiresIn: "90d" }],
    ] as const) {
      const answer = await profile.request.post(`${this.url}/api/v1/${path}`, { headers, data });
      if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
    }
    const state = await profile.storageState();
    await profile.close();
    return state;
  }
}

/** Colours, wide characters, and a prompt. */
async function makeTerminal(server: ServerProcess): Promise<string> {
  const lines = String.raw`\033[1;32mgreen\033[m \033[7minverse\033[m \033[38;2;250;128;7mtrue colour\033[m\n東京 한글 🎉\n`;
  const made = await call<{ readonly terminal: { readonly id: string } }>(server, "POST /api/v1/terminals", {
    name: "shell",
    command: ["sh", "-c", `printf '${lines}'; exec sh`],
    env: { PS1: "$ " },
  });
  if (made === undefined || made.status !== 201) throw new Error(`no terminal: ${JSON.stringify(made?.body)}`);
  return made.body.terminal.id;
}

/** A component that runs and was changed by somebody else since, and one that waits for its first approval. */
async function makeComponents(
  server: ServerProcess,
  cluster: ApiDouble,
): Promise<{ readonly newPlan: string; readonly driftPlan: string }> {
  await asked(server, "POST /api/v1/clusters", { name: "main", kubeconfig: kubeconfigOf(cluster) });
  for (const name of ["db", "web"]) {
    await asked(server, "POST /api/v1/components", { file: `components/${name}.yaml` });
  }
  await applied(server, "db");
  await asked(server, "GET /api/v1/components/db/health");
  cluster.touch("ConfigMap", "db-settings", { data: { "max-connections": "50", "log-level": "debug" } });
  const [drift, fresh] = [await planOf(server, "db"), await planOf(server, "web")];
  return { driftPlan: drift.id, newPlan: fresh.id };
}

/** Payouts of which one has been cleared, and the others wait for their bank. */
async function makePayouts(server: ServerProcess): Promise<string> {
  const started = await Promise.all(
    accounts.map(async (account, index) =>
      call<{ readonly run: { readonly id: string } }>(server, "POST /api/v1/workflows/billing%2Fpayout/runs?wait=0s", {
        input: { account, amount: 120 + index * 35 },
        tags: [account],
      }),
    ),
  );
  const run = started[0]?.body.run.id;
  if (run === undefined) throw new Error(`no payout: ${JSON.stringify(started[0]?.body)}`);
  await call(server, "POST /api/v1/events", {
    name: "bank.cleared",
    key: accounts[0],
    payload: { reference: "TR-2041", bank: "Northern" },
  });
  await call(server, `GET /api/v1/runs/${run}?wait=20s`);
  return run;
}
