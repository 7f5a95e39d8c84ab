// What a runtime offers to worker code, in one shape: the same program is native on Bun, Node and Deno.

import type { CryptoProvider } from "./crypto.ts";
import type { FfiProvider } from "./ffi.ts";
import type { FsProvider } from "./fs.ts";
import type { HttpProvider } from "./http.ts";
import type { ProcessProvider } from "./process.ts";
import type { ShellProvider } from "./shell/shell.ts";
import type { SqliteProvider } from "./sqlite.ts";
import type { TransportProvider } from "./transport/transport.ts";

/** Runtimes that workers are written for. There are providers for the first three; Python has a package of its own. */
export const runtimeNames = ["bun", "node", "deno", "python"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

/** What a runtime has built in. What is false is either done by a package, or its provider is absent. */
export interface RuntimeCapabilities {
  /** SQLite without a package. Without it the provider is there, by a package. */
  readonly nativeSqlite: boolean;
  /** A server of web requests with WebSockets without a package. Without it the provider is there, by a package. */
  readonly nativeHttp: boolean;
  /** A shell of the runtime's own. Without it commands are still run, each as a list of arguments. */
  readonly nativeShell: boolean;
  /** Calls into shared libraries. Without it `ffi` is absent. */
  readonly nativeFfi: boolean;
  readonly nativeBundler: boolean;
  /** New code in a process that goes on. */
  readonly hotReload: boolean;
  readonly sharedArrayBuffer: boolean;
  readonly webStreams: boolean;
  /** Terminals for child processes. Without it `process.spawnPty` is absent. */
  readonly pty: boolean;
}

export interface RuntimeProvider {
  readonly name: RuntimeName;
  /** As the runtime itself gives it, without a leading `v`. */
  readonly version: string;
  readonly capabilities: RuntimeCapabilities;
  readonly fs: FsProvider;
  readonly process: ProcessProvider;
  readonly http: HttpProvider;
  readonly crypto: CryptoProvider;
  readonly sqlite: SqliteProvider;
  readonly shell: ShellProvider;
  /** Absent on Node. */
  readonly ffi?: FfiProvider;
  readonly transports: TransportProvider;
}
