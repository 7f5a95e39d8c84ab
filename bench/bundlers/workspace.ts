// A project to bundle: as many modules as wanted, each imported by one before it and importing a few, with a little code of its own.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Imports of a module, unless there are no more. */
const fan = 5;
const modulesPerFolder = 100;

/** Writes `main.js` and what it imports: `count` modules in all. */
export function writeProject(root: string, count: number): void {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), `{ "name": "bundled", "private": true, "type": "module" }\n`);
  for (let index = 0; index < count; index++) {
    const path = join(root, pathOf(index));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(index, count));
  }
}

function pathOf(index: number): string {
  return index === 0 ? "main.js" : `src/part-${Math.floor(index / modulesPerFolder)}/module-${index}.js`;
}

function textOf(index: number, count: number): string {
  const from = index * fan + 1;
  const children = Array.from({ length: Math.max(0, Math.min(fan, count - from)) }, (_, at) => from + at);
  const up = index === 0 ? "./" : "../../";
  return `${children.map((child) => `import { value${child} } from "${up}${pathOf(child)}";\n`).join("")}
const table${index} = new Map([["first", ${index}], ["second", ${index + 1}], ["third", "entry ${index}"]]);

export function value${index}(depth) {
  if (depth <= 0) return ${index};
  let total = 0;
  for (const [name, entry] of table${index}) {
    if (typeof entry === "number") total += entry * name.length;
    else total += entry.charCodeAt(depth % entry.length);
  }
  return total${children.map((child) => ` + value${child}(depth - 1)`).join("")};
}
${index === 0 ? "\nconsole.log(value0(12));\n" : ""}`;
}
