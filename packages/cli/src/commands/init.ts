// `sluice init`: a first project that runs as it is.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { failed } from "../io.ts";
import type { Io } from "../io.ts";
import { show } from "./client-command.ts";

const workflowFile = `// A durable workflow: each step's result is kept, so that a crash repeats nothing that has happened.
import { workflow } from "sluice";

interface Greeting {
  readonly name: string;
}

export const hello = workflow({ name: "hello" }, async (ctx, input: Greeting) => {
  const greeting = await ctx.step("greet", () => \`Hello, \${input.name}!\`);
  await ctx.sleep("think", "2 seconds");
  return await ctx.step("shout", () => greeting.toUpperCase());
});
`;

const tsconfig = {
  compilerOptions: {
    target: "esnext",
    module: "preserve",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
  },
  include: ["workflows", "*.config.ts"],
};

export function addInitCommand(program: Command, io: Io): void {
  program
    .command("init")
    .description("Make a project with a first workflow")
    .argument("<dir>", "folder; made when it is missing")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice init shop && cd shop && npx sluice dev\n")
    .action((dir: string, flags: { readonly json?: boolean }) => {
      const project = resolve(io.cwd, dir);
      const files = filesOf(basename(project));
      if (existsSync(join(project, "workflows")) && readdirSync(join(project, "workflows")).length > 0) {
        throw failed({ code: "conflict", message: `${project} has workflows already.`, hint: "Name another folder." });
      }
      mkdirSync(join(project, "workflows"), { recursive: true });
      const made = Object.entries(files).filter(([name]) => !existsSync(join(project, name)));
      for (const [name, text] of made) writeFileSync(join(project, name), text);
      const names = made.map(([name]) => name);
      const to = relative(io.cwd, project);
      show(io, flags, {
        json: { project, files: names },
        text: () => [
          `Made ${names.join(", ")}.`,
          "Next:",
          ...(to === "" ? [] : [`  cd ${to}`]),
          "  npx sluice dev",
          `  npx sluice run hello --input '{"name":"Ada"}' --watch`,
        ],
      });
    });
}

function filesOf(name: string): Readonly<Record<string, string>> {
  const manifest = { name: name.toLowerCase().replace(/[^a-z0-9._-]+/g, "-"), private: true, type: "module" };
  return {
    "workflows/hello.ts": workflowFile,
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify(tsconfig, null, 2)}\n`,
    ".gitignore": ".sluice\nnode_modules\n",
  };
}
