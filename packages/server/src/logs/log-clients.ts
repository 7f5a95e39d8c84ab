// The connections there are: who subscribes to a client hears when it has gone.

export interface LogClient {
  readonly clientId: string;
  /** The tenant whose entries it may see. */
  readonly reads: string | undefined;
  /** The one that it sends to. */
  readonly writesTo: string | undefined;
  /** Another one has gone. */
  gone(clientId: string): void;
  end(why: "restarting", reason: string): void;
}

export class LogClients {
  readonly #clients = new Set<LogClient>();

  get open(): number {
    return this.#clients.size;
  }

  join(client: LogClient): void {
    this.#clients.add(client);
  }

  leave(client: LogClient): void {
    if (!this.#clients.delete(client)) return;
    const tenant = client.writesTo;
    for (const other of this.#clients) if (tenant !== undefined && other.reads === tenant) other.gone(client.clientId);
  }

  /** Ends all of them: the server stops. */
  close(): void {
    for (const client of this.#clients) client.end("restarting", "the server is stopping");
  }
}
