// What the room of clusters needs from outside: HTTP, files, processes and digests. The server binds them.

import type { Result } from "../kernel/result.ts";

/** How a cluster's server is reached. Certificates and keys are PEM. */
export interface Endpoint {
  /** Base URL without a trailing slash. */
  readonly server: string;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name that the server's certificate has to carry, where it is not that of the URL. */
  readonly serverName?: string | undefined;
  /** The server's certificate is not looked at. */
  readonly insecure: boolean;
  readonly proxyUrl?: string | undefined;
}

export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Aborted at the deadline of the request, or when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

export interface TransportAnswer {
  readonly status: number;
  /** Undefined where it is not there. */
  header(name: string): string | undefined;
  text(): Promise<string>;
  /** The body as it comes, in pieces of any size. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Sends a request; rejects when no answer came. */
export interface HttpTransport {
  send(endpoint: Endpoint, request: TransportRequest): Promise<TransportAnswer>;
}

export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without a shell. Rejects when it cannot be started. */
export interface ProcessRunner {
  run(p: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
  }): Promise<ProcessResult>;
}

/** Text files. Paths that are not absolute begin where the port was bound. */
export interface Files {
  /** Undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Names of what is in a folder, sorted; undefined where there is none. */
  list(path: string): Promise<readonly string[] | undefined>;
}

/** Files of a project or a checkout, which programs of the machine can be pointed at. */
export interface PlacedFiles extends Files {
  /** Where a file or folder is on the machine; undefined where there is none, or it leads out. */
  place(path: string): Promise<string | undefined>;
}

/** A revision of a Git repository, fetched for as long as it is looked at. */
export interface Checkout {
  readonly files: PlacedFiles;
  readonly commit: string;
  close(): Promise<void>;
}

export interface Checkouts {
  /** `ref` is a branch, a tag or a commit; the repository's own without one. */
  open(p: {
    readonly url: string;
    readonly ref: string | undefined;
    readonly timeoutMs: number;
  }): Promise<Result<Checkout>>;
}

/** Lower-case hex of the SHA-256 of a text. */
export type Sha256 = (text: string) => string;
