// A worker that knows 0x01–0x52 of the worker protocol and executes builds, on Bun, Node and Deno alike: connects, says who it is,
// runs what it is given, and comes back to what it was doing when the connection breaks.
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { encodeFrame, FrameDecoder, frameVersion, workerMessageCodes, workerMessageName } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { BuildHost } from "./build-host.node.ts";

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

const reconnectMsMin = 50;
const reconnectMsMax = 5_000;

/** Why a worker does not go on: the server does not want it. */
export class WorkerRefused extends Error {
  override readonly name = "WorkerRefused";
}

export class BuildWorker {
  readonly #options: BuildWorkerOptions;
  readonly #builds: BuildHost;
  #token: string | undefined;
  #socket: Socket | undefined;
  #delayMs = reconnectMsMin;
  #stopped = false;
  #beat: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** Node 20 has no Promise.withResolvers. */
  readonly #done: { readonly promise: Promise<void>; resolve: () => void; reject: (error: Error) => void };

  constructor(options: BuildWorkerOptions) {
    this.#options = options;
    this.#token = options.token;
    const { blobsUrl, passEnv } = options;
    const send = (type: number, payload: Readonly<Record<string, unknown>>): boolean => this.#send(type, payload);
    this.#builds = new BuildHost({ blobsUrl, passEnv, send, token: () => this.#token });
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
    this.#builds.end();
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
    socket.on("drain", () => this.#builds.drained());
    socket.once(trust === undefined ? "connect" : "secureConnect", () => this.#hello());
    // What went wrong is followed by `close`.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  #lost(): void {
    clearInterval(this.#beat);
    this.#builds.lost();
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
    const { running } = this.#builds;
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

  #take(message: WireMessage): void {
    const { type, id, payload } = message;
    if (this.#builds.receive(message)) return;
    switch (workerMessageName(type)) {
      case "HELLO_ACK":
        this.#acknowledged(payload);
        return;
      case "HEARTBEAT":
        this.#send(workerMessageCodes.HEARTBEAT_ACK, { worker_id: this.#options.workerId });
        return;
      case "ERROR":
        // To come back would send the other one away, which would come back, and so on.
        if (payload["code"] === "worker_replaced") this.#refused(String(payload["message"]));
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
    this.#delayMs = reconnectMsMin;
    const { credential } = payload;
    if (typeof credential === "string") {
      this.#token = credential;
      this.#options.onCredential?.(credential);
    }
    const { heartbeatMs, workerId } = this.#options;
    if (heartbeatMs !== undefined) {
      const beat = (): void =>
        void this.#send(workerMessageCodes.HEARTBEAT, { worker_id: workerId, running: this.#builds.ids });
      this.#beat = setInterval(beat, heartbeatMs);
      beat();
    }
    this.#builds.accepted(payload);
    this.#options.onConnected?.();
  }

  /** The server does not want it: what it runs is nobody's any more. */
  #refused(reason: string): void {
    this.#end();
    this.#done.reject(new WorkerRefused(reason));
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

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}
