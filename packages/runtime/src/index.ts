// One interface to Bun, Node and Deno for worker code: files, processes, HTTP, hashes, SQLite, commands, native code.
export { detectRuntime, loadRuntime } from "./detect.ts";
export { RuntimeFailure, runtimeErrorCodes } from "./failure.ts";
export type { RuntimeErrorCode } from "./failure.ts";
export { runtimeNames } from "./provider.ts";
export type { RuntimeCapabilities, RuntimeName, RuntimeProvider } from "./provider.ts";
export type {
  DirEntry,
  FileStat,
  FsProvider,
  FsWatcher,
  GlobOptions,
  LazyFile,
  WatchOptions,
  WriteOptions,
} from "./fs.ts";
export type {
  Child,
  ChildExit,
  ProcessProvider,
  PtyChild,
  PtyOptions,
  Signal,
  SpawnOptions,
  StdioKind,
  WorkerThread,
} from "./process.ts";
export type {
  FetchOptions,
  Handler,
  HttpHandlers,
  HttpProvider,
  HttpServer,
  Route,
  RouteCall,
  Routes,
  ServeOptions,
  ServerSocket,
  SocketHandlers,
} from "./http.ts";
export type { CryptoProvider, RunningHash } from "./crypto.ts";
export type {
  SqliteDatabase,
  SqliteOptions,
  SqliteProvider,
  SqliteRow,
  SqliteStatement,
  SqliteValue,
} from "./sqlite.ts";
export { quoted } from "./shell/words.ts";
export type { Insert } from "./shell/words.ts";
export type { CommandOptions, CommandResult, ShellProvider } from "./shell/shell.ts";
export type { GitPullOptions, RsyncOptions } from "./shell/tools.ts";
export type { FfiCall, FfiLibrary, FfiProvider, FfiSymbol, FfiType, MappedFile } from "./ffi.ts";
export type { TcpOptions, Transport, TransportProvider, WebSocketOptions } from "./transport/transport.ts";
export { memoryState } from "./state/memory.ts";
export { sqliteState } from "./state/sqlite.ts";
export type {
  Lock,
  LockOptions,
  Outcome,
  SetOptions,
  StateBackend,
  StateCapabilities,
  StateEntry,
  StateWorld,
} from "./state/state.ts";
