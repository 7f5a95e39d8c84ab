// `/api/sessions/:id/stream`: a session as lines of an asciicast (version 2), one server-sent event each: the head, the screen as it is, and then
// whatever is written. The end is `["exit", code, id]`.
import { problem, refused, eventStream } from "./answers.ts";
import type { StreamSender } from "./answers.ts";
import type { Face, FaceCall } from "./face.ts";
import { NativeViewer } from "./native-viewer.ts";
import type { Caller, NativeTerminal } from "./native.ts";

const heartbeatMs = 30_000;
/** Full reset (RIS): what was shown before is not true any more. */
const reset = "\x1bc";

export async function streamOf(face: Face, call: FaceCall): Promise<Response> {
  const { caller } = call.var;
  const found = await face.sessions.get(caller, call.req.param("id") ?? "");
  if (!found.ok) return refused(found.error, "Failed to stream session");
  const terminal = found.value;
  // One that was killed is only listed.
  if (!(await face.native.get(caller, terminal.id)).ok) return problem(404, "Session stream not found");
  return eventStream((sender) => {
    const stream = new CastStream(face, { by: caller, terminal, sender });
    const opening = NativeViewer.open(face.native, { by: caller, id: terminal.id }, stream);
    void opening.then((viewer) => stream.begin(viewer));
    return () => {
      stream.stop();
      void opening.then((viewer) => viewer.close());
    };
  });
}

class CastStream {
  readonly #face: Face;
  readonly #by: Caller;
  readonly #terminal: NativeTerminal;
  readonly #sender: StreamSender;
  readonly #startedAt: number;
  readonly #decoder = new TextDecoder();
  #viewer: NativeViewer | undefined;
  #begun = false;
  #over = false;
  #stopTimer: () => void = () => undefined;

  /** How it ended, and after how many bytes. */
  #ended: { readonly code: number; readonly bytes: number } | undefined;

  constructor(
    face: Face,
    p: { readonly by: Caller; readonly terminal: NativeTerminal; readonly sender: StreamSender },
  ) {
    this.#face = face;
    this.#by = p.by;
    this.#terminal = p.terminal;
    this.#sender = p.sender;
    this.#startedAt = face.clock.now();
    this.#sender.send(":ok\n\n");
    this.#beat();
  }

  begin(viewer: NativeViewer): void {
    this.#viewer = viewer;
    this.#sender.onRoom(() => viewer.acknowledge());
  }

  stop(): void {
    this.#stopTimer();
  }

  snapshot(bytes: Uint8Array, { cols, rows }: { readonly cols: number; readonly rows: number }): void {
    const { name, command, createdAt } = this.#terminal;
    const env = { TERM: "xterm-256color" };
    const timestamp = Math.floor(createdAt / 1_000);
    if (this.#begun) this.#event("r", `${cols}x${rows}`);
    else this.#say({ version: 2, width: cols, height: rows, timestamp, command: command.join(" "), title: name, env });
    const screen = new TextDecoder().decode(bytes);
    this.#event("o", this.#begun ? reset + screen : screen);
    this.#begun = true;
  }

  output(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text !== "") this.#event("o", text);
  }

  resized({ cols, rows }: { readonly cols: number; readonly rows: number }): void {
    this.#event("r", `${cols}x${rows}`);
  }

  state({ status, exitCode }: { readonly status: string; readonly exitCode: number | null }): void {
    if (status === "exited" && this.#ended === undefined) void this.#lookForEnd(exitCode ?? 0);
  }

  closed(): void {
    this.#end(0);
  }

  /** What was written last may still be on its way. */
  async #lookForEnd(code: number): Promise<void> {
    const found = await this.#face.native.get(this.#by, this.#terminal.id);
    this.#ended = { code, bytes: found.ok ? found.value.outputBytes : 0 };
    this.#endIfRead();
  }

  #endIfRead(): void {
    if (this.#ended !== undefined && (this.#viewer?.offset ?? 0) >= this.#ended.bytes) this.#end(this.#ended.code);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.stop();
    this.#say(["exit", code, this.#terminal.id]);
    this.#viewer?.close();
    this.#sender.close();
  }

  #event(code: "o" | "r", data: string): void {
    // Whoever has no room acknowledges nothing, and gets the screen later instead of everything in between.
    const seconds = (this.#face.clock.now() - this.#startedAt) / 1_000;
    if (this.#say([seconds, code, data])) this.#viewer?.acknowledge();
    this.#endIfRead();
  }

  #say(line: object): boolean {
    return this.#sender.send(`data: ${JSON.stringify(line)}\n\n`);
  }

  #beat(): void {
    this.#stopTimer = this.#face.clock.after(heartbeatMs, () => {
      this.#sender.send(":heartbeat\n\n");
      this.#beat();
    });
  }
}
