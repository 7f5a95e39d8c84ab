// A JSON value as the tree component sees it, wherever it is kept: in the page, or in a worker that is asked for rows.
import { JsonModel } from "./json-model.ts";
import type { JsonRow } from "./json-model.ts";
import type { JsonAnswer, JsonRequest } from "./json-worker.ts";

export interface JsonView {
  /** Changes whenever anything else here does. */
  readonly version: number;
  readonly state: "loading" | "ready" | "failed";
  /** Why it failed. */
  readonly error: string | undefined;
  readonly count: number;
  /** Undefined while it is on its way. */
  row(index: number): JsonRow | undefined;
  toggle(index: number): void;
  /** How many match, up to a limit. */
  search(text: string): Promise<number>;
  /** The row of match `n`, with everything around it open. */
  reveal(n: number): Promise<number>;
  /** The row as JSON; -1 is the whole. */
  textAt(index: number): Promise<string>;
  subscribe(listener: () => void): () => void;
  close(): void;
}

/** What both kinds share. */
class Listened {
  version = 0;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  protected changed(): void {
    this.version++;
    for (const listener of this.#listeners) listener();
  }
}

/** A value that the page has parsed already. */
export class PageJsonView extends Listened implements JsonView {
  readonly state = "ready";
  readonly error = undefined;
  readonly #model: JsonModel;
  readonly #value: unknown;

  constructor(value: unknown) {
    super();
    this.#value = value;
    this.#model = new JsonModel(value);
  }

  get count(): number {
    return this.#model.count;
  }

  row(index: number): JsonRow | undefined {
    return this.#model.row(index);
  }

  toggle(index: number): void {
    this.#model.toggle(index);
    this.changed();
  }

  async search(text: string): Promise<number> {
    return this.#model.search(text);
  }

  async reveal(n: number): Promise<number> {
    const row = this.#model.reveal(n);
    this.changed();
    return row;
  }

  async textAt(index: number): Promise<string> {
    return index === -1 ? JSON.stringify(this.#value, null, 2) : this.#model.textAt(index);
  }

  close(): void {}
}

const pageRows = 200;

type Asked = JsonRequest extends infer Each ? (Each extends JsonRequest ? Omit<Each, "id"> : never) : never;

/** A value that a worker reads, from a URL or from its text. */
export class WorkerJsonView extends Listened implements JsonView {
  state: JsonView["state"] = "loading";
  error: string | undefined;
  count = 0;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: JsonAnswer) => void>();
  /** Rows by the number of their page; undefined while they are on their way. */
  readonly #pages = new Map<number, readonly JsonRow[] | undefined>();
  #last = 0;

  constructor(worker: Worker, source: { readonly url: string } | { readonly text: string }) {
    super();
    this.#worker = worker;
    worker.addEventListener("message", (event: MessageEvent<JsonAnswer>) => {
      this.#waiting.get(event.data.id)?.(event.data);
      this.#waiting.delete(event.data.id);
    });
    worker.addEventListener("error", (event) => this.#fail(event.message));
    void this.#ask("url" in source ? { op: "open", url: source.url } : { op: "parse", text: source.text }).then(
      (answer) => {
        if (answer.error !== undefined) return this.#fail(answer.error);
        this.state = "ready";
        this.#fresh(answer.count);
        return undefined;
      },
    );
  }

  row(index: number): JsonRow | undefined {
    const page = Math.floor(index / pageRows);
    if (!this.#pages.has(page)) {
      this.#pages.set(page, undefined);
      const from = page * pageRows;
      void this.#ask({ op: "rows", from, to: from + pageRows }).then(({ rows }) => {
        // What was open may have changed meanwhile: then the page is not waited for any more.
        if (this.#pages.has(page)) this.#pages.set(page, rows ?? []);
        this.changed();
      });
    }
    return this.#pages.get(page)?.[index % pageRows];
  }

  toggle(index: number): void {
    void this.#ask({ op: "toggle", index }).then(({ count }) => this.#fresh(count));
  }

  async search(text: string): Promise<number> {
    return (await this.#ask({ op: "search", text })).number ?? 0;
  }

  async reveal(n: number): Promise<number> {
    const { count, number } = await this.#ask({ op: "reveal", index: n });
    this.#fresh(count);
    return number ?? -1;
  }

  async textAt(index: number): Promise<string> {
    return (await this.#ask({ op: "text", index })).text ?? "";
  }

  close(): void {
    this.#worker.terminate();
  }

  #fresh(count: number): void {
    this.count = count;
    this.#pages.clear();
    this.changed();
  }

  #fail(message: string): void {
    this.state = "failed";
    this.error = message;
    this.changed();
  }

  async #ask(asked: Asked): Promise<JsonAnswer> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, ...asked });
    });
  }
}
