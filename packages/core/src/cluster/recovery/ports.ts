// What the drivers of recoveries need from outside, besides the ports of the room. The server binds them.

/** Rows as PostgreSQL has them; figures that may be large come as text. */
type SqlRow = Readonly<Record<string, unknown>>;

/** One session with a PostgreSQL server: statements one after the other, each on its own. */
export type SqlSession = (statement: string) => Promise<readonly SqlRow[]>;

/** Rejects where the server does not answer in time. */
export interface SqlServers {
  session<T>(p: {
    readonly url: string;
    readonly timeoutMs: number;
    readonly work: (query: SqlSession) => Promise<T>;
  }): Promise<T>;
}

/** Sends one line to `host:port` and reads until the other side closes. Rejects where nobody answers in time. */
export interface LineTransport {
  say(p: { readonly address: string; readonly line: string; readonly timeoutMs: number }): Promise<string>;
}

/** Runs a program without a shell, with this on its standard input. */
export interface ScriptRunner {
  run(p: {
    readonly command: string;
    readonly args: readonly string[];
    readonly stdin: string;
    readonly timeoutMs: number;
  }): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
}
