// The part of Deno's own interface that is used here, so that it can be checked wherever the rest is. The contract suite runs
// against the real one.

interface DenoFileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  readonly size: number;
  readonly mtime: Date | null;
  readonly mode: number | null;
}

interface DenoFile {
  read(into: Uint8Array): Promise<number | null>;
  seek(offset: number, whence: 0 | 1 | 2): Promise<number>;
  stat(): Promise<DenoFileInfo>;
  write(bytes: Uint8Array): Promise<number>;
  sync(): Promise<void>;
  close(): void;
}

export interface DenoConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(on: boolean): void;
}

interface DenoChild {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
}

type DenoStdio = "piped" | "inherit" | "null";

interface DenoCommandOptions {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly clearEnv: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: DenoStdio;
  readonly stdout: DenoStdio;
  readonly stderr: DenoStdio;
  readonly detached: boolean;
}

interface DenoHttpServer {
  readonly addr: { readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

export interface DenoSocket extends Omit<WebSocket, "send"> {
  send(data: string | Uint8Array): void;
}

export interface DenoApi {
  readonly version: { readonly deno: string };
  readonly pid: number;
  readonly ppid: number;
  readonly build: { readonly os: string };
  readFile(path: string): Promise<Uint8Array>;
  readTextFile(path: string): Promise<string>;
  open(
    path: string,
    options?: { read?: boolean; write?: boolean; createNew?: boolean; mode?: number },
  ): Promise<DenoFile>;
  rename(from: string, to: string): Promise<void>;
  readDir(path: string): AsyncIterable<DenoFileInfo & { readonly name: string }>;
  mkdir(path: string, options: { recursive: boolean }): Promise<void>;
  remove(path: string, options?: { recursive?: boolean }): Promise<void>;
  stat(path: string): Promise<DenoFileInfo>;
  lstat(path: string): Promise<DenoFileInfo>;
  realPath(path: string): Promise<string>;
  copyFile(from: string, to: string): Promise<void>;
  link(existing: string, path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  makeTempDir(options: { prefix: string }): Promise<string>;
  watchFs(
    path: string,
    options: { recursive: boolean },
  ): AsyncIterable<{ readonly paths: readonly string[] }> & { close(): void };
  readonly Command: new (command: string, options: DenoCommandOptions) => { spawn(): DenoChild };
  kill(pid: number, signal: string): void;
  serve(
    options: { port: number; hostname: string; onListen: () => void },
    handler: (request: Request) => Response | Promise<Response>,
  ): DenoHttpServer;
  upgradeWebSocket(request: Request): { readonly socket: DenoSocket; readonly response: Response };
  connect(options: { hostname: string; port: number }): Promise<DenoConn>;
  startTls(
    conn: DenoConn,
    options: { hostname: string; caCerts?: readonly string[] },
  ): Promise<DenoConn & { handshake(): Promise<unknown> }>;
  dlopen(
    path: string,
    symbols: Readonly<Record<string, { readonly parameters: readonly string[]; readonly result: string }>>,
  ): { readonly symbols: Readonly<Record<string, (...args: unknown[]) => unknown>>; close(): void };
}

/** Deno's interface. Called only where this program runs on Deno. */
export function denoApi(): DenoApi {
  return (globalThis as unknown as { readonly Deno: DenoApi }).Deno;
}
