// What failovers reach of the world from this machine: PostgreSQL servers, runtime APIs that take lines, and programs with a script.
import { createConnection } from "node:net";
import type { LineTransport, ScriptRunner, SqlServers } from "@sluice/core/cluster";

/** Rejects at the deadline, whatever the work does then. */
async function within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const msPerSecond = 1_000;

/** One connection for each session; each statement has the deadline for itself. */
export const sqlServers: SqlServers = {
  async session({ url, timeoutMs, work }) {
    const sql = new Bun.SQL({
      url,
      max: 1,
      connectionTimeout: Math.max(1, Math.ceil(timeoutMs / msPerSecond)),
      // Statements differ by epoch: none is worth keeping at the server.
      prepare: false,
    });
    try {
      await within(timeoutMs, "connecting", sql.connect());
      return await work(async (statement) => {
        const rows = (await within(timeoutMs, "a statement", sql.unsafe(statement))) as readonly object[];
        return Array.from(rows, (row) => ({ ...row }));
      });
    } finally {
      // One that hangs is let go.
      await sql.close({ timeout: 0 }).catch(() => undefined);
    }
  },
};

export const lineTransport: LineTransport = {
  say({ address, line, timeoutMs }) {
    const at = address.lastIndexOf(":");
    const [host, port] = [address.slice(0, at), Number(address.slice(at + 1))];
    return new Promise((resolve, reject) => {
      let said = "";
      const socket = createConnection({ host, port });
      socket.setEncoding("utf8");
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`${address} does not answer`)));
      socket.on("connect", () => socket.write(`${line}\n`));
      socket.on("data", (text: string) => (said += text));
      socket.on("error", reject);
      socket.on("close", () => resolve(said));
    });
  },
};

export const scriptRunner: ScriptRunner = {
  async run({ command, args, stdin, timeoutMs }) {
    const child = Bun.spawn([command, ...args], {
      stdin: new TextEncoder().encode(stdin),
      stdout: "pipe",
      stderr: "pipe",
      timeout: timeoutMs,
    });
    const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { exitCode, stdout, stderr };
  },
};
