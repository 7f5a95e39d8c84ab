// Which files a build's outputs name: paths with `*` and `?` within a folder, `**` for any folders, and a folder for all that is in it.

const special = /[\\^$.|+()[\]{}]/g;

/** Whether one of the patterns fits a path with forward slashes; one that begins with `!` takes out what those before it took in. */
export function outputsMatch(patterns: readonly string[], path: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    const out = pattern.startsWith("!");
    if (found === out && expressionOf(out ? pattern.slice(1) : pattern).test(path)) found = !out;
  }
  return found;
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.replace(/^\.\//, "").replace(/\/+$/, "").split("/");
  let text = "^";
  for (const [at, part] of parts.entries()) {
    const last = at === parts.length - 1;
    if (part === "**") text += last ? ".*" : "(?:[^/]+/)*";
    else text += part.replace(special, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]") + (last ? "" : "/");
  }
  // A folder stands for everything in it.
  return new RegExp(parts.at(-1) === "**" ? `${text}$` : `${text}(?:/.*)?$`);
}
