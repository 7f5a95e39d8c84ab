// Reads and keeps one large JSON value away from the page's thread, and answers for its rows.
import { JsonModel } from "./json-model.ts";
import type { JsonRow } from "./json-model.ts";

/** What the page asks. `open` comes first, once. */
export type JsonRequest = { readonly id: number } & (
  | { readonly op: "open"; readonly url: string }
  | { readonly op: "parse"; readonly text: string }
  | { readonly op: "rows"; readonly from: number; readonly to: number }
  | { readonly op: "toggle" | "text" | "reveal"; readonly index: number }
  | { readonly op: "search"; readonly text: string }
);

/** What it answers with: the number of rows is in every answer. */
export interface JsonAnswer {
  readonly id: number;
  readonly count: number;
  readonly rows?: readonly JsonRow[];
  readonly text?: string;
  /** Matches of a search, or the row of a match. */
  readonly number?: number;
  readonly error?: string;
}

let model = new JsonModel(null);
let source = "";

async function answer(request: JsonRequest): Promise<Omit<JsonAnswer, "id" | "count">> {
  switch (request.op) {
    case "open": {
      const response = await fetch(request.url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      source = await response.text();
      model = new JsonModel(JSON.parse(source));
      return {};
    }
    case "parse":
      source = request.text;
      model = new JsonModel(JSON.parse(source));
      return {};
    case "rows":
      return {
        rows: Array.from({ length: Math.max(0, Math.min(request.to, model.count) - request.from) }, (_, index) =>
          model.row(request.from + index),
        ).filter((row) => row !== undefined),
      };
    case "toggle":
      model.toggle(request.index);
      return {};
    case "text":
      return { text: request.index === -1 ? source : model.textAt(request.index) };
    case "search":
      return { number: model.search(request.text) };
    case "reveal":
      return { number: model.reveal(request.index) };
    default:
      return request;
  }
}

addEventListener("message", (event: MessageEvent<JsonRequest>) => {
  const { id } = event.data;
  const reply = (rest: Omit<JsonAnswer, "id" | "count">) =>
    postMessage({ id, count: model.count, ...rest } satisfies JsonAnswer);
  answer(event.data).then(reply, (error: unknown) =>
    reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
