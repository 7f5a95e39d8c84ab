// One client on the WebSocket of logs, with the clock in its hand.

type Heard = Readonly<Record<string, unknown>> & { readonly type: string };

export class LogLink {
  readonly #socket: WebSocket;
  #hears: (message: Heard) => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => this.#hears(JSON.parse(data) as Heard));
  }

  static async open(port: number): Promise<LogLink> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/logs/ws`);
    const link = new LogLink(socket);
    await new Promise<void>((resolve, reject) => {
      link.#hears = () => resolve();
      socket.addEventListener("error", () => reject(new Error("the WebSocket was not opened")));
    });
    return link;
  }

  /** Sends as fast as acknowledgements come; answers with acknowledgements a second. */
  async flood(p: {
    readonly messages: number;
    readonly atOnce: number;
    readonly make: (id: number) => string;
  }): Promise<number> {
    const startedMs = performance.now();
    let sent = 0;
    let acked = 0;
    const send = (): void => {
      while (sent < p.messages && sent - acked < p.atOnce) this.#socket.send(p.make(sent++));
    };
    await new Promise<void>((resolve, reject) => {
      this.#hears = (message) => {
        if (message.type !== "ack") return reject(new Error(JSON.stringify(message)));
        if (++acked === p.messages) return resolve();
        return send();
      };
      send();
    });
    return p.messages / ((performance.now() - startedMs) / 1_000);
  }

  /** Sends some each tick; answers with how long each acknowledgement took, from when it was due. */
  async paced(p: { readonly perTick: number; readonly tickMs: number; readonly seconds: number }): Promise<number[]> {
    const dueMs = new Map<string, number>();
    const took: number[] = [];
    const total = Math.floor((p.seconds * 1_000) / p.tickMs) * p.perTick;
    return new Promise((resolve, reject) => {
      this.#hears = (message) => {
        if (message.type !== "ack") return reject(new Error(JSON.stringify(message)));
        took.push(performance.now() - (dueMs.get(String(message["logId"])) ?? 0));
        if (took.length < total) return undefined;
        return resolve(took);
      };
      eachTick(p, (tick, atMs) => {
        for (let i = 0; i < p.perTick; i++) {
          const id = `p${tick * p.perTick + i}`;
          dueMs.set(id, atMs);
          this.#socket.send(`{"id":"${id}","message":"paced ${id}","service":"ws"}`);
        }
      });
    });
  }

  /** Follows what another one sends in batches, one a tick; answers with how long entries took from there to here. */
  async tailed(p: {
    readonly writer: LogLink;
    readonly perTick: number;
    readonly tickMs: number;
    readonly seconds: number;
  }): Promise<number[]> {
    const took: number[] = [];
    const total = Math.floor((p.seconds * 1_000) / p.tickMs) * p.perTick;
    const subscribed = Promise.withResolvers<void>();
    const done = Promise.withResolvers<number[]>();
    let heard = 0;
    this.#hears = (message) => {
      if (message.type === "subscribed") return subscribed.resolve();
      if (message.type === "error") return done.reject(new Error(JSON.stringify(message)));
      if (message.type === "missed") heard += Number(message["count"]);
      if (message.type === "entry") {
        heard++;
        took.push(performance.now() - Number((message["fields"] as Record<string, unknown>)["at"]));
      }
      return heard >= total ? done.resolve(took) : undefined;
    };
    this.#socket.send(JSON.stringify({ type: "subscribe", topics: ["service:=tailed"] }));
    await subscribed.promise;
    p.writer.#hears = () => undefined;
    eachTick(p, (_tick, atMs) => {
      const entries = Array.from({ length: p.perTick }, (_, i) => ({ message: `tailed ${i}`, at: atMs }));
      p.writer.#socket.send(JSON.stringify({ labels: { service: "tailed" }, entries }));
    });
    return done.promise;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Calls for each tick that is due, also those that came late, with the time at which it was due. */
function eachTick(
  { tickMs, seconds }: { readonly tickMs: number; readonly seconds: number },
  send: (tick: number, atMs: number) => void,
): void {
  const startedMs = performance.now();
  const ticks = Math.floor((seconds * 1_000) / tickMs);
  let tick = 0;
  const timer = setInterval(() => {
    while (tick < ticks && performance.now() - startedMs >= tick * tickMs) send(tick, startedMs + tick++ * tickMs);
    if (tick >= ticks) clearInterval(timer);
  }, tickMs / 2);
}
