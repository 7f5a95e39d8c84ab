// Which workflows exist, in which version of the code, and which workers can execute them.
import type { WorkflowManifest } from "@sluice/protocol";
import type { TaskWorker } from "./tasks/offer.ts";
import type { WorkerLink } from "./worker-link.ts";

/** A worker that said what it can execute. */
export interface DeployedWorker {
  readonly link: WorkerLink;
  readonly version: string;
  readonly workflows: ReadonlyMap<string, WorkflowManifest>;
  /** Takes only runs that are suspected of having crashed a worker. */
  readonly quarantine: boolean;
  /** On another machine. */
  readonly remote: boolean;
  /** What it takes at once, next to others of its version. */
  readonly slots: number;
}

/** What a worker is once it has said what it can execute. */
export function deployedOf(
  worker: TaskWorker,
  { version, workflows }: { readonly version: string; readonly workflows: readonly WorkflowManifest[] },
): DeployedWorker {
  return {
    link: worker.link,
    version,
    workflows: new Map(workflows.map((manifest) => [manifest.name, manifest])),
    quarantine: worker.leaving,
    remote: worker.remote,
    slots: Math.max(1, worker.offer.slots),
  };
}

/** A workflow as it is now. */
export interface CurrentWorkflow {
  readonly manifest: WorkflowManifest;
  readonly version: string;
}

export class Deployments {
  readonly #workers = new Map<string, DeployedWorker>();
  #current: ReadonlyMap<string, CurrentWorkflow> = new Map();
  #version = "";
  readonly #builtIn = new Map<string, CurrentWorkflow>();
  readonly #runsOn: (worker: string) => number;
  /** Whether a worker is kept for a run: it gets others only where nobody else can take them. */
  keeps: (worker: string) => boolean = () => false;

  /** `runsOn`: how many runs a worker has. */
  constructor(runsOn: (worker: string) => number = () => 0) {
    this.#runsOn = runsOn;
  }

  add(worker: DeployedWorker): void {
    this.#workers.set(worker.link.id, worker);
  }

  remove(id: string): void {
    this.#workers.delete(id);
  }

  get(id: string): DeployedWorker | undefined {
    return this.#workers.get(id);
  }

  get workers(): readonly DeployedWorker[] {
    return [...this.#workers.values()];
  }

  /** Makes one version of the code the one that new runs get. */
  setCurrent(version: string, workflows: readonly WorkflowManifest[]): void {
    this.#version = version;
    this.#current = new Map(workflows.map((manifest) => [manifest.name, { manifest, version }]));
  }

  /** Adds workflows of the product itself. They stay whatever is deployed, and no deployed one takes the place of one. */
  addBuiltIn(version: string, workflows: readonly WorkflowManifest[]): void {
    for (const manifest of workflows) this.#builtIn.set(manifest.name, { manifest, version });
  }

  get version(): string {
    return this.#version;
  }

  get workflows(): readonly CurrentWorkflow[] {
    return [...this.#current.values()];
  }

  /** `version`: other code of the same workflow, which a worker may have. */
  workflow(name: string, version?: string): CurrentWorkflow | undefined {
    const known = this.#builtIn.get(name) ?? this.#current.get(name);
    return known === undefined || version === undefined ? known : { ...known, version };
  }

  /** A worker with exactly this version of the code; of several, the one with the least to do for its size. */
  withVersion(version: string, quarantine = false): DeployedWorker | undefined {
    let best: DeployedWorker | undefined;
    for (const worker of this.#workers.values()) {
      if (worker.version !== version || worker.quarantine !== quarantine) continue;
      if (best === undefined || this.#load(worker) < this.#load(best)) best = worker;
    }
    return best;
  }

  #load({ link, slots }: DeployedWorker): number {
    return this.keeps(link.id) ? Number.MAX_VALUE : this.#runsOn(link.id) / slots;
  }

  /** A worker that executes the current version of this workflow. */
  forCurrent(name: string): DeployedWorker | undefined {
    const current = this.workflow(name);
    return current === undefined ? undefined : this.withVersion(current.version);
  }
}
