// The console's stylesheet: Tailwind looks through the sources for the classes they use and makes just those.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, optimize } from "@tailwindcss/node";
import { Scanner } from "@tailwindcss/oxide";

/** Minified CSS for the sources in these folders of the package at `home`. */
export async function buildCss(home: string, folders: readonly string[]): Promise<string> {
  const base = join(home, "src");
  const compiler = await compile(readFileSync(join(base, "styles.css"), "utf8"), { base, onDependency: () => {} });
  const looked = folders.map((folder) => ({ base: join(home, folder), pattern: "**/*.{ts,tsx}", negated: false }));
  const scanner = new Scanner({ sources: looked });
  return optimize(compiler.build(scanner.scan()), { minify: true }).code;
}
