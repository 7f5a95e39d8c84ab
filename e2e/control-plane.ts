// A real control plane for tests: etcd, kube-apiserver, kube-controller-manager and kwok on loopback, with bounded memory, as children of
// the test. Without the binaries there is a reason and the command that builds them.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaries, controlPlaneFolder } from "../scripts/control-plane/place.ts";

/** Undefined where the binaries are there. */
export function whyNoControlPlane(): string | undefined {
  const folder = controlPlaneFolder();
  const missing = binaries.filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return undefined;
  return `no ${missing.join(", ")} in ${folder}: node scripts/run.mjs scripts/control-plane/build.ts`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

const token = "control-plane-token";
const memoryBytesMax = 2_000_000_000;
const startMsMax = 120_000;

/** One site. */
export class ControlPlane {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-control-plane-"));
  readonly #children: Bun.Subprocess[] = [];
  readonly port: number;
  readonly #etcdPort: number;

  private constructor(port: number, etcdPort: number) {
    this.port = port;
    this.#etcdPort = etcdPort;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** As the API server made it for itself. */
  get ca(): string {
    return this.#read("apiserver.crt");
  }

  get kubeconfigFile(): string {
    return join(this.folder, "kubeconfig");
  }

  get kubectl(): string {
    return join(controlPlaneFolder(), "kubectl");
  }

  static async start(): Promise<ControlPlane> {
    const plane = new ControlPlane(await freePort(), await freePort());
    try {
      await plane.#start();
      return plane;
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
  }

  #read(name: string): string {
    return Bun.spawnSync(["cat", join(this.folder, name)]).stdout.toString();
  }

  async #start(): Promise<void> {
    const { folder } = this;
    const etcd = `http://127.0.0.1:${this.#etcdPort}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    this.#spawn("etcd", [
      "--data-dir",
      join(folder, "etcd"),
      "--unsafe-no-fsync",
      "--listen-client-urls",
      etcd,
      "--advertise-client-urls",
      etcd,
      "--listen-peer-urls",
      peer,
      "--initial-advertise-peer-urls",
      peer,
      "--initial-cluster",
      `default=${peer}`,
      "--log-level",
      "error",
    ]);
    const key = join(folder, "sa.key");
    Bun.spawnSync(["openssl", "genrsa", "-out", key, "2048"], { stderr: "ignore" });
    writeFileSync(join(folder, "tokens"), `${token},admin,admin,system:masters\n`);
    this.#spawn("kube-apiserver", [
      "--etcd-servers",
      etcd,
      "--cert-dir",
      folder,
      "--secure-port",
      String(this.port),
      "--bind-address",
      "127.0.0.1",
      "--token-auth-file",
      join(folder, "tokens"),
      "--service-account-key-file",
      key,
      "--service-account-signing-key-file",
      key,
      "--service-account-issuer",
      "https://control-plane",
      "--authorization-mode",
      "RBAC",
      "--disable-admission-plugins",
      "ServiceAccount",
      "--service-cluster-ip-range",
      "10.96.0.0/16",
      "--profiling=false",
    ]);
    await this.#ready();
    this.#control(key);
    const stages = readdirSync(controlPlaneFolder())
      .filter((name) => name.startsWith("stage-"))
      .map((name) => join(controlPlaneFolder(), name));
    this.#spawn("kwok", [
      "--kubeconfig",
      this.kubeconfigFile,
      "--manage-all-nodes=true",
      "--server-address",
      `127.0.0.1:${await freePort()}`,
      ...stages.flatMap((each) => ["--config", each]),
    ]);
    await this.#until(
      "kube-system is there",
      async () => this.command("get", "namespace", "kube-system").exitCode === 0,
    );
  }

  /** Waits for the API server, and writes what it takes to reach it. */
  async #ready(): Promise<void> {
    await this.#until("the API server is ready", async () => {
      const answer = await fetch(`${this.url}/readyz`, {
        headers: { authorization: `Bearer ${token}` },
        tls: { rejectUnauthorized: false },
      });
      return answer.ok;
    });
    const ca = Buffer.from(this.ca).toString("base64");
    const config = {
      "current-context": "admin",
      clusters: [{ name: "c", cluster: { server: this.url, "certificate-authority-data": ca } }],
      users: [{ name: "admin", user: { token } }],
      contexts: [{ name: "admin", context: { cluster: "c", user: "admin" } }],
    };
    writeFileSync(this.kubeconfigFile, JSON.stringify({ apiVersion: "v1", kind: "Config", ...config }));
  }

  #control(key: string): void {
    this.#spawn("kube-controller-manager", [
      "--kubeconfig",
      this.kubeconfigFile,
      "--service-account-private-key-file",
      key,
      "--use-service-account-credentials=false",
      "--secure-port",
      "0",
      "--leader-elect=false",
    ]);
  }

  #spawn(name: string, args: readonly string[]): void {
    const log = join(this.folder, `${name}.log`);
    const env = { PATH: process.env["PATH"], GOMEMLIMIT: String(memoryBytesMax), HOME: this.folder };
    const child = Bun.spawn([join(controlPlaneFolder(), name), ...args], {
      env,
      stdin: "ignore",
      stdout: Bun.file(log),
      stderr: Bun.file(`${log}.err`),
    });
    this.#children.push(child);
  }

  /** kubectl, as this site's administrator. */
  command(...args: readonly string[]): { readonly exitCode: number; readonly stdout: string; readonly stderr: string } {
    const done = Bun.spawnSync([this.kubectl, "--kubeconfig", this.kubeconfigFile, ...args], {
      env: { HOME: this.folder },
    });
    return { exitCode: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
  }

  async #until(what: string, reached: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + startMsMax;
    while (Date.now() < end) {
      const dead = this.#children.find((child) => child.exitCode !== null);
      if (dead !== undefined) throw new Error(`a part of the control plane ended: ${this.#logs()}`);
      if (await reached().catch(() => false)) return;
      await Bun.sleep(100);
    }
    throw new Error(`it took too long until ${what}: ${this.#logs()}`);
  }

  #logs(): string {
    const files = readdirSync(this.folder).filter((name) => name.endsWith(".err"));
    return files.map((name) => `${name}: ${this.#read(name).slice(-500)}`).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.toReversed()) {
      child.kill("SIGKILL");
      await child.exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a client shows the server. */
export const controlPlaneToken = token;
