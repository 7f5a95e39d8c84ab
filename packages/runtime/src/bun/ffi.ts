// Native code and mapped files on Bun.

import { cc, dlopen, FFIType } from "bun:ffi";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failureOf, guarded, RuntimeFailure } from "../failure.ts";
import type { FfiCall, FfiLibrary, FfiProvider, FfiSymbol, FfiType, MappedFile } from "../ffi.ts";
import { closing } from "../native-library.ts";
import { mapReadOnly } from "./read-only-map.ts";

const types: Readonly<Record<FfiType, FFIType>> = {
  void: FFIType.void,
  bool: FFIType.bool,
  i32: FFIType.i32,
  u32: FFIType.u32,
  i64: FFIType.i64,
  u64: FFIType.u64,
  f32: FFIType.f32,
  f64: FFIType.f64,
  buffer: FFIType.ptr,
};
const writableBits = 0o222;

function bunSymbols(symbols: Readonly<Record<string, FfiSymbol>>) {
  const entries = Object.entries(symbols).map(([name, { args, returns }]) => {
    return [name, { args: args.map((type) => types[type]), returns: types[returns] }] as const;
  });
  return Object.fromEntries(entries);
}

interface Loaded {
  readonly symbols: Readonly<Record<string, unknown>>;
  close(): void;
}

function library(open: () => Loaded, what: string): FfiLibrary {
  try {
    const loaded = open();
    return closing(loaded.symbols as Record<string, FfiCall>, () => loaded.close());
  } catch (error) {
    throw new RuntimeFailure("not_found", `${what}: ${failureOf(error, what).message}`, { cause: error });
  }
}

async function map(path: string): Promise<Uint8Array> {
  try {
    return Bun.mmap(path, { shared: false });
  } catch (error) {
    if (failureOf(error, path).code !== "permission_denied") throw error;
    return mapReadOnly(path);
  }
}

async function mmapRead(path: string): Promise<MappedFile> {
  const { mode, size } = await stat(path);
  if ((mode & writableBits) !== 0)
    throw new RuntimeFailure(
      "permission_denied",
      `mapping ${path}: it can be written to, so it might be cut while it is mapped`,
    );
  // Private: a write to the memory stays in the memory. The mapping goes with the last reference to it.
  let mapped: Uint8Array | undefined = size === 0 ? new Uint8Array(0) : await map(path);
  return {
    sizeBytes: size,
    bytes: () => {
      if (mapped === undefined) throw new RuntimeFailure("closed", `${path} is not mapped any more`);
      return mapped;
    },
    close: () => {
      mapped = undefined;
    },
  };
}

/** The compiler reads files only. */
async function compile(source: string, symbols: Readonly<Record<string, FfiSymbol>>): Promise<FfiLibrary> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-cc-"));
  try {
    const file = join(folder, "source.c");
    await writeFile(file, source);
    return library(() => cc({ source: file, symbols: bunSymbols(symbols) }), "compiling");
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Native code on Bun. */
export const bunFfi: FfiProvider = {
  dlopen: (path, symbols) => library(() => dlopen(path, bunSymbols(symbols)), `loading ${path}`),
  cc: compile,
  mmapRead: (path) => guarded(`mapping ${path}`, () => mmapRead(path)),
};
