// The console's stylesheet: Tailwind looks through the sources for the classes they use and makes just those.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, optimize } from "@tailwindcss/node";
import { Scanner } from "@tailwindcss/oxide";

/** Minified CSS for the sources of the package at `home`. */
export async function buildCss(home: string): Promise<string> {
  const base = join(home, "src");
  const compiler = await compile(readFileSync(join(base, "styles.css"), "utf8"), { base, onDependency: () => {} });
  const scanner = new Scanner({ sources: [{ base, pattern: "**/*.{ts,tsx}", negated: false }] });
  return optimize(compiler.build(scanner.scan()), { minify: true }).code;
}
