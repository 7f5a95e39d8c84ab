// Secrets are typed without being shown, or come on standard input: never on the command line, where every user of the
// machine can read them.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Asks at a terminal; what is typed is not shown. Rejects when the input ends instead. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new Error("Nothing was typed.")));
      lines.once("SIGINT", () => reject(new Error("Nothing was typed.")));
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
