// The line at the end of a terminal while a build runs: how far it is, what is being done, and how long it will take by what
// each task took before.
import { inert } from "../io.ts";
import type { Io } from "../io.ts";

interface Node {
  readonly id: string;
  readonly script: string | undefined;
  readonly dependencies: readonly string[];
  readonly definition: { readonly persistent: boolean };
}

interface Plan {
  readonly graph: { readonly tasks: ReadonlyMap<string, Node> };
  readonly records: { durations(): ReadonlyMap<string, number> };
}

/** Of a terminal that does not say how wide it is. */
const columnsUsual = 80;
const clearLine = "\r\u001b[2K";
const redrawMs = 100;

/** Milliseconds as people say them. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export class Progress {
  readonly #now: () => number;
  readonly #lanes: number;
  #nodes: ReadonlyMap<string, Node> = new Map();
  #durations: ReadonlyMap<string, number> = new Map();
  readonly #startedMs = new Map<string, number>();
  readonly #done = new Set<string>();

  /** `now`: milliseconds since any moment. `lanes`: tasks at once. */
  constructor(now: () => number, lanes: number) {
    this.#now = now;
    this.#lanes = lanes;
  }

  planned({ graph, records }: Plan): void {
    this.#nodes = graph.tasks;
    this.#durations = records.durations();
  }

  started(id: string): void {
    this.#startedMs.set(id, this.#now());
  }

  ended(id: string): void {
    this.#done.add(id);
  }

  /** The way through all that is left, and all that is left shared among lanes: the longer of both. Undefined where some task was never seen. */
  leftMs(): number | undefined {
    const now = this.#now();
    const pathMs = new Map<string, number>();
    let sumMs = 0;
    for (const { id, script, dependencies, definition } of this.#nodes.values()) {
      const before = Math.max(0, ...dependencies.map((other) => pathMs.get(other) ?? 0));
      if (this.#done.has(id) || script === undefined || definition.persistent) {
        pathMs.set(id, before);
        continue;
      }
      const usualMs = this.#durations.get(id);
      if (usualMs === undefined) return undefined;
      const startedMs = this.#startedMs.get(id);
      const ownMs = startedMs === undefined ? usualMs : Math.max(0, usualMs - (now - startedMs));
      sumMs += ownMs;
      pathMs.set(id, before + ownMs);
    }
    return Math.max(sumMs / this.#lanes, 0, ...pathMs.values());
  }

  /** Empty where nothing is being done. */
  line(columns: number): string {
    const real = [...this.#nodes.values()].filter(({ script }) => script !== undefined);
    const running = [...this.#startedMs.keys()].filter((id) => !this.#done.has(id));
    if (running.length === 0) return "";
    const done = real.filter(({ id }) => this.#done.has(id)).length;
    const leftMs = this.leftMs();
    const left = leftMs === undefined ? "" : ` · about ${durationText(leftMs)} left`;
    const head = `[${done}/${real.length}]${left} · `;
    return inert(`${head}${running.join(", ")}`).slice(0, (columns > 0 ? columns : columnsUsual) - 1);
  }
}

/** Keeps the line below all that is printed. `end` takes it away. */
export function withProgress(
  io: Io,
  progress: Progress,
): { readonly io: Io; readonly draw: () => void; readonly end: () => void } {
  const draw = (): void => {
    const line = progress.line(io.stdout.columns);
    io.stdout.write(line === "" ? clearLine : `${clearLine}${line}`);
  };
  const over = (write: () => void): void => {
    io.stdout.write(clearLine);
    write();
    draw();
  };
  const timer = setInterval(draw, redrawMs);
  const shown: Io = {
    ...io,
    print: (line) => over(() => io.print(line)),
    complain: (line) => over(() => io.complain(line)),
    get stdout() {
      const { isTTY, columns } = io.stdout;
      return { isTTY, columns, write: (text: string) => over(() => io.stdout.write(text)) };
    },
  };
  return {
    io: shown,
    draw,
    end() {
      clearInterval(timer);
      io.stdout.write(clearLine);
    },
  };
}
