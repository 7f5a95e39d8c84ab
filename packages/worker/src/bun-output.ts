// What user code prints leaves the process as well: masked from the moment the first secret is known.
import { format } from "node:util";
import type { Redactor } from "./redactor.ts";

const methods = ["log", "info", "debug", "warn", "error", "trace"] as const;

/** Masks the console, both output streams, and the last words of a process that nothing caught. */
export function maskOutput(redactor: Redactor): void {
  redactor.onFirst(() => {
    for (const method of methods) {
      const print = console[method].bind(console);
      console[method] = (...args: unknown[]) => print(redactor.text(format(...args)));
    }
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
      stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) =>
        write(typeof chunk === "string" ? redactor.text(chunk) : redactor.bytes(chunk), ...rest);
    }
    process.on("uncaughtException", (error) => {
      console.error(error);
      process.exit(1);
    });
  });
}
