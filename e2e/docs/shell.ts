// Follows the shell commands of a document: one block after the other, in the folder and with the variables that the block
// before left. A block that starts a server leaves it running, as in a terminal of its own.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingLine } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import type { Clone } from "./clone.ts";

const startsServer = /^(?:npm start|npx sluice (?:up|dev)\b[^&|;]*)$/;
/** Commands that may be repeated: they only look. */
const looks = /^npx sluice (?:(?:runs|approve|state|schedule|events) (?:list|show|get)|doctor)\b[^&|;]*$/;
/** What a document says that one sees, one sees within this time. */
const patienceMs = 20_000;
const outputCharsMax = 200_000;
/** Readers need time to kill a server while an order is held; here it takes no longer than this. */
const holds = /"holdSeconds":(\d+)/g;
const holdSecondsMax = 3;
const portOfDocs = /\b7890\b/g;

interface Server {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly output: () => string;
}

export class Shell {
  readonly #clone: Clone;
  readonly #state = mkdtempSync(join(tmpdir(), "sluice-shell-"));
  #server: Server | undefined;
  #port = "7890";

  constructor(clone: Clone) {
    this.#clone = clone;
  }

  /**
   * Follows one block; throws what went otherwise than the document says. A block that only looks is repeated until it shows
   * what the document says: readers take their time.
   */
  async follow(block: Block): Promise<void> {
    const text = block.text.trim();
    const expected = block.output ?? "";
    const repeatable = text.split("\n").every((line) => looks.test(line));
    const until = performance.now() + (repeatable ? patienceMs : 0);
    for (;;) {
      const output = startsServer.test(text) ? await this.#serve(text) : await this.#run(text);
      const missing = missingLine(this.#ported(expected), output);
      if (missing === undefined) return;
      if (performance.now() > until) throw new Error(`this did not come out:\n${missing}\nbut this did:\n${output}`);
    }
  }

  /** The text for this machine: the server's port, and no longer waits than needed. */
  #ported(text: string): string {
    return text
      .replaceAll(portOfDocs, this.#port)
      .replaceAll(holds, (_, seconds: string) => `"holdSeconds":${Math.min(Number(seconds), holdSecondsMax)}`);
  }

  async #run(text: string): Promise<string> {
    const expected = Number(/# exits with (\d+)$/m.exec(text)?.[1] ?? 0);
    const bash = this.#spawn(this.#ported(text));
    const code = await bash.exited;
    if (code !== expected) throw new Error(`exit ${String(code)} instead of ${expected}:\n${text}\n${bash.output()}`);
    return bash.output();
  }

  /** Runs a script in the folder and with the variables that the last block left; what it printed. */
  async script(path: string): Promise<string> {
    return this.#run(`"${process.execPath}" "${path}"`);
  }

  async #serve(text: string): Promise<string> {
    await this.#stopServer();
    const server = this.#spawn(`exec ${text}`);
    this.#server = server;
    const ready = await new Promise<string>((resolve, reject) => {
      const look = (): void => {
        const found = /ready at http:\/\/[^:\s]+:(\d+)[\s\S]*Ctrl-C/.exec(server.output());
        if (found !== null) resolve(found[1] ?? "");
      };
      server.child.stdout?.on("data", look);
      void server.exited.then((code) => reject(new Error(`the server ended with ${String(code)}:\n${server.output()}`)));
    });
    this.#port = ready;
    return server.output();
  }

  #spawn(text: string): Server {
    const [cwd, variables] = [join(this.#state, "cwd"), join(this.#state, "variables")];
    const before = existsSync(cwd) ? `. "${variables}"; cd "$(cat "${cwd}")"\n` : `cd "${this.#clone.folder}"\n`;
    const after = `trap 'pwd > "${cwd}"; export -p > "${variables}"' EXIT\n`;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
    const env = { ...Object.fromEntries(inherited), PATH: `${this.#clone.bin}:${process.env["PATH"]}`, SLUICE_PORT: "0" };
    const child = spawn("bash", ["-c", `set -e -o pipefail\n${before}${after}${text}`], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (more: string): void => {
      output = (output + more).slice(-outputCharsMax);
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    const exited = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
    return { child, exited, output: () => output };
  }

  /** Stops the server, unless a block has, as Ctrl-C does. */
  async #stopServer(): Promise<void> {
    this.#server?.child.kill("SIGTERM");
    await this.#server?.exited;
    this.#server = undefined;
  }

  async close(): Promise<void> {
    await this.#stopServer();
    rmSync(this.#state, { recursive: true, force: true });
  }
}
