// The live view of a run: a tree of its steps that is drawn anew in a terminal, or a line for each change elsewhere.
import type { Api } from "./api.ts";
import { inert } from "./io.ts";
import type { Io } from "./io.ts";
import { runEvents, runStream } from "./sse.ts";
import type { RunEvent } from "./sse.ts";
import { short, span } from "./table.ts";

interface StepLine {
  readonly seq: number;
  readonly name: string;
  readonly kind: string;
  status: string;
  attempt: number;
  since: number;
  until: number | undefined;
  note: string;
}

const marks: Readonly<Record<string, string>> = { running: "…", completed: "✓", failed: "✗", aborted: "−" };
const colours: Readonly<Record<string, number>> = { running: 33, completed: 32, failed: 31, aborted: 90 };
/** How often running times are drawn anew. */
const redrawMs = 250;

/** Follows a run to its end. With `json`, each event is a line of JSON. */
export async function watchRun(io: Io, api: Api, p: { readonly run: string; readonly json: boolean }): Promise<void> {
  const view = p.json ? new JsonView(io) : io.stdout.isTTY ? new TreeView(io, p.run) : new LineView(io);
  try {
    await Promise.all([show(view, runEvents(api, p.run)), show(view, runStream(api, p.run))]);
  } finally {
    view.close();
  }
}

async function show(view: { take(event: RunEvent): void }, events: AsyncIterable<RunEvent>): Promise<void> {
  for await (const event of events) view.take(event);
}

/** A piece of output, as text where it is text. */
function pieceText({ piece }: RunEvent["data"]): string {
  return typeof piece === "string" ? piece : JSON.stringify(piece);
}

class JsonView {
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  take(event: RunEvent): void {
    this.#io.print(JSON.stringify(event));
  }

  close(): void {
    // Every line is complete.
  }
}

class LineView {
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  take({ type, data }: RunEvent): void {
    if (type === "run") this.#io.print(`run ${text(data["status"])}${reason(data["statusReason"])}`);
    else if (type === "step")
      this.#io.print(`${text(data["kind"])} ${text(data["name"])} ${text(data["status"])}${note(data)}`);
    else if (type === "log") this.#io.print(`log ${text(data["level"])} ${text(data["message"])}`);
    else if (type === "chunk") this.#io.print(`stream ${pieceText(data)}`);
    else if (type === "progress") this.#io.print(`progress ${short(data["value"] ?? data)}`);
  }

  close(): void {
    // Every line is complete.
  }
}

class TreeView {
  readonly #io: Io;
  readonly #run: string;
  readonly #steps = new Map<number, StepLine>();
  readonly #timer: ReturnType<typeof setInterval>;
  #status = "queued";
  #lines = 0;

  constructor(io: Io, run: string) {
    this.#io = io;
    this.#run = run;
    this.#timer = setInterval(() => this.#draw(), redrawMs);
  }

  take(event: RunEvent): void {
    const { type, data, at } = event;
    if (type === "run") this.#status = `${text(data["status"])}${reason(data["statusReason"])}`;
    else if (type === "step") this.#step(data, at);
    else if (type === "chunk") this.#above(`  ${pieceText(data)}`);
    else if (type === "log") this.#above(`  ${text(data["level"])} ${text(data["message"])}`);
    this.#draw();
  }

  #step(data: Readonly<Record<string, unknown>>, at: number): void {
    const seq = Number(data["seq"]);
    const status = text(data["status"] ?? "running");
    const known = this.#steps.get(seq);
    const line: StepLine = known ?? {
      seq,
      name: text(data["name"]),
      kind: text(data["kind"]),
      status,
      attempt: 1,
      since: at,
      until: undefined,
      note: "",
    };
    line.status = status;
    line.attempt = Number(data["attempt"] ?? line.attempt);
    line.until = status === "running" ? undefined : at;
    line.note = note(data);
    this.#steps.set(seq, line);
  }

  #above(line: string): void {
    this.#erase();
    this.#io.stdout.write(`${inert(line)}\n`);
  }

  #erase(): void {
    if (this.#lines > 0) this.#io.stdout.write(`\u001B[${this.#lines}A\u001B[0J`);
    this.#lines = 0;
  }

  #draw(): void {
    const steps = [...this.#steps.values()].toSorted((a, b) => a.seq - b.seq);
    const rows = steps.map((step, index) => this.#row(step, index === steps.length - 1));
    this.#erase();
    const lines = [inert(`${this.#run}  ${this.#status}`), ...rows];
    this.#io.stdout.write(`${lines.join("\n")}\n`);
    this.#lines = lines.length;
  }

  #row(step: StepLine, last: boolean): string {
    const { kind, name, status, attempt, since, until } = step;
    const mark = `\u001B[${colours[status] ?? 0}m${marks[status] ?? "?"}\u001B[0m`;
    const what = kind === "step" ? name : `${kind} ${name}`;
    const tries = attempt > 1 ? ` (attempt ${attempt})` : "";
    const took = until === undefined ? span(Math.max(0, Date.now() - since)) : until > since ? span(until - since) : "";
    const room = Math.max(20, this.#io.stdout.columns - 8);
    return `${last ? "└" : "├"} ${mark} ${inert(`${what}${tries}  ${took}${step.note}`).replaceAll("\n", " ").slice(0, room)}`;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#draw();
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function reason(value: unknown): string {
  return typeof value === "string" ? ` (${value})` : "";
}

function note(data: Readonly<Record<string, unknown>>): string {
  const { error } = data;
  if (typeof error !== "object" || error === null || !("message" in error)) return "";
  return `  ${text(error.message)}`;
}
