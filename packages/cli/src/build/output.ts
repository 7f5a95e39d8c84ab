// What `sluice build` shows: what tasks write, each under its name, and what came of it all.
import { inert } from "../io.ts";
import type { Io } from "../io.ts";

export type LogMode = "full" | "new-only" | "errors-only" | "hash-only" | "none";

interface Node {
  readonly id: string;
  readonly task: string;
  readonly package: { readonly name: string };
  readonly definition: { readonly outputLogs: LogMode };
}

interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly cache: string;
  readonly durationMs: number;
  readonly why: string | null;
  readonly attempts?: number;
}

interface Plan {
  readonly graph: { readonly tasks: ReadonlyMap<string, Node> };
}

interface Clockwork {
  started(id: string): void;
  ended(id: string): void;
}

interface OutputOptions {
  /** Lines as they come, each with the name of its task. */
  readonly isStream: boolean;
  /** Stronger than what tasks say. */
  readonly logs: LogMode | undefined;
  /** Nothing but what is wrong. */
  readonly isQuiet: boolean;
  readonly timeline: Clockwork;
}

// eslint-disable-next-line no-control-regex -- colours are made of them
const colours = /(\u001b\[[\d;:]*m)/;

/** Colours pass; whatever else a terminal acts on is shown. */
function shownText(text: string): string {
  return text
    .split(colours)
    .map((part, at) => (at % 2 === 1 ? part : inert(part)))
    .join("");
}

export class BuildOutput {
  readonly #io: Io;
  readonly #options: OutputOptions;
  readonly #written = new Map<string, Uint8Array[]>();
  readonly #decoders = new Map<string, { readonly decoder: TextDecoder; rest: string }>();
  readonly #replayed = new Set<string>();

  constructor(io: Io, options: OutputOptions) {
    this.#io = io;
    this.#options = options;
  }

  planned = ({ graph }: Plan): void => {
    if (this.#options.isQuiet) return;
    const count = new Set([...graph.tasks.values()].map((node) => node.package.name)).size;
    const packages = count === 1 ? "1 package" : `${count} packages`;
    this.#io.print(`${graph.tasks.size} ${graph.tasks.size === 1 ? "task" : "tasks"} in ${packages}`);
  };

  began = (run: string, isResumed: boolean): void => {
    if (!this.#options.isQuiet)
      this.#io.print(isResumed ? `This is run ${run}, which goes on.` : `This is run ${run}.`);
  };

  remark = (text: string): void => this.#io.complain(text);

  started = (node: Node): void => {
    this.#options.timeline.started(node.id);
    if (!this.#options.isQuiet && this.#options.isStream) this.#io.print(`${node.id}: begins`);
  };

  output = (node: Node, bytes: Uint8Array): void => {
    const pieces = this.#written.get(node.id) ?? [];
    pieces.push(bytes);
    this.#written.set(node.id, pieces);
    if (this.#options.isStream && this.#modeOf(node) !== "errors-only" && this.#isShown(node, "miss"))
      this.#stream(node, bytes);
  };

  replayed = (node: Node, log: Uint8Array): void => {
    this.#written.set(node.id, [log]);
    this.#replayed.add(node.id);
  };

  ended = (node: Node, outcome: Outcome): void => {
    this.#options.timeline.ended(node.id);
    const bytes = Buffer.concat(this.#written.get(node.id) ?? []);
    this.#written.delete(node.id);
    if (this.#options.isQuiet || (outcome.cache === "none" && outcome.status === "completed")) return;
    this.#flush(node);
    const isFailure = outcome.status === "failed";
    const mode = this.#modeOf(node);
    const isShown = isFailure ? mode !== "none" : this.#isShown(node, outcome.cache);
    const head = `${node.id}: ${headOf(outcome)}`;
    const isGitHub = this.#io.env["GITHUB_ACTIONS"] === "true";
    const text =
      isShown && (!this.#options.isStream || this.#replayed.has(node.id) || (isFailure && mode === "errors-only"))
        ? shownText(bytes.toString("utf8"))
        : "";
    if (isGitHub && text !== "") this.#io.stdout.write(`::group::${inert(head)}\n`);
    else if (mode !== "none") this.#io.print(head);
    if (text !== "") this.#io.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    if (isGitHub && text !== "") this.#io.stdout.write("::endgroup::\n");
    if (isGitHub && isFailure) this.#io.print(`::error title=${node.id}::${outcome.why ?? "failed"}`);
  };

  #modeOf(node: Node): LogMode {
    return this.#options.logs ?? node.definition.outputLogs;
  }

  #isShown(node: Node, cache: string): boolean {
    const mode = this.#modeOf(node);
    return !this.#options.isQuiet && (mode === "full" || (mode === "new-only" && cache !== "hit"));
  }

  #stream(node: Node, bytes: Uint8Array): void {
    const state = this.#decoders.get(node.id) ?? { decoder: new TextDecoder(), rest: "" };
    this.#decoders.set(node.id, state);
    const lines = (state.rest + state.decoder.decode(bytes, { stream: true })).split("\n");
    state.rest = lines.pop() ?? "";
    for (const line of lines) this.#io.stdout.write(`${inert(node.id)}: ${shownText(line)}\n`);
  }

  #flush(node: Node): void {
    const state = this.#decoders.get(node.id);
    if (state !== undefined && state.rest !== "")
      this.#io.stdout.write(`${inert(node.id)}: ${shownText(state.rest)}\n`);
    this.#decoders.delete(node.id);
  }

  finish({
    status,
    tasks,
    elapsedMs,
  }: {
    readonly status: string;
    readonly tasks: readonly Outcome[];
    readonly elapsedMs: number;
  }): void {
    const real = tasks.filter(({ cache, status: how }) => cache !== "none" || how !== "completed");
    const count = (test: (task: Outcome) => boolean): number => real.filter(test).length;
    const parts = [
      `${count(({ status: how }) => how === "completed")} of ${real.length} completed`,
      `${count(({ cache }) => cache === "hit")} from the cache`,
    ];
    for (const how of ["failed", "skipped", "cancelled"]) {
      const number = count((task) => task.status === how);
      if (number > 0) parts.push(`${number} ${how}`);
    }
    for (const { id, status: how, why } of real)
      if (how === "failed") this.#io.complain(`${id} failed: ${why ?? "it did not succeed"}`);
    this.#io.print(`Build ${status}: ${parts.join(", ")}, ${(elapsedMs / 1000).toFixed(2)} s`);
  }
}

function headOf({ status, cache, durationMs, why, attempts }: Outcome): string {
  const note = why === null ? "" : ` (${why})`;
  if (status === "completed" && cache === "hit") return "from the cache";
  if (status === "completed")
    return `done in ${durationMs} ms${attempts === undefined ? "" : `, the ${attempts}. time that it was tried`}${note}`;
  return `${status}${note}`;
}
