// A server that is sent logs by foreign programs: it listens in every way there is, and tells what of a run has come.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { token, writeProject } from "./server-process.ts";

export { token };

/** Entries that a client sends in one run. */
export const entriesOfRun = 200;

export interface Arrived {
  readonly line: string;
  readonly level: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class LogRig {
  readonly url: string;
  /** Host and port of a listener. */
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #running: Running;
  readonly folder: string;

  private constructor(p: { running: Running; url: string; addresses: ReadonlyMap<string, string>; folder: string }) {
    this.url = p.url;
    this.#addresses = p.addresses;
    this.#running = p.running;
    this.folder = p.folder;
  }

  static async start(): Promise<LogRig> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-log-clients-"));
    const project = join(folder, "project");
    writeProject(project, { "workflows/none.ts": "export {};\n" });
    const udp = "udp://127.0.0.1:0";
    const tcp = "tcp://127.0.0.1:0";
    const listeners = ["--syslog", udp, "--syslog", tcp, "--gelf", udp, "--gelf", tcp, "--fluent", tcp];
    const running = startSluice(["up", "--project", project, "--port", "0", "--json", ...listeners], {
      env: { SLUICE_TOKEN: token },
    });
    const ready = await readyLine(running);
    const opened = ready["logAddresses"] as readonly { readonly format: string; readonly address: string }[];
    const addresses = new Map(
      opened.map(({ format, address }) => {
        const { protocol, host } = new URL(address);
        return [`${format} ${protocol}`, host] as const;
      }),
    );
    return new LogRig({ running, url: ready.url, addresses, folder });
  }

  /** Port of a listener, by its format and protocol. */
  portOf(format: "syslog" | "gelf" | "fluent", protocol: "udp" | "tcp"): number {
    return Number((this.#addresses.get(`${format} ${protocol}:`) ?? "").split(":").at(-1));
  }

  async #query(body: object): Promise<{ readonly entries: Arrived[] | null; readonly rows: unknown[][] | null }> {
    const response = await fetch(`${this.url}/api/v1/logs/query`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
    if (!response.ok) throw new Error(`a query was answered with ${response.status}: ${await response.text()}`);
    return (await response.json()) as { readonly entries: Arrived[] | null; readonly rows: unknown[][] | null };
  }

  /** Waits until as many entries hold this text as one run has; answers with all of them. */
  async arrived(text: string, count = entriesOfRun): Promise<readonly Arrived[]> {
    for (;;) {
      const { entries } = await this.#query({ query: JSON.stringify(text), limit: 5_000 });
      if ((entries ?? []).length >= count) return entries ?? [];
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#running.stderr().includes('"level":"error"')) throw new Error(this.#running.stderr());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#running);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
