// A worker that knows 0x01–0x52 of the worker protocol and executes builds, on Bun, Node and Deno alike: connects, says who it is,
// runs what it is given, and comes back to what it was doing when the connection breaks.
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { encodeFrame, FrameDecoder, frameVersion, workerMessageCodes, workerMessageName } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { BuildFiles } from "./build-files.node.ts";
import { BuildProcess, environmentOf } from "./build-process.node.ts";
import type { BuildOptions, BuildResult } from "./build-process.node.ts";
import { OrphanGuard } from "./orphan-guard.node.ts";

export interface BuildWorkerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of who signed the server's certificate; with it, or `true`, the connection is TLS. */
  readonly tls?: true | { readonly ca?: string | undefined; readonly servername?: string | undefined } | undefined;
  readonly workerId: string;
  readonly runtime: "bun" | "node" | "deno";
  readonly runtimeVersion?: string | undefined;
  readonly capabilities: readonly string[];
  /** A token, or the credential that was given for it. */
  readonly token?: string | undefined;
  /** Base URL of the server, where inputs are fetched from and outputs are stored; without it, where the server says. */
  readonly blobsUrl?: string | undefined;
  /** Names of this program's environment that commands get, besides those of `environmentOf`. */
  readonly passEnv?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly resources?: Readonly<Record<string, number>> | undefined;
  readonly slots?: number | undefined;
  /** How often it says that it is there. Without it, it is a basic worker: one build at a time, and silent. */
  readonly heartbeatMs?: number | undefined;
  /** The server gave a credential: it takes the place of the token from now on. */
  readonly onCredential?: ((credential: string) => void) | undefined;
  readonly onConnected?: (() => void) | undefined;
}

interface Held {
  readonly build: string;
  readonly epoch: number | undefined;
  readonly process: BuildProcess;
  result: BuildResult | undefined;
  /** Output that came while there was no connection. */
  pending: { readonly stream: "stdout" | "stderr"; readonly chunk: Uint8Array }[];
}

const reconnectMsMin = 50;
const reconnectMsMax = 5_000;

/** Why a worker does not go on: the server does not want it. */
export class WorkerRefused extends Error {
  override readonly name = "WorkerRefused";
}

export class BuildWorker {
  readonly #options: BuildWorkerOptions;
  readonly #held = new Map<string, Held>();
  readonly #guard = new OrphanGuard();
  #token: string | undefined;
  /** What the server said of it. */
  #blobsUrl: string | undefined;
  #socket: Socket | undefined;
  #accepted = false;
  #delayMs = reconnectMsMin;
  #stopped = false;
  #beat: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** Node 20 has no Promise.withResolvers. */
  readonly #done: { readonly promise: Promise<void>; resolve: () => void; reject: (error: Error) => void };

  constructor(options: BuildWorkerOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#done = deferred();
  }

  /** Connects, and stays connected until `stop`. Rejects with `WorkerRefused` when the server does not want it. */
  run(): Promise<void> {
    this.#connect();
    return this.#done.promise;
  }

  /** Ends what it runs and leaves. */
  stop(): void {
    this.#end();
    this.#done.resolve();
  }

  #end(): void {
    this.#stopped = true;
    for (const { process } of this.#held.values()) process.cancel(0);
    this.#leave();
  }

  /** Breaks the connection off, as a network does. It comes back by itself. */
  drop(): void {
    this.#socket?.destroy();
  }

  #connect(): void {
    const { host, port, tls } = this.#options;
    const trust = tls === true ? {} : tls;
    const socket = trust === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ...trust });
    this.#socket = socket;
    const decoder = new FrameDecoder();
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => {
      try {
        for (const message of decoder.push(chunk)) this.#take(message);
      } catch {
        socket.destroy();
      }
    });
    socket.on("drain", () => this.#resume());
    socket.once(trust === undefined ? "connect" : "secureConnect", () => this.#hello());
    // What went wrong is followed by `close`.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  #lost(): void {
    this.#accepted = false;
    clearInterval(this.#beat);
    for (const { process } of this.#held.values()) process.pause();
    if (this.#stopped) return;
    const [bits = 0] = crypto.getRandomValues(new Uint32Array(1));
    this.#again = setTimeout(() => this.#connect(), this.#delayMs * (0.5 + bits / 2 ** 32));
    this.#delayMs = Math.min(this.#delayMs * 2, reconnectMsMax);
  }

  #leave(): void {
    clearTimeout(this.#again);
    clearInterval(this.#beat);
    this.#socket?.end();
  }

  #hello(): void {
    const { workerId, runtime, runtimeVersion, capabilities, labels, resources, slots, heartbeatMs } = this.#options;
    const running = [...this.#held.values()].flatMap(({ build, epoch }) =>
      epoch === undefined ? [] : [{ build_id: build, epoch }],
    );
    this.#send(workerMessageCodes.HELLO, {
      worker_id: workerId,
      capabilities,
      runtime,
      token: this.#token,
      slots,
      labels,
      resources,
      ...(runtimeVersion === undefined ? {} : { [`${runtime}_version`]: runtimeVersion }),
      heartbeat_ms: heartbeatMs,
      running: running.length === 0 ? undefined : running,
    });
  }

  #take({ type, id, payload }: WireMessage): void {
    switch (workerMessageName(type)) {
      case "HELLO_ACK":
        this.#acknowledged(payload);
        return;
      case "HEARTBEAT":
        this.#send(workerMessageCodes.HEARTBEAT_ACK, { worker_id: this.#options.workerId });
        return;
      case "BUILD_REQUEST":
        this.#build(payload);
        return;
      case "ERROR":
        // To come back would send the other one away, which would come back, and so on.
        if (payload["code"] === "worker_replaced") this.#refused(String(payload["message"]));
        return;
      case "BUILD_CANCEL":
        this.#held.get(String(payload["build_id"]))?.process.cancel(numberIn(payload, "grace_ms"));
        return;
      case undefined:
        this.#send(workerMessageCodes.ERROR, {
          request_id: id,
          code: "message_unknown_type",
          message: `message type ${type} is not known here`,
        });
        break;
      default:
    }
  }

  #acknowledged(payload: WireMessage["payload"]): void {
    if (payload["accepted"] !== true) {
      this.#refused(typeof payload["reason"] === "string" ? payload["reason"] : "no reason given");
      return;
    }
    this.#accepted = true;
    this.#delayMs = reconnectMsMin;
    const { credential, blobs_url: blobsUrl } = payload;
    this.#blobsUrl = typeof blobsUrl === "string" && mayShowToken(blobsUrl) ? blobsUrl : undefined;
    if (typeof credential === "string") {
      this.#token = credential;
      this.#options.onCredential?.(credential);
    }
    const { heartbeatMs, workerId } = this.#options;
    if (heartbeatMs !== undefined) {
      const running = (): readonly string[] => [...this.#held.keys()];
      const beat = (): void =>
        void this.#send(workerMessageCodes.HEARTBEAT, { worker_id: workerId, running: running() });
      this.#beat = setInterval(beat, heartbeatMs);
      beat();
    }
    this.#resume();
    for (const held of this.#held.values()) if (held.result !== undefined) this.#report(held);
    this.#options.onConnected?.();
  }

  /** The server does not want it: what it runs is nobody's any more. */
  #refused(reason: string): void {
    this.#end();
    this.#done.reject(new WorkerRefused(reason));
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
        started: (pid) => isMine() && this.#send(workerMessageCodes.BUILD_STARTED, { build_id: build, pid }),
        output: (stream, chunk) => !isMine() || this.#output(held, stream, chunk),
        ended: (result) => {
          if (!isMine()) return;
          held.result = result;
          if (this.#accepted) this.#report(held);
        },
      }),
    };
    this.#held.set(build, held);
    if (!this.#accepted) held.process.pause();
  }

  #filesOf(options: BuildOptions): BuildFiles | undefined {
    const { blobsUrl: url = this.#blobsUrl } = this.#options;
    if (url === undefined || !BuildFiles.concern(options)) return undefined;
    return new BuildFiles({ url, token: () => this.#token }, options);
  }

  #output(held: Held, stream: "stdout" | "stderr", bytes: Uint8Array): boolean {
    const chunk = plain(bytes);
    if (this.#accepted) return this.#send(workerMessageCodes.BUILD_PROGRESS, { build_id: held.build, stream, chunk });
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
      this.#send(workerMessageCodes.BUILD_COMPLETED, told);
    } else this.#send(workerMessageCodes.BUILD_FAILED, { ...common, status: "failed", error });
  }

  #resume(): void {
    for (const held of this.#held.values()) {
      for (const { stream, chunk } of held.pending.splice(0)) this.#output(held, stream, chunk);
      held.process.resume();
    }
  }

  /** False when the socket has enough for now. */
  #send(type: number, payload: Readonly<Record<string, unknown>>): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return false;
    const { runtime } = this.#options;
    const message: WireMessage = {
      version: frameVersion,
      type,
      id: crypto.randomUUID(),
      timestamp: Date.now(),
      runtime,
      payload,
    };
    return socket.write(encodeFrame(message));
  }
}

/** Whether the token may go there: to this machine, or over TLS. */
function mayShowToken(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && loopbackName.test(hostname));
}

const loopbackName = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

function numberIn(payload: WireMessage["payload"], key: string): number | undefined {
  const value = payload[key];
  return typeof value === "number" ? value : undefined;
}

/** Bytes without Node's class around them, which a frame would not take for plain. */
function plain(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
