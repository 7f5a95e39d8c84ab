// Which calls of a workflow its tests have made, and which of their outcomes: in text, and as lcov for the tools that read it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Step, Workflow } from "@sluice/sdk";
import { coverageText } from "./coverage-text.ts";
import { lcovText } from "./coverage-lcov.ts";
import { scanCalls } from "./scan-calls.ts";

/** One outcome of a call that could have had another. */
export interface CoveredBranch {
  readonly name: string;
  readonly hits: number;
}

/** One call of a workflow: a step, a wait, a child. */
export interface CoveredCall {
  readonly kind: string;
  readonly name: string;
  /** Line of the source file, from 1, where one was given. */
  readonly line: number | undefined;
  readonly hits: number;
  readonly branches: readonly CoveredBranch[];
}

export interface CoveredWorkflow {
  readonly workflow: string;
  readonly runs: number;
  readonly calls: readonly CoveredCall[];
}

interface Share {
  readonly covered: number;
  readonly total: number;
}

export interface CoverageReport {
  readonly workflows: readonly CoveredWorkflow[];
  readonly steps: Share;
  readonly branches: Share;
  /** For people. */
  text(): string;
  /** A tracefile of lcov, as `geninfo` describes it. Throws without a source file: its lines are what it is about. */
  lcov(): string;
}

export interface CoverageOptions {
  /** File the workflows are defined in, as a path or `import.meta.url`: lines come from it. */
  readonly source?: string | URL;
  /** Names of steps that the workflows are known to have besides those their functions spell out. */
  readonly steps?: readonly string[];
}

interface Seen {
  readonly kind: string;
  readonly name: string;
  hits: number;
  readonly branches: Map<string, number>;
}

/** Collects what tests have covered: pass one to each `testWorkflow` of a file, and report at the end. */
export class Coverage {
  readonly #options: CoverageOptions;
  readonly #workflows = new Map<string, { runs: number; readonly seen: Map<string, Seen> }>();

  constructor(options: CoverageOptions = {}) {
    this.#options = options;
  }

  /** Expects the calls that a workflow's function spells out. */
  expect(workflow: Workflow): void {
    const { seen } = this.#of(workflow.name);
    for (const { kind, name, branches } of scanCalls(sourceOf(workflow))) note(seen, { kind, name }, branches);
    for (const name of this.#options.steps ?? []) note(seen, { kind: "step", name }, []);
  }

  /** Adds what a run has done. */
  add(workflow: string, journal: readonly Step[], races: ReadonlyMap<number, readonly string[]>): void {
    const known = this.#of(workflow);
    known.runs++;
    for (const step of journal) {
      if (step.seq < 0 || step.kind === "unlock") continue;
      const call = note(known.seen, step, [...possible(step), ...(races.get(step.seq) ?? [])]);
      call.hits++;
      const outcome = outcomeOf(step);
      if (outcome !== undefined) call.branches.set(outcome, (call.branches.get(outcome) ?? 0) + 1);
    }
  }

  /** Forgets what was covered; what is expected stays. */
  reset(): void {
    for (const known of this.#workflows.values()) {
      known.runs = 0;
      for (const call of known.seen.values()) {
        call.hits = 0;
        for (const name of call.branches.keys()) call.branches.set(name, 0);
      }
    }
  }

  #of(workflow: string): { runs: number; readonly seen: Map<string, Seen> } {
    const known = this.#workflows.get(workflow) ?? { runs: 0, seen: new Map<string, Seen>() };
    this.#workflows.set(workflow, known);
    return known;
  }

  /** What has been covered so far. */
  report(): CoverageReport {
    const file = this.#file();
    const lines = file === undefined ? [] : scanCalls(readFileSync(file, "utf8"));
    const workflows = [...this.#workflows].map(([workflow, { runs, seen }]): CoveredWorkflow => {
      const calls = [...seen.values()].map(({ kind, name, hits, branches }): CoveredCall => {
        const line = lines.find((each) => each.kind === kind && each.fits(name))?.line;
        return {
          kind,
          name,
          line,
          hits,
          branches: [...branches].map(([each, count]) => ({ name: each, hits: count })),
        };
      });
      return { workflow, runs, calls };
    });
    const calls = workflows.flatMap((each) => each.calls);
    const branches = calls.flatMap((each) => each.branches);
    const share = (all: readonly { readonly hits: number }[]): Share => ({
      covered: all.filter((each) => each.hits > 0).length,
      total: all.length,
    });
    const report = { workflows, steps: share(calls), branches: share(branches) };
    return { ...report, text: () => coverageText(report), lcov: () => lcovText(report, file) };
  }

  #file(): string | undefined {
    const { source } = this.#options;
    if (source === undefined) return undefined;
    return source instanceof URL || source.startsWith("file:") ? fileURLToPath(source) : source;
  }
}

function sourceOf({ handler }: { readonly handler: unknown }): string {
  return String(handler);
}

function note(
  seen: Map<string, Seen>,
  { kind, name }: { readonly kind: string; readonly name: string },
  branches: readonly string[],
): Seen {
  const pattern = [...seen.values()].find(
    (each) => each.kind === kind && each.name.includes("${") && madeFrom(each.name, name),
  );
  const key = `${kind} ${pattern?.name ?? name}`;
  const call: Seen = seen.get(key) ?? { kind, name, hits: 0, branches: new Map() };
  seen.set(key, call);
  for (const branch of branches) if (!call.branches.has(branch)) call.branches.set(branch, 0);
  return call;
}

/** True for a name that a template such as `fetch ${page}` makes. */
function madeFrom(template: string, name: string): boolean {
  const parts = template.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`).test(name);
}

/** What could become of a call, where that is a decision: what a step throws is not. */
function possible({ kind, dueAt }: Step): readonly string[] {
  if (kind === "approval") return ["approved", "denied", ...(dueAt === null ? [] : ["timed out"])];
  const waits = kind === "event" || kind === "callback" || kind === "lock";
  return waits && dueAt !== null ? ["came", "timed out"] : [];
}

function outcomeOf(step: Step): string | undefined {
  const { kind, status, output } = step;
  if (kind === "race") return status === "completed" ? (output as { readonly winner: string }).winner : undefined;
  if (status === "failed" && kind !== "step") return kind === "call" ? undefined : "timed out";
  if (status !== "completed") return undefined;
  if (kind === "approval") return (output as { readonly approved: boolean }).approved ? "approved" : "denied";
  return possible(step).includes("came") ? "came" : undefined;
}
