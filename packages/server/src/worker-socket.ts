// The Unix socket that worker children connect to: admits those that show the secret of a child that was started, and
// turns bytes into messages.
import { chmodSync, rmSync } from "node:fs";
import { timingSafeEqual } from "node:crypto";
import type { Socket, UnixSocketListener } from "bun";
import type { Clock, Logger } from "@sluice/core";
import { workerMessageCodes } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { WireDecoder, WireEncoder, WireWriter } from "@sluice/worker/child";
import type { RunMessage } from "@sluice/worker/child";

/** What a child's owner does with its connection. */
export interface PeerHandler {
  onConnected(peer: Peer): void;
  onRuns(messages: readonly RunMessage[]): void;
  /** Anything arrived: the child is alive. */
  onAlive(): void;
  /** The child says why it cannot go on. */
  onFailure(payload: Readonly<Record<string, unknown>>): void;
  onClosed(reason: string): void;
}

export interface WorkerSocketOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly helloTimeoutMs: number;
  readonly newId: () => string;
  /** Whose worker this is; undefined refuses it. */
  readonly admit: (worker: string, token: string) => PeerHandler | undefined;
}

/** True when both are the same; takes the same time wherever they differ. */
export function sameSecret(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** One connection. */
export class Peer {
  readonly #socket: Socket<Peer>;
  readonly #options: WorkerSocketOptions;
  readonly #encoder: WireEncoder;
  readonly #decoder = new WireDecoder();
  readonly #writer: WireWriter;
  readonly #stopHello: () => void;
  #handler: PeerHandler | undefined;
  #problem = "the connection was closed";

  constructor(socket: Socket<Peer>, options: WorkerSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#encoder = new WireEncoder({ runtime: "bun", now: () => options.clock.now(), id: options.newId });
    this.#writer = new WireWriter(socket);
    this.#stopHello = options.clock.after(options.helloTimeoutMs, () => this.close("it did not say who it is"));
  }

  /** Bytes that the child has not taken yet. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  /** Sends a batch; what is too large to travel goes to `refuse`. */
  send(messages: readonly RunMessage[], refuse: Parameters<WireEncoder["encode"]>[1]): void {
    this.#writer.write(this.#encoder.encode(messages, refuse));
  }

  heartbeat(): void {
    this.#control(workerMessageCodes.HEARTBEAT, {});
  }

  close(problem: string): void {
    this.#problem = problem;
    this.#socket.end();
  }

  drained(): void {
    this.#writer.drained();
  }

  received(chunk: Uint8Array): void {
    try {
      const { runs, controls } = this.#decoder.push(chunk);
      for (const control of controls) this.#handle(control);
      if (this.#handler === undefined) {
        if (runs.length > 0) this.close("it spoke of runs before it said who it is");
        return;
      }
      this.#handler.onAlive();
      if (runs.length > 0) this.#handler.onRuns(runs);
    } catch (error) {
      this.#control(workerMessageCodes.ERROR, { code: "frame_refused", message: String(error) });
      this.close(`it sent what cannot be understood: ${String(error)}`);
    }
  }

  closed(): void {
    this.#stopHello();
    this.#handler?.onClosed(this.#problem);
    this.#handler = undefined;
  }

  #handle({ type, id, payload }: WireMessage): void {
    if (type === workerMessageCodes.HELLO) this.#hello(payload);
    else if (this.#handler === undefined) this.close("its first message was no HELLO");
    else if (type === workerMessageCodes.ERROR) this.#handler.onFailure(payload);
    else if (type !== workerMessageCodes.HEARTBEAT && type !== workerMessageCodes.HEARTBEAT_ACK) {
      this.#control(workerMessageCodes.ERROR, {
        request_id: id,
        code: "message_unknown_type",
        message: `message type ${type} is not known here`,
      });
    }
  }

  #hello(payload: Readonly<Record<string, unknown>>): void {
    const { worker_id: worker, token } = payload;
    if (this.#handler !== undefined) return;
    const known = typeof worker === "string" && typeof token === "string";
    this.#handler = known ? this.#options.admit(worker, token) : undefined;
    if (this.#handler === undefined) {
      this.#options.log("warn", "a worker was refused", { worker });
      this.#control(workerMessageCodes.HELLO_ACK, { accepted: false, reason: "The token is not valid." });
      this.close("its token is not valid");
      return;
    }
    this.#stopHello();
    const { heartbeatMs: heartbeat_ms, leaseMs: lease_ms } = this.#options;
    this.#control(workerMessageCodes.HELLO_ACK, { accepted: true, heartbeat_ms, lease_ms });
    this.#handler.onConnected(this);
  }

  #control(type: number, payload: Readonly<Record<string, unknown>>): void {
    this.#writer.write([this.#encoder.control(type, payload)]);
  }
}

/** Listens until `stop`. */
export class WorkerSocket {
  readonly #options: WorkerSocketOptions;
  readonly #listener: UnixSocketListener<Peer>;

  constructor(options: WorkerSocketOptions) {
    this.#options = options;
    // Left behind by a process that was killed: the data folder's lock says that nobody listens there.
    rmSync(options.path, { force: true });
    this.#listener = Bun.listen<Peer>({
      unix: options.path,
      socket: {
        open: (socket) => {
          socket.data = new Peer(socket, options);
        },
        data: (socket, chunk) => socket.data.received(chunk),
        drain: (socket) => socket.data.drained(),
        close: (socket) => socket.data.closed(),
        error: (socket, error) => socket.data.close(error.message),
      },
    });
    chmodSync(options.path, 0o600);
  }

  stop(): void {
    this.#listener.stop(true);
    rmSync(this.#options.path, { force: true });
  }
}
