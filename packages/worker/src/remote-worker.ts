// A worker on a machine of its own: connects to an engine, comes back when the connection is lost, and goes on with the tasks it has.
// Neutral: who opens connections, and what the machine is, is handed in.
import type { WireMessage, WorkerToEngine } from "@sluice/protocol";
import type { WorkerClock } from "./clock.ts";
import { TaskResults } from "./task-results.ts";
import type { ByteSink } from "./wire.ts";
import { WorkerConnection } from "./wire-connection.ts";
import type { Worker } from "./worker.ts";

/** An open connection, as its owner sees it. */
export interface DialedSocket extends ByteSink {
  /** Bytes that were written and have not left yet. */
  readonly waitingBytes: number;
  /** Ends it once what was written has left. */
  end(): void;
}

interface SocketEvents {
  readonly data: (chunk: Uint8Array) => void;
  readonly drained: () => void;
  readonly closed: (why: string) => void;
}

/** Builds on this machine: commands that a server asks for. */
export interface BuildsHere {
  /** What goes on, as HELLO says it. */
  readonly running: readonly { readonly build_id: string; readonly epoch: number }[];
  /** False for what is no message about builds. */
  receive(message: Pick<WireMessage, "type" | "id" | "payload">): boolean;
  /** The server has let this worker in, with what its HELLO_ACK says. */
  accepted(ack: Readonly<Record<string, unknown>>): void;
  /** The connection is lost; what runs goes on. */
  lost(): void;
  /** The connection takes more again. */
  drained(): void;
  /** Begins nothing new; resolves when what runs has ended, which has `ms` for that. What is ended then is given out again. */
  leave(ms: number): Promise<void>;
  /** Ends what runs, of which nobody wants to hear. */
  end(): void;
}

/** Opens a connection. Rejects when nobody is there. */
export type Dial = (events: SocketEvents) => Promise<DialedSocket>;

export interface RemoteWorkerOptions {
  readonly dial: Dial;
  readonly clock: WorkerClock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly newId: () => string;
  readonly runtime: string;
  readonly heartbeatMs: number;
  /** What HELLO says, but for `token`, `running` and `life`. */
  readonly hello: Readonly<Record<string, unknown>>;
  /** What it shows to be let in: the credential it was given, or the join token. */
  readonly secret: () => string | undefined;
  /** It was given a credential in exchange for its join token. */
  readonly onCredential: (credential: string) => void;
  readonly makeWorker: (send: (message: WorkerToEngine) => void) => Worker;
  /** Where it does builds as well. `send` is false while the connection has enough, or there is none. */
  readonly makeBuilds?:
    | ((send: (type: number, payload: Readonly<Record<string, unknown>>) => boolean) => BuildsHere)
    | undefined;
  readonly log: (message: string) => void;
  /** First and longest pause before it tries to connect again, in milliseconds. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

/** A server that answers none of so many heartbeats is gone, whatever its socket looks like: it is connected to anew. */
const heartbeatsUnansweredMax = 10;

/** Output of builds waits in its commands while so much waits in the connection. */
const waitingBytesMax = 262_144;

/** How it came to its end. */
export type RemoteEnd = { readonly refused: string } | { readonly refused?: undefined };

/** One connection from the moment it is dialed. */
class Line implements SocketEvents {
  connection: WorkerConnection | undefined;
  socket: DialedSocket | undefined;
  isClosed = false;
  #isHeard = false;
  readonly #lost: (why: string) => void;
  readonly #drained: () => void;

  constructor(lost: (why: string) => void, drained: () => void) {
    this.#lost = lost;
    this.#drained = drained;
  }

  /** Whether anything arrived since it was last asked. */
  wasHeard(): boolean {
    const heard = this.#isHeard;
    this.#isHeard = false;
    return heard;
  }

  readonly data = (chunk: Uint8Array): void => {
    this.#isHeard = true;
    try {
      this.connection?.received(chunk);
    } catch (error) {
      this.connection?.fail({ code: "wire_failed", message: String(error) });
      this.socket?.end();
    }
  };

  readonly drained = (): void => {
    this.connection?.drained();
    this.#drained();
  };

  readonly closed = (why: string): void => {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#lost(why);
  };
}

export class RemoteWorker {
  readonly ended: Promise<RemoteEnd>;
  readonly #options: RemoteWorkerOptions;
  readonly #worker: Worker;
  readonly #results = new TaskResults();
  readonly #builds: BuildsHere | undefined;
  /** Resolves when the builds of one that leaves are over. */
  #buildsLeft: Promise<void> = Promise.resolve();
  /** Tells the server, when it comes back, that a lost connection was all that was lost. */
  readonly #life: string;
  #end: (how: RemoteEnd) => void = () => undefined;
  #connection: WorkerConnection | undefined;
  #socket: DialedSocket | undefined;
  #accepted = false;
  #failures = 0;
  #stopListening: () => void = () => undefined;
  #leaving = false;
  #over = false;

  constructor(options: RemoteWorkerOptions) {
    this.#options = options;
    this.#life = options.newId();
    this.#worker = options.makeWorker((message) => this.#send(message));
    this.#builds = options.makeBuilds?.((type, payload) => this.#sendOfBuilds(type, payload));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    void this.#connect();
  }

  /** Takes nothing new, gives what it does up to `ms`, gives back the rest, and leaves. */
  leave(ms: number): void {
    if (this.#leaving) return;
    this.#leaving = true;
    if (this.#builds !== undefined) this.#buildsLeft = this.#builds.leave(ms);
    if (this.#accepted) this.#worker.receive([{ type: "drain", ms }]);
    else this.#finish({});
  }

  #finish(how: RemoteEnd): void {
    this.#over = true;
    this.#stopListening();
    this.#builds?.end();
    this.#connection?.close();
    this.#socket?.end();
    this.#end(how);
  }

  #send(message: WorkerToEngine): void {
    const connection = this.#connection;
    if (connection === undefined || !this.#accepted) {
      this.#results.keep(message);
      return;
    }
    connection.send(message);
    if (!this.#leaving || message.type !== "handback") return;
    void this.#buildsLeft.then(() => this.#options.clock.turn(() => this.#finish({})));
  }

  #sendOfBuilds(type: number, payload: Readonly<Record<string, unknown>>): boolean {
    if (!this.#accepted || this.#connection === undefined) return false;
    this.#connection.control(type, payload);
    return (this.#socket?.waitingBytes ?? 0) < waitingBytesMax;
  }

  async #connect(): Promise<void> {
    if (this.#over) return;
    const line = new Line(
      (why) => this.#lost(line.connection, why),
      () => this.#builds?.drained(),
    );
    let socket: DialedSocket;
    try {
      socket = await this.#options.dial(line);
    } catch (error) {
      this.#retry(error instanceof Error ? error.message : String(error));
      return;
    }
    line.socket = socket;
    if (line.isClosed || this.#over) {
      socket.end();
      return;
    }
    this.#socket = socket;
    this.#connection = this.#greet(socket);
    line.connection = this.#connection;
    this.#listen(line, 0);
  }

  /** Gives up a line on which nothing is heard: one end of it may be all that is left. Counted in turns, so that who slept hears first. */
  #listen(line: Line, unheard: number): void {
    const { clock, heartbeatMs } = this.#options;
    this.#stopListening();
    this.#stopListening = clock.after(heartbeatMs, () => {
      if (line.isClosed || this.#over) return;
      const silent = line.wasHeard() ? 0 : unheard + 1;
      if (silent < heartbeatsUnansweredMax) {
        this.#listen(line, silent);
        return;
      }
      line.socket?.end();
      line.closed(`nothing was heard for ${heartbeatsUnansweredMax} heartbeats`);
    });
  }

  /** What still runs here is announced, so that nobody else is given it. */
  #greet(socket: DialedSocket): WorkerConnection {
    const { clock, runtime, newId: id, heartbeatMs, hello, secret } = this.#options;
    const held = [...this.#worker.tasks.running, ...this.#results.tasks];
    const tasks = held.map(({ task, epoch }) => ({ build_id: task, epoch }));
    const running = [...tasks, ...(this.#builds?.running ?? [])];
    const token = secret();
    const life = this.#life;
    const said = { ...hello, heartbeat_ms: heartbeatMs, life, running, ...(token === undefined ? {} : { token }) };
    const connection: WorkerConnection = new WorkerConnection({
      sink: socket,
      clock,
      runtime,
      id,
      heartbeatMs,
      hello: said,
      onAccepted: (ack) => this.#begin(ack),
      onRefused: (reason) => this.#finish({ refused: reason }),
      onError: (error) => {
        this.#options.log(`the server says: ${String(error["message"])}`);
        // To come back would send the other one away, which would come back, and so on.
        if (error["code"] === "worker_replaced" && this.#connection === connection) {
          this.#finish({ refused: String(error["message"]) });
        }
      },
      onOther: (message) => this.#builds?.receive(message) === true,
      onMessages: (messages) => this.#worker.receive(messages),
    });
    return connection;
  }

  #begin(ack: Readonly<Record<string, unknown>>): void {
    const { credential } = ack;
    if (typeof credential === "string") this.#options.onCredential(credential);
    this.#accepted = true;
    this.#failures = 0;
    this.#options.log("connected");
    this.#builds?.accepted(ack);
    this.#worker.deploy();
    for (const result of this.#results.take()) this.#connection?.send(result);
  }

  #lost(connection: WorkerConnection | undefined, why: string): void {
    connection?.close();
    if (this.#over) return;
    if (this.#leaving) {
      this.#finish({});
      return;
    }
    this.#accepted = false;
    this.#builds?.lost();
    this.#connection = undefined;
    this.#socket = undefined;
    this.#worker.forgetRuns();
    this.#retry(why);
  }

  /** Longer each time, and never all at once (full jitter above a half). */
  #retry(why: string): void {
    const { retryMs, retryMsMax, random, clock, log } = this.#options;
    const most = Math.min(retryMsMax, retryMs * 2 ** this.#failures++);
    const delayMs = Math.round(most * (0.5 + random() / 2));
    log(`not connected: ${why}; trying again in ${delayMs} ms`);
    clock.after(delayMs, () => void this.#connect());
  }
}
