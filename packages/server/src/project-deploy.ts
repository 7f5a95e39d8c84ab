// Brings a project's code into service: a worker loads it, the engine takes its workflows, and only then it is current.
// Whatever goes wrong on the way is kept for the API, and the version before goes on serving.
import { attempt } from "@sluice/core";
import type { Clock, Engine, Logger } from "@sluice/core";
import type { ErrorCode, WireError } from "@sluice/protocol";
import type { BuildResult, SourceProblem } from "./bundle-messages.ts";
import type { CodeStore } from "./bundle-store.ts";
import type { DeploymentState } from "./call.ts";
import type { CodeProblem } from "./supervisor-child.ts";
import type { Supervisor } from "./supervisor.ts";

export interface DeployerOptions {
  readonly engine: Engine;
  readonly supervisor: Supervisor;
  readonly code: CodeStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDeploy: "pin" | "move";
}

export class Deployer {
  readonly #options: DeployerOptions;
  #state: DeploymentState = { version: "", deployedAt: undefined };
  #last: Promise<void> = Promise.resolve();

  constructor(options: DeployerOptions) {
    this.#options = options;
  }

  get state(): DeploymentState {
    return this.#state;
  }

  /** Deploys what was built, after what is being deployed. Resolves to the error, when it could not be brought into service. */
  deploy(built: BuildResult): Promise<WireError | undefined> {
    const turn = this.#last.then(() => this.#deploy(built));
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /**
   * Brings back a version that served before, while `error` says why newer code does not; false when it cannot be loaded.
   */
  async restore(version: string, error = this.#state.error): Promise<boolean> {
    const file = await this.#options.code.file(version);
    if (file === undefined) return false;
    const failed = await this.deploy({ ok: true, version, file, workflows: [], elapsedMs: 0 });
    this.#state = { ...this.#state, ...(error === undefined ? {} : { error }) };
    return failed === undefined;
  }

  async #deploy(built: BuildResult): Promise<WireError | undefined> {
    const error = built.ok ? await this.#tryToBring(built.version) : errorOfProblems(built.problems);
    if (error === undefined) return undefined;
    this.#state = { version: this.#state.version, deployedAt: this.#state.deployedAt, error };
    this.#options.log("error", "the code was not deployed", { ...error });
    return error;
  }

  /** A full disk is a reason like every other. */
  async #tryToBring(version: string): Promise<WireError | undefined> {
    const brought = await attempt(() => this.#bring(version));
    return brought.ok ? brought.value : brought.error;
  }

  async #bring(version: string): Promise<WireError | undefined> {
    const { engine, supervisor, code, clock, log, onDeploy } = this.#options;
    if (version === this.#state.version) {
      this.#state = { version, deployedAt: this.#state.deployedAt };
      return undefined;
    }
    const [start] = await Promise.all([supervisor.load(version), code.keep(version)]);
    if (!start.ok) return errorOfCode(start.problem);
    const deployed = await engine.deploy(version, start.manifests);
    if (!deployed.ok) {
      await supervisor.discard(version);
      return deployed.error;
    }
    const first = this.#state.version === "";
    this.#state = { version, deployedAt: clock.now() };
    log("info", "code deployed", { version, workflows: start.manifests.map((manifest) => manifest.name) });
    const moved = supervisor.setCurrent(version, onDeploy === "move" && !first);
    moved.catch((error: unknown) => log("error", "the version before could not be stopped", { error: String(error) }));
    return undefined;
  }
}

/** `workflows/order.ts:3:5: message`, as far as the place is known. */
export function describeProblem({ file, line, column, message }: SourceProblem): string {
  if (file === undefined) return message;
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return `${place}: ${message}`;
}

/** Why a project could not be bundled. */
export function errorOfProblems(problems: readonly SourceProblem[]): WireError {
  return {
    code: "bundle_failed",
    message: problems.map(describeProblem).join("\n"),
    hint: "Mend what it names; a version that was deployed before goes on serving.",
    details: { problems },
  };
}

/** What to do about code that cannot be loaded, where the failure does not say it itself. */
const hints: Partial<Readonly<Record<ErrorCode, string>>> = {
  code_failed: "The code threw while it was loaded: mend it, or move what can fail into a step.",
  worker_failed: "The log has what the worker wrote; look for code that ends or blocks the process while it is loaded.",
};

/** Why a bundle could not be loaded. */
export function errorOfCode({ code, hint = hints[code], ...place }: CodeProblem): WireError {
  return {
    code,
    message: describeProblem(place),
    ...(hint === undefined ? {} : { hint }),
    details: { problems: [place] },
  };
}
