// In which order components come up: each after those it stands on.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";

export interface Ordered {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/**
 * The wanted components and all that they stand on, each behind what it stands on; all of them without `wanted`. Refused as
 * `component_not_found` and, where some stand on each other in a circle, as `invalid_component`.
 */
export function bootstrapOrder(
  all: readonly Ordered[],
  wanted: readonly string[] | undefined,
): Result<readonly Ordered[]> {
  const known = new Map(all.map((each) => [each.name, each]));
  const order: Ordered[] = [];
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): Result<null> => {
    if (done.has(name)) return ok(null);
    const component = known.get(name);
    if (component === undefined) return fail(missing(name, way.at(-1)));
    if (way.includes(name)) return fail(circle([...way.slice(way.indexOf(name)), name]));
    for (const each of component.dependsOn) {
      const visited = visit(each, [...way, name]);
      if (!visited.ok) return visited;
    }
    done.add(name);
    order.push({ name, dependsOn: [...component.dependsOn] });
    return ok(null);
  };
  for (const name of wanted ?? known.keys()) {
    const visited = visit(name, []);
    if (!visited.ok) return visited;
  }
  return ok(order);
}

function missing(name: string, by: string | undefined): Parameters<typeof fail>[0] {
  return {
    code: "component_not_found",
    message: `There is no component ${JSON.stringify(name)}${by === undefined ? "" : `, on which ${by} stands`}.`,
    hint: "sluice cluster component list shows what there is.",
  };
}

function circle(names: readonly string[]): Parameters<typeof fail>[0] {
  return {
    code: "invalid_component",
    message: `Components stand on each other in a circle: ${names.join(", ")}.`,
    hint: "Take one name out of a dependsOn.",
  };
}
