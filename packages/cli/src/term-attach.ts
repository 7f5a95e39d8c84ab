// Shows a terminal of the server in the one that the command runs in. Whatever happens, that one is left as it was found.
import { SluiceError } from "@sluice/protocol";
import { decodeTerminalFrame, encodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import type { TerminalFrame } from "@sluice/protocol/terminal-frames";
import { segment } from "./api.ts";
import type { Api } from "./api.ts";
import { ownTls } from "./credential.ts";
import { exitCodes, failed } from "./io.ts";
import type { Io } from "./io.ts";

/** Ctrl+], as telnet has it: hardly any program wants it. */
const leaveKey = 0x1d;
const retriesMax = 20;
const retryMs = 500;
/** Soft reset, normal screen, mouse, focus and paste reports off, cursor on: ctlseqs of xterm. */
const restored =
  "\x1b[!p\x1b[?1049l\x1b[?9;1000;1002;1003;1004;1006;1016;2004l\x1b[?1l\x1b>\x1b(B\x0f\x1b[r\x1b[?7h\x1b[?25h\x1b[0m";
/** Would take away what this terminal had shown before. */
const eraseAbove = "\x1b[3J";

/** Answers the exit code: that of the program, 0 when somebody left. */
export async function attach(p: {
  readonly api: Api;
  readonly io: Io;
  readonly id: string;
  readonly readOnly: boolean;
}): Promise<number> {
  const attachment = new Attachment(p);
  const { stdin } = process;
  const before = stty("-g");
  const restore = (): void => {
    stdin.setRawMode(false);
    if (before !== "") stty(before);
    process.stdout.write(restored);
  };
  process.once("exit", restore);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(exitCodes.failed));
  stdin.setRawMode(true);
  // Raw for what is typed only: a line feed would go on becoming two characters.
  stty("-opost");
  try {
    stdin.on("data", attachment.typed);
    process.stdout.on("resize", attachment.resized);
    const code = await attachment.run();
    process.off("exit", restore);
    restore();
    p.io.complain(attachment.farewell);
    return code;
  } finally {
    stdin.off("data", attachment.typed);
    process.stdout.off("resize", attachment.resized);
    stdin.pause();
    stdin.unref();
  }
}

/** Settings of the terminal, by the program that all systems have for them. */
function stty(argument: string): string {
  const { stdout } = Bun.spawnSync(["stty", argument], { stdin: "inherit", stdout: "pipe", stderr: "ignore" });
  return stdout.toString().trim();
}

class Attachment {
  readonly #api: Api;
  readonly #id: string;
  readonly #readOnly: boolean;
  readonly #over = Promise.withResolvers<number>();
  #socket: WebSocket | undefined;
  #place: { offset: number; mark: number } | undefined;
  #retries = 0;
  #drives = false;
  farewell = "";

  constructor(p: { readonly api: Api; readonly id: string; readonly readOnly: boolean }) {
    this.#api = p.api;
    this.#id = p.id;
    this.#readOnly = p.readOnly;
  }

  async run(): Promise<number> {
    await this.#connect();
    return this.#over.promise;
  }

  typed = (data: Uint8Array): void => {
    if (data.includes(leaveKey)) return this.#end(0, `\nLeft ${this.#id}; sluice term attach ${this.#id} comes back.`);
    if (!this.#readOnly) this.#send({ type: "input", bytes: new Uint8Array(data) });
    return undefined;
  };

  resized = (): void => {
    const { columns, rows } = process.stdout;
    if (this.#drives) this.#send({ type: "resize", cols: columns, rows });
  };

  async #connect(): Promise<void> {
    // Asked first over plain HTTP, whose refusals say why.
    await this.#api.json(`/api/v1/terminals/${segment(this.#id)}`);
    const { url, credential, own } = this.#api.target;
    const query = new URLSearchParams(this.#readOnly ? { role: "viewer" } : {});
    if (this.#place !== undefined) {
      query.set("offset", String(this.#place.offset));
      query.set("mark", String(this.#place.mark));
    }
    const token = await credential();
    const address = `${url.replace(/^http/, "ws")}/api/v1/terminals/${segment(this.#id)}/socket?${query.toString()}`;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    // Bun's own extension: browsers send cookies instead.
    const socket = new WebSocket(address, { headers, ...ownTls(url, own) } as unknown as string[]);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) =>
      this.#take(decodeTerminalFrame(new Uint8Array(data as ArrayBuffer))),
    );
    socket.addEventListener("close", ({ code, reason }) => this.#closed(code, reason));
    this.#socket = socket;
  }

  #send(frame: TerminalFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeTerminalFrame(frame));
  }

  #take(frame: TerminalFrame): void {
    switch (frame.type) {
      case "snapshot": {
        this.#retries = 0;
        this.#place = { offset: frame.offset, mark: frame.mark };
        const screen = new TextDecoder().decode(frame.bytes).replaceAll(eraseAbove, "");
        return this.#show(`${restored}\x1b[H\x1b[2J${screen}`);
      }
      case "resumed":
        this.#retries = 0;
        return undefined;
      case "output": {
        const { offset = 0, mark = 0 } = this.#place ?? {};
        this.#place = { offset: offset + frame.bytes.length, mark };
        return this.#show(frame.bytes);
      }
      case "resized":
        this.#place = { offset: this.#place?.offset ?? 0, mark: frame.mark };
        return undefined;
      case "state":
        return this.#know(frame.state);
      default:
        return undefined;
    }
  }

  /** Acknowledged once this terminal has taken it. */
  #show(output: string | Uint8Array): void {
    const offset = this.#place?.offset ?? 0;
    process.stdout.write(output, () => this.#send({ type: "ack", offset }));
  }

  #know({ drives, status, exitCode, signal }: Extract<TerminalFrame, { type: "state" }>["state"]): void {
    const began = drives && !this.#drives;
    this.#drives = drives;
    if (began) this.resized();
    if (status !== "exited") return;
    const how = signal === null ? `with exit code ${exitCode ?? 0}` : `by ${signal}`;
    this.#end(exitCode ?? exitCodes.failed, `\nThe program ended ${how}.`);
  }

  #closed(code: number, reason: string): void {
    const isFinal = code === 4401 || code === 1007 || code === 1008;
    if (isFinal || this.#retries >= retriesMax)
      return this.#end(exitCodes.failed, `\nThe connection ended: ${reason || code}.`);
    this.#retries++;
    setTimeout(() => {
      this.#connect().catch((error: unknown) => this.#failed(error));
    }, retryMs);
    return undefined;
  }

  #failed(error: unknown): void {
    const { code } = error as { readonly code?: unknown };
    if (this.#retries < retriesMax && code === "unavailable") return this.#closed(0, "");
    this.#over.reject(error instanceof SluiceError ? failed({ code: error.code, message: error.message }) : error);
    return undefined;
  }

  #end(code: number, farewell: string): void {
    this.farewell = farewell;
    this.#over.resolve(code);
    this.#socket?.close();
  }
}
