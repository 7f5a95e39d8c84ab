// The command line: `sluice COMMAND`, with its exit code.
import { toWire } from "@sluice/protocol";
import { CliError, exitCodes, inert, showError } from "./io.ts";
import type { Io } from "./io.ts";
import { plainOutput } from "./plain-output.ts";
import { plainFlags, serveRequest } from "./serve-flags.ts";

/** Standard streams as Node has them: they know of terminals, and are loaded where something asks for them. */
const io: Io = {
  env: process.env,
  cwd: process.cwd(),
  print: (line) => void process.stdout.write(`${inert(line)}\n`),
  complain: (line) => void process.stderr.write(`${inert(line)}\n`),
  get stdout() {
    return {
      isTTY: process.stdout.isTTY,
      columns: process.stdout.columns ?? 80,
      write: (text: string) => void process.stdout.write(text),
    };
  },
  readStdin: () => Bun.stdin.text(),
  get askSecret() {
    if (!process.stdin.isTTY) return undefined;
    return async (question: string) => (await import("./secret-input.ts")).askSecret(question);
  },
};

/** Whoever read the output has gone, as `| head` does: there is nobody left to tell anything, nor a reason to go on. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(exitCodes.failed);
  throw error;
}

/** A server is there for long: with nothing wrong in its arguments, it loads neither commands nor what they are made with. */
async function execute(argv: readonly string[]): Promise<void> {
  const [, , command, ...args] = argv;
  if (command === "up" || command === "dev") {
    const flags = plainFlags(command, args);
    if (flags !== undefined) {
      const request = serveRequest(io, command, flags);
      const { serve } = await import("./serve.ts");
      const write = plainOutput(Bun.stdout);
      await serve({ env: io.env, cwd: io.cwd, print: (line) => write(`${inert(line)}\n`) }, request);
      return;
    }
  }
  process.stdout.on("error", endWithoutReader);
  if (command === "build") {
    const { plainBuild } = await import("./build/plain-flags.ts");
    const plain = plainBuild(args);
    if (plain !== undefined) {
      const { execute: build } = await import("./build/execute.ts");
      await build(io, plain.tasks, plain.flags);
      return;
    }
  }
  const { makeProgram } = await import("./program.ts");
  await makeProgram(io).parseAsync(argv);
}

/** Exit code of what commander throws after it has said what is wrong, and after help and version. */
function commanderExit(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("exitCode" in error)) return undefined;
  const { code, exitCode } = error;
  return String(code).startsWith("commander.") && typeof exitCode === "number" ? exitCode : undefined;
}

async function main(): Promise<void> {
  const json = process.argv.includes("--json");
  try {
    await execute(process.argv);
  } catch (error) {
    const said = commanderExit(error);
    if (said !== undefined) {
      process.exitCode = said === 0 ? 0 : exitCodes.misused;
      return;
    }
    if (error instanceof CliError) {
      if (!error.shown) showError(io, error.wire, json);
      process.exitCode = error.exitCode;
      return;
    }
    const wire = toWire(error);
    if (wire.code === "internal") io.complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    else showError(io, wire, json);
    process.exitCode = exitCodes.failed;
  }
}

await main();
