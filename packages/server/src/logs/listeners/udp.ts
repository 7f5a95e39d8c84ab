// Datagrams: what comes while a batch is being written goes into the next one, and what is too much is left out and counted.
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { isIPv6 } from "node:net";
import type { Logger } from "@sluice/core";
import type { Collector } from "@sluice/core/logs";
import type { LogListener } from "../../config-logs.ts";
import { plainAddress } from "../../address.ts";
import type { Intake } from "./intake.ts";

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: string;
}

export interface OpenListener {
  readonly port: number;
  stop(): Promise<void>;
}

/** How often at most it is said that datagrams were left out. */
const saidEveryMs = 10_000;
/** What the system keeps for us while we are busy. */
const receiveBufferBytes = 4 * 1024 * 1024;

/** Rejects where it cannot listen there. */
export async function listenUdp(
  { host, port }: Pick<LogListener, "host" | "port">,
  p: {
    readonly intake: Intake;
    readonly waitingMax: number;
    readonly log: Logger;
    readonly read: (collector: Collector, datagrams: readonly Datagram[]) => void;
  },
): Promise<OpenListener> {
  const queue = new DatagramQueue(p);
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", recvBufferSize: receiveBufferBytes });
  socket.on("message", (bytes, { address }) => queue.add({ bytes, from: plainAddress(address) }));
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, () => {
      socket.off("error", reject);
      socket.on("error", (error) => p.log("warn", "a datagram could not be received", { error: error.message }));
      resolve();
    });
  });
  const address: AddressInfo = socket.address();
  return {
    port: address.port,
    stop: async () => {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      await queue.emptied();
    },
  };
}

class DatagramQueue {
  readonly #p: Parameters<typeof listenUdp>[1];
  #waiting: Datagram[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #saidMs = -Infinity;

  constructor(p: Parameters<typeof listenUdp>[1]) {
    this.#p = p;
  }

  add(datagram: Datagram): void {
    if (this.#waiting.length >= this.#p.waitingMax) return this.#drop();
    this.#waiting.push(datagram);
    this.#writing ??= this.#write();
    return undefined;
  }

  #drop(): void {
    this.#dropped++;
    const nowMs = this.#p.intake.clock.now();
    if (nowMs - this.#saidMs < saidEveryMs) return;
    this.#saidMs = nowMs;
    this.#p.log("warn", "datagrams with log entries were left out: too many wait (logDatagramsWaitingMax)", {
      sinceStart: this.#dropped,
    });
  }

  async #write(): Promise<void> {
    // What comes in one turn shares a batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const datagrams = this.#waiting;
      this.#waiting = [];
      try {
        await this.#p.intake.take((collector) => this.#p.read(collector, datagrams));
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        this.#p.log("error", "log entries that came as datagrams were lost", {
          datagrams: datagrams.length,
          error: said,
        });
      }
    }
    this.#writing = undefined;
  }

  async emptied(): Promise<void> {
    await this.#writing;
  }
}
