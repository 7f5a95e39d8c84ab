// The tasks that were asked for, with everything they depend on.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { plainTask, rootName } from "../workspace/package.ts";
import type { Package, TaskDefinition, Workspace } from "../workspace/package.ts";
import type { PackageGraph } from "./package-graph.ts";

export interface TaskNode {
  /** `package#task`. */
  readonly id: string;
  readonly task: string;
  readonly package: Package;
  readonly definition: TaskDefinition;
  /** Undefined where the package has no such script: it only hands on what it depends on. */
  readonly script: string | undefined;
  /** Ids, sorted. */
  readonly dependencies: readonly string[];
  /** It lasts for ever, and others wait until it is there: begun when one of them has to be executed, ended with the build. */
  readonly isService?: boolean | undefined;
}

/** What nothing is to be done for by itself: others do it, or need it. */
export function isPassed({ script, isService }: TaskNode): boolean {
  return script === undefined || isService === true;
}

export interface TaskGraph {
  /** In an order in which each comes after what it depends on. */
  readonly tasks: ReadonlyMap<string, TaskNode>;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
}

interface Request {
  /** Names, or `package#task`. */
  readonly tasks: readonly string[];
  /** Names of packages whose tasks are wanted. */
  readonly packages: ReadonlySet<string>;
  /** Without what they depend on. */
  readonly only?: boolean | undefined;
}

/** Text of what a task does; undefined where it does nothing itself. */
function scriptOf(pkg: Package, task: string, definition: TaskDefinition): string | undefined {
  return definition.command?.text ?? pkg.scripts[definition.script ?? task];
}

function idsOf(packageGraph: PackageGraph, pkg: Package, dependsOn: readonly string[]): readonly string[] {
  return dependsOn.flatMap((each) => {
    if (each.startsWith("^"))
      return (packageGraph.dependencies.get(pkg.name) ?? []).map((name) => `${name}#${each.slice(1)}`);
    return [each.includes("#") ? each : `${pkg.name}#${each}`];
  });
}

class Builder {
  readonly #workspace: Workspace;
  readonly #packages: PackageGraph;
  readonly nodes = new Map<string, TaskNode>();
  readonly missing: string[] = [];

  constructor(workspace: Workspace, packages: PackageGraph) {
    this.#workspace = workspace;
    this.#packages = packages;
  }

  /** False where there is no such package, or neither script nor rule. */
  has(id: string): boolean {
    const [pkg, task] = this.#split(id);
    if (pkg === undefined) return false;
    return pkg.scripts[task] !== undefined || this.#workspace.rules.definitionOf(pkg, task) !== undefined;
  }

  /** Whether a package has a part in a task that was asked for by its bare name. */
  isMeant(id: string): boolean {
    const [pkg, task] = this.#split(id);
    if (pkg === undefined) return false;
    // A root that has a script of this name is most often the one that begins the build: a rule of its own says that it takes part.
    const isStarter = pkg.name === rootName && this.#workspace.isMonorepo;
    return (
      this.#workspace.rules.definitionOf(pkg, task) !== undefined || (!isStarter && pkg.scripts[task] !== undefined)
    );
  }

  #split(id: string): readonly [Package | undefined, string] {
    const at = id.lastIndexOf("#");
    return [this.#packages.packages.get(id.slice(0, at)), id.slice(at + 1)];
  }

  add(first: string, only: boolean): void {
    const open = [first];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.nodes.has(id)) continue;
      const [pkg, task] = this.#split(id);
      if (pkg === undefined) continue;
      const definition = this.#workspace.rules.definitionOf(pkg, task) ?? plainTask;
      const asked = idsOf(this.#packages, pkg, definition.dependsOn);
      for (const other of asked)
        if (this.#split(other)[0] === undefined)
          this.missing.push(`${id} depends on ${other}, and there is no such package.`);
      const dependencies = only
        ? []
        : [...new Set(asked.filter((other) => other !== id && this.#split(other)[0] !== undefined))].toSorted();
      this.nodes.set(id, { id, task, package: pkg, definition, script: scriptOf(pkg, task, definition), dependencies });
      if (only) continue;
      open.push(...dependencies, ...idsOf(this.#packages, pkg, definition.with).filter((other) => this.has(other)));
    }
  }
}

/** A way around, as ids in order, the first one again at the end. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of edges.keys()) {
    const path: { readonly id: string; next: number }[] = done.has(start) ? [] : [{ id: start, next: 0 }];
    const on = new Set(path.map(({ id }) => id));
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = edges.get(top.id)?.[top.next++];
      if (next === undefined) {
        done.add(top.id);
        on.delete(top.id);
        path.pop();
      } else if (on.has(next)) {
        const ids = path.map(({ id }) => id);
        return [...ids.slice(ids.indexOf(next)), next];
      } else if (!done.has(next) && edges.has(next)) {
        path.push({ id: next, next: 0 });
        on.add(next);
      }
    }
  }
  return undefined;
}

/** Each after what it depends on; among those that could come, by id. */
function ordered(nodes: ReadonlyMap<string, TaskNode>): Map<string, TaskNode> {
  const result = new Map<string, TaskNode>();
  const visit = (first: string): void => {
    const path = [{ id: first, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const node = nodes.get(top.id);
      const next = node?.dependencies[top.next++];
      if (next !== undefined) {
        if (!result.has(next) && nodes.has(next)) path.push({ id: next, next: 0 });
        continue;
      }
      if (node !== undefined) result.set(node.id, node);
      path.pop();
    }
  };
  for (const id of [...nodes.keys()].toSorted()) if (!result.has(id)) visit(id);
  return result;
}

/** Fails where a task is nowhere, a dependency's package is not there, or tasks wait for each other. */
export function taskGraph(workspace: Workspace, packages: PackageGraph, request: Request): Result<TaskGraph> {
  const builder = new Builder(workspace, packages);
  for (const task of request.tasks) {
    const isKnown = task.includes("#") ? builder.has(task) : isNamed(workspace, task);
    if (!isKnown) return fail(noTask(workspace, task));
    const inEach = [...request.packages].map((name) => `${name}#${task}`).filter((id) => builder.isMeant(id));
    for (const id of task.includes("#") ? [task] : inEach) builder.add(id, request.only === true);
  }
  if (builder.missing[0] !== undefined) return fail({ code: "invalid_config", message: builder.missing[0] });
  const cycle = findCycle(new Map([...builder.nodes.values()].map(({ id, dependencies }) => [id, dependencies])));
  if (cycle !== undefined) {
    return fail({
      code: "invalid_config",
      message: `Tasks wait for each other: ${cycle.join(" → ")}.`,
      hint: "Take one of these out of dependsOn, or out of the dependencies of its package.",
    });
  }
  const inOrder = ordered(builder.nodes);
  const dependents = new Map<string, string[]>([...inOrder.keys()].map((id) => [id, []]));
  for (const { id, dependencies } of inOrder.values())
    for (const other of dependencies) dependents.get(other)?.push(id);
  const tasks = new Map([...inOrder].map(([id, node]) => [id, asService(node, dependents.get(id) ?? [])]));
  for (const node of tasks.values()) {
    const waits = node.dependencies.find((other) => {
      const { definition, script, isService } = tasks.get(other) ?? {};
      return definition?.persistent === true && script !== undefined && isService !== true;
    });
    if (waits !== undefined)
      return fail({
        code: "invalid_config",
        message: `${node.id} depends on ${waits}, which is persistent and never ends.`,
        hint: 'Start it along with the other: "with". Or say in sluice.config.ts when it is there: "readyWhen".',
      });
  }
  return ok({ tasks, dependents });
}

function asService(node: TaskNode, dependents: readonly string[]): TaskNode {
  const { persistent, readyWhen } = node.definition;
  const isService = persistent && readyWhen !== undefined && node.script !== undefined && dependents.length > 0;
  return isService ? { ...node, isService } : node;
}

function isNamed(workspace: Workspace, task: string): boolean {
  return (
    workspace.rules.names.has(task) || [...workspace.packages.values()].some((pkg) => pkg.scripts[task] !== undefined)
  );
}

function noTask(
  workspace: Workspace,
  task: string,
): { readonly code: "invalid_config"; readonly message: string; readonly hint: string } {
  const names = new Set([
    ...workspace.rules.names,
    ...[...workspace.packages.values()].flatMap((pkg) => Object.keys(pkg.scripts)),
  ]);
  const known = [...names].toSorted().slice(0, 20).join(", ");
  return {
    code: "invalid_config",
    message: `There is no task ${task}: no script and no rule has this name.`,
    hint: known === "" ? "Add a script to a package.json." : `There are ${known}.`,
  };
}
