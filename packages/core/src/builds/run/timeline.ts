// When each task ran: for a summary, and for viewers of Chrome's traces.
import type { TaskOutcome } from "./outcome.ts";

interface Span {
  readonly startMs: number;
  endMs: number;
}

export class Timeline {
  readonly #now: () => number;
  readonly #spans = new Map<string, Span>();

  /** `now`: milliseconds since the build began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  started(id: string): void {
    this.#spans.set(id, { startMs: this.#now(), endMs: this.#now() });
  }

  ended(id: string): void {
    const span = this.#spans.get(id);
    if (span !== undefined) span.endMs = this.#now();
  }

  /** Lanes in which no two tasks overlap; the fewest that do. Format: https://chromium.googlesource.com/catapult/+/HEAD/tracing/README.md */
  trace(): object {
    const lanes: number[] = [];
    const spans = [...this.#spans].toSorted(([, a], [, b]) => a.startMs - b.startMs);
    const traceEvents = spans.map(([name, { startMs, endMs }]) => {
      const free = lanes.findIndex((until) => until <= startMs);
      const lane = free === -1 ? lanes.length : free;
      lanes[lane] = endMs;
      return {
        name,
        cat: "task",
        ph: "X",
        ts: Math.round(startMs * 1000),
        dur: Math.round((endMs - startMs) * 1000),
        pid: 1,
        tid: lane + 1,
      };
    });
    return { displayTimeUnit: "ms", traceEvents };
  }

  /** Of the build as a whole. Times are milliseconds since it began. */
  summary(p: {
    readonly id: string;
    readonly status: string;
    readonly command: string;
    readonly elapsedMs: number;
    readonly tasks: readonly TaskOutcome[];
  }): object {
    const count = (test: (task: TaskOutcome) => boolean): number => p.tasks.filter(test).length;
    return {
      id: p.id,
      version: "1",
      execution: {
        command: p.command,
        status: p.status,
        attempted: count(({ status }) => status !== "skipped"),
        cached: count(({ cache }) => cache === "hit"),
        failed: count(({ status }) => status === "failed"),
        success: count(({ status }) => status === "completed"),
        elapsedMs: p.elapsedMs,
      },
      tasks: p.tasks.map((task) => ({
        ...task,
        startMs: this.#spans.get(task.id)?.startMs ?? null,
        endMs: this.#spans.get(task.id)?.endMs ?? null,
      })),
    };
  }
}
