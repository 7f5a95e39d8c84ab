// Requests at a steady rate from clients that forgive nothing: each is sent once, over a connection of its own or a kept one, and
// has failed unless a whole answer says that it was done.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { token } from "./server-process.ts";

interface LoadReport {
  /** Requests that were answered well. */
  readonly answered: number;
  /** What became of those that were not. */
  readonly failures: readonly string[];
  /** Runs whose start was acknowledged. */
  readonly started: readonly string[];
  /** From the moment a request was due to its whole answer, in milliseconds, in order. */
  readonly latenciesMs: readonly number[];
}

export interface Load {
  /** Requests that were answered well so far. */
  readonly answered: number;
  /** No further requests; resolves when those under way have come to their end. */
  stop(): Promise<LoadReport>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly closes: boolean;
}

/** Requests go out in small groups this often. */
const tickMs = 10;
const answerMsMax = 60_000;

/** Starts runs of `workflow` and asks for them, by turns, over new and kept connections by turns. */
export function startLoad(p: { readonly port: number; readonly perSecond: number; readonly workflow: string }): Load {
  const kept = new KeptConnections(p.port);
  const failures: string[] = [];
  const started: string[] = [];
  const latenciesMs: number[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  const send = async (n: number, dueAt: number): Promise<void> => {
    const keeps = (n >> 1) % 2 === 0;
    const last = started.at(-1);
    const asks = n % 2 === 1 && last !== undefined;
    const what = asks ? `GET /api/v1/runs/${last}` : `POST /api/v1/workflows/${p.workflow}/runs`;
    const bytes = requestOf(what, keeps, asks ? undefined : { input: { n } });
    try {
      const answer = await (keeps ? kept.send(bytes) : once(p.port, bytes));
      const wanted = asks ? 200 : 201;
      if (answer.status !== wanted) throw new Error(`${answer.status} ${answer.body.slice(0, 200)}`);
      const { run } = JSON.parse(answer.body) as { run: { id: string } };
      if (!asks) started.push(run.id);
      latenciesMs.push(performance.now() - dueAt);
    } catch (error) {
      const way = keeps ? "kept" : "new";
      failures.push(`${what} over a ${way} connection: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setInterval(() => {
    const now = performance.now();
    for (; sent < ((now - startedAt) * p.perSecond) / 1_000; sent++) {
      const work = send(sent, now).finally(() => underWay.delete(work));
      underWay.add(work);
    }
  }, tickMs);
  return {
    get answered() {
      return latenciesMs.length;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      kept.close();
      const inOrder = latenciesMs.toSorted((a, b) => a - b);
      return { answered: inOrder.length, failures, started, latenciesMs: inOrder };
    },
  };
}

function requestOf(what: string, keeps: boolean, body: unknown): string {
  const text = body === undefined ? "" : JSON.stringify(body);
  const [method, path] = what.split(" ");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    `authorization: Bearer ${token}`,
    ...(body === undefined ? [] : ["content-type: application/json", `content-length: ${Buffer.byteLength(text)}`]),
    ...(keeps ? [] : ["connection: close"]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}

/** Connections that are used again, the one that was used last first, until their server says that it closes them. */
class KeptConnections {
  readonly #port: number;
  readonly #idle = new Set<Socket>();

  constructor(port: number) {
    this.#port = port;
  }

  async send(bytes: string): Promise<Answer> {
    const socket = [...this.#idle].at(-1) ?? (await this.#open());
    this.#idle.delete(socket);
    const answer = await exchange(socket, bytes);
    if (answer.closes) socket.destroy();
    else if (!socket.destroyed) this.#idle.add(socket);
    return answer;
  }

  async #open(): Promise<Socket> {
    const socket = await open(this.#port);
    return socket.once("close", () => this.#idle.delete(socket));
  }

  close(): void {
    for (const socket of this.#idle) socket.destroy();
  }
}

async function once(port: number, bytes: string): Promise<Answer> {
  const socket = await open(port);
  try {
    return await exchange(socket, bytes);
  } finally {
    socket.destroy();
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", (error) => reject(new Error(`no connection: ${error.message}`)));
  });
  return socket.removeAllListeners("error").on("error", () => socket.destroy());
}

/** Sends a request and takes its whole answer. Rejects when the connection ends before. */
async function exchange(socket: Socket, bytes: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let received = "";
    const over = (result: () => void): void => {
      clearTimeout(timer);
      socket.removeListener("data", take).removeListener("close", closed);
      result();
    };
    const closed = (): void => over(() => reject(new Error(`closed after ${JSON.stringify(received.slice(0, 100))}`)));
    const take = (chunk: Buffer): void => {
      received += chunk.toString("latin1");
      const answer = answerIn(received);
      if (answer !== undefined) over(() => resolve(answer));
    };
    const timer = setTimeout(() => over(() => reject(new Error("no answer in time"))), answerMsMax);
    socket.on("data", take).once("close", closed);
    socket.write(bytes);
  });
}

function answerIn(text: string): Answer | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd).toLowerCase();
  const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
  const body = text.slice(headEnd + 4);
  if (body.length < length) return undefined;
  return { status: Number(head.split(" ")[1]), body, closes: /\r\nconnection: *close/.test(head) };
}
