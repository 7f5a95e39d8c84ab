// Screens that are kept by a thread, as those see them who write to them.
import type { Bytes, NewScreen, Screen, ScreenEvents, ScreenHost, Snapshot, TerminalSize } from "../ports.ts";
import type { ScreenReply, ScreenRequest } from "./messages.ts";

/** Sends to the thread; `transfer` is memory that goes along. */
export type PostRequest = (request: ScreenRequest, transfer: readonly ArrayBuffer[]) => void;

export class RemoteScreens implements ScreenHost {
  readonly #post: PostRequest;
  readonly #screens = new Map<number, RemoteScreen>();
  #ids = 0;

  constructor(post: PostRequest) {
    this.#post = post;
  }

  /** Screens that are open. */
  get size(): number {
    return this.#screens.size;
  }

  open(p: NewScreen, events: ScreenEvents): Screen {
    const id = ++this.#ids;
    const { cols, rows, scrollbackLines, from } = p;
    this.#post({ kind: "open", id, cols, rows, scrollbackLines, ...(from === undefined ? {} : { from }) }, []);
    const screen = new RemoteScreen(id, { post: this.#post, events, closed: () => this.#screens.delete(id) });
    this.#screens.set(id, screen);
    return screen;
  }

  /** From the thread. */
  take(reply: ScreenReply): void {
    this.#screens.get(reply.id)?.take(reply);
  }

  /** The thread is gone, and all screens with it. */
  fail(message: string): void {
    const screens = Array.from(this.#screens.values());
    for (const screen of screens) screen.fail(message);
  }
}

interface Question {
  readonly answered: (reply: Extract<ScreenReply, { kind: "snapshot" | "text" }>) => void;
  readonly failed: (error: Error) => void;
}

class RemoteScreen implements Screen {
  readonly #id: number;
  readonly #post: PostRequest;
  readonly #events: ScreenEvents;
  readonly #closed: () => void;
  readonly #questions = new Map<number, Question>();
  /** What is gathered while the thread has something to do. */
  #pieces: Bytes[] = [];
  #busy = false;
  #asked = 0;
  #over = false;

  constructor(
    id: number,
    p: { readonly post: PostRequest; readonly events: ScreenEvents; readonly closed: () => void },
  ) {
    this.#id = id;
    this.#post = p.post;
    this.#events = p.events;
    this.#closed = p.closed;
  }

  write(bytes: Bytes): void {
    if (this.#over) return;
    this.#pieces.push(bytes);
    if (!this.#busy) this.#flush();
  }

  resize({ cols, rows }: TerminalSize, mark: number): void {
    if (this.#over) return;
    this.#flush();
    this.#post({ kind: "resize", id: this.#id, cols, rows, mark }, []);
  }

  async snapshot(): Promise<Snapshot> {
    const reply = await this.#ask("snapshot");
    if (reply.kind !== "snapshot") throw new Error("That is no snapshot.");
    return reply.snapshot;
  }

  async text(): Promise<string> {
    const reply = await this.#ask("text");
    if (reply.kind !== "text") throw new Error("That is no text.");
    return reply.text;
  }

  close(): void {
    if (this.#over) return;
    this.#post({ kind: "close", id: this.#id }, []);
    this.#end("The screen was closed.");
  }

  fail(message: string): void {
    if (this.#over) return;
    this.#end(message);
    this.#events.failed(message);
  }

  take(reply: ScreenReply): void {
    switch (reply.kind) {
      case "parsed":
        this.#busy = false;
        if (this.#pieces.length > 0) this.#flush();
        return this.#events.parsed(reply.offset);
      case "reply":
        return this.#events.reply(new TextEncoder().encode(reply.text), reply.offset);
      case "title":
        return this.#events.title(reply.title);
      case "bell":
        return this.#events.bell();
      case "snapshot":
      case "text": {
        const question = this.#questions.get(reply.question);
        this.#questions.delete(reply.question);
        return question?.answered(reply);
      }
    }
  }

  #flush(): void {
    if (this.#pieces.length === 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#busy = true;
    this.#post(
      { kind: "output", id: this.#id, pieces },
      pieces.map((piece) => piece.buffer),
    );
  }

  #ask(what: "snapshot" | "text"): Promise<Extract<ScreenReply, { kind: "snapshot" | "text" }>> {
    if (this.#over) return Promise.reject(new Error("The screen was closed."));
    this.#flush();
    const question = ++this.#asked;
    const asked = Promise.withResolvers<Extract<ScreenReply, { kind: "snapshot" | "text" }>>();
    this.#questions.set(question, { answered: asked.resolve, failed: asked.reject });
    this.#post({ kind: "ask", id: this.#id, question, what }, []);
    return asked.promise;
  }

  #end(message: string): void {
    this.#over = true;
    this.#pieces = [];
    for (const { failed } of this.#questions.values()) failed(new Error(message));
    this.#questions.clear();
    this.#closed();
  }
}
