// The builds that a worker has, whatever its connection is: runs their commands, says what comes of them, and goes on with them when the
// connection is lost. Node's modules, which Bun and Deno have as well.
import { workerMessageCodes, workerMessageName } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { BuildFiles } from "./build-files.node.ts";
import { BuildProcess, environmentOf } from "./build-process.node.ts";
import type { BuildOptions, BuildResult } from "./build-process.node.ts";
import { isLoopback } from "./loopback.ts";
import { OrphanGuard } from "./orphan-guard.node.ts";
import type { BuildsHere } from "./remote-worker.ts";
import type { Trust } from "./trust.node.ts";

export interface BuildHostOptions {
  /** False when the connection has enough for now, or there is none. */
  readonly send: (type: number, payload: Readonly<Record<string, unknown>>) => boolean;
  /** What is shown where blobs are. */
  readonly token: () => string | undefined;
  /** Base URL of the server with the blobs; without it, what HELLO_ACK says. */
  readonly blobsUrl?: string | undefined;
  /** HTTP URL of the server that this worker is connected to, where it is one. */
  readonly serverUrl?: string | undefined;
  /** What requests for files are given besides. */
  readonly trust?: Trust | undefined;
  /** Names of this program's environment that commands get, besides those of `environmentOf`. */
  readonly passEnv?: readonly string[] | undefined;
}

interface Held {
  readonly build: string;
  readonly epoch: number | undefined;
  readonly process: BuildProcess;
  result: BuildResult | undefined;
  /** Output that came while there was no connection. */
  pending: { readonly stream: "stdout" | "stderr"; readonly chunk: Uint8Array }[];
}

export class BuildHost implements BuildsHere {
  readonly #options: BuildHostOptions;
  readonly #held = new Map<string, Held>();
  readonly #guard = new OrphanGuard();
  #connected = false;
  #leaving = false;
  #quiet: () => void = () => undefined;
  /** What the server said of it. */
  #blobsUrl: string | undefined;

  constructor(options: BuildHostOptions) {
    this.#options = options;
  }

  /** Ids of what it has. */
  get ids(): readonly string[] {
    return [...this.#held.keys()];
  }

  get running(): readonly { readonly build_id: string; readonly epoch: number }[] {
    return [...this.#held.values()].flatMap(({ build, epoch }) =>
      epoch === undefined ? [] : [{ build_id: build, epoch }],
    );
  }

  receive({ type, id, payload }: Pick<WireMessage, "type" | "id" | "payload">): boolean {
    switch (workerMessageName(type)) {
      case "BUILD_REQUEST":
        if (this.#leaving) this.#giveBack(id);
        else this.#build(payload);
        return true;
      case "BUILD_CANCEL":
        this.#held.get(String(payload["build_id"]))?.process.cancel(numberIn(payload, "grace_ms"));
        return true;
      default:
        return false;
    }
  }

  accepted({ blobs_url: url }: Readonly<Record<string, unknown>>): void {
    this.#connected = true;
    this.#blobsUrl = typeof url === "string" ? blobsUrlIn(url, this.#options.serverUrl) : undefined;
    this.drained();
    for (const held of this.#held.values()) if (held.result !== undefined) this.#report(held);
  }

  lost(): void {
    this.#connected = false;
    for (const { process } of this.#held.values()) process.pause();
  }

  drained(): void {
    for (const held of this.#held.values()) {
      for (const { stream, chunk } of held.pending.splice(0)) this.#output(held, stream, chunk);
      held.process.resume();
    }
  }

  async leave(ms: number): Promise<void> {
    this.#leaving = true;
    if (this.#held.size === 0) return;
    const quiet = new Promise<void>((resolve) => {
      this.#quiet = resolve;
    });
    const late = setTimeout(() => this.end(), ms);
    await quiet;
    clearTimeout(late);
  }

  end(): void {
    const left = [...this.#held.values()];
    this.#held.clear();
    for (const { process } of left) process.cancel(0);
    this.#quiet();
  }

  #giveBack(request: string): void {
    const message = "This worker is leaving.";
    this.#options.send(workerMessageCodes.ERROR, { request_id: request, code: "worker_draining", message });
  }

  #build(payload: WireMessage["payload"]): void {
    const build = String(payload["build_id"]);
    const epoch = numberIn(payload, "epoch");
    const options = (payload["options"] ?? {}) as BuildOptions;
    // Given out again: what is left of the life before is of no use to anybody.
    this.#held.get(build)?.process.cancel(0);
    const isMine = (): boolean => this.#held.get(build) === held;
    const held: Held = {
      build,
      epoch,
      result: undefined,
      pending: [],
      process: new BuildProcess({
        options,
        environment: environmentOf(this.#options.passEnv),
        guard: this.#guard,
        files: this.#filesOf(options),
        started: (pid) => isMine() && this.#options.send(workerMessageCodes.BUILD_STARTED, { build_id: build, pid }),
        output: (stream, chunk) => !isMine() || this.#output(held, stream, chunk),
        ended: (result) => {
          if (!isMine()) return;
          held.result = result;
          if (this.#connected) this.#report(held);
        },
      }),
    };
    this.#held.set(build, held);
    if (!this.#connected) held.process.pause();
  }

  #filesOf(options: BuildOptions): BuildFiles | undefined {
    const { blobsUrl: url = this.#blobsUrl, token, trust } = this.#options;
    if (url === undefined || !BuildFiles.concern(options)) return undefined;
    return new BuildFiles({ url, token, trust }, options);
  }

  #output(held: Held, stream: "stdout" | "stderr", bytes: Uint8Array): boolean {
    const chunk = plain(bytes);
    if (this.#connected)
      return this.#options.send(workerMessageCodes.BUILD_PROGRESS, { build_id: held.build, stream, chunk });
    held.pending.push({ stream, chunk });
    return false;
  }

  #report({ build, epoch, result }: Held): void {
    if (result === undefined) return;
    this.#held.delete(build);
    const { artifacts, ok, exitCode, error, durationMs } = result;
    const common = { build_id: build, exit_code: exitCode, epoch };
    if (ok) {
      const stored = artifacts.length === 0 ? {} : { artifacts };
      const told = { ...common, status: "success", duration_ms: durationMs, ...stored };
      this.#options.send(workerMessageCodes.BUILD_COMPLETED, told);
    } else this.#options.send(workerMessageCodes.BUILD_FAILED, { ...common, status: "failed", error });
    if (this.#held.size === 0) this.#quiet();
  }
}

/** Where the server says that blobs are, unless the token would travel to another machine in the clear. */
function blobsUrlIn(said: string, serverUrl: string | undefined): string | undefined {
  if (!URL.canParse(said, serverUrl)) return undefined;
  const { protocol, hostname, href } = new URL(said, serverUrl);
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname)) ? href : undefined;
}

function numberIn(payload: WireMessage["payload"], key: string): number | undefined {
  const value = payload[key];
  return typeof value === "number" ? value : undefined;
}

/** Bytes without Node's class around them, which a frame would not take for plain. */
function plain(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
