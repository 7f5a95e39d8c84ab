// The thread's side of screens: all of them, and what is asked of each. One message after the other, each to its end.
import { Charsets } from "./charsets.ts";
import type { ScreenReply, ScreenRequest } from "./messages.ts";
import { HeadlessScreen } from "./screen.ts";

interface Kept {
  readonly screen: HeadlessScreen;
  /** Questions that wait for the end of a long sequence. */
  waiting: number[];
}

/** Answers through `post`; `transfer` is memory that may go along. */
export type PostReply = (reply: ScreenReply, transfer: readonly ArrayBuffer[]) => void;

export class ScreenRoom {
  readonly #post: PostReply;
  readonly #charsets = new Charsets();
  readonly #screens = new Map<number, Kept>();

  constructor(post: PostReply) {
    this.#post = post;
  }

  /** Screens there are. */
  get size(): number {
    return this.#screens.size;
  }

  take(request: ScreenRequest): void {
    const { id } = request;
    if (request.kind === "open") return this.#open(request);
    const kept = this.#screens.get(id);
    // Closed while the message was on its way.
    if (kept === undefined) return undefined;
    const { screen } = kept;
    switch (request.kind) {
      case "output":
        for (const piece of request.pieces) screen.write(piece);
        this.#post({ kind: "parsed", id, offset: screen.seen }, []);
        if (screen.isSteady) for (const question of kept.waiting.splice(0)) this.#show(id, question);
        return undefined;
      case "resize":
        return screen.resize(request, request.mark);
      case "ask":
        if (request.what === "text")
          return this.#post({ kind: "text", id, question: request.question, text: screen.text() }, []);
        if (screen.isSteady) return this.#show(id, request.question);
        kept.waiting.push(request.question);
        return undefined;
      case "close":
        screen.close();
        this.#screens.delete(id);
        return undefined;
    }
  }

  #open({ id, cols, rows, scrollbackLines, from }: Extract<ScreenRequest, { kind: "open" }>): void {
    const screen = new HeadlessScreen(
      { cols, rows, scrollbackLines, charsets: this.#charsets, ...(from === undefined ? {} : { from }) },
      {
        reply: (text, offset) => this.#post({ kind: "reply", id, text, offset }, []),
        title: (title) => this.#post({ kind: "title", id, title }, []),
        bell: () => this.#post({ kind: "bell", id }, []),
      },
    );
    this.#screens.set(id, { screen, waiting: [] });
  }

  #show(id: number, question: number): void {
    const snapshot = this.#screens.get(id)?.screen.snapshot();
    if (snapshot !== undefined) this.#post({ kind: "snapshot", id, question, snapshot }, [snapshot.bytes.buffer]);
  }
}
