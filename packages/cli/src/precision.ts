// `sluice/precision`: the names of the plan that cluster operations came from, over the code that is there.
export { BunShellExecutor, executeBunShell } from "./precision/shell.ts";
export type { BunShellOptions, ShellResult } from "./precision/shell.ts";
