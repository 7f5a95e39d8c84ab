// Maps a file that may only be read. `Bun.mmap` opens for writing too, which whoever is not root cannot do with a sealed file.

import { dlopen, FFIType, toArrayBuffer } from "bun:ffi";
import type { Pointer } from "bun:ffi";
import { open } from "node:fs/promises";
import { RuntimeFailure } from "../failure.ts";

/** From sys/mman.h, the same on Linux and macOS. Private: a write to the memory stays in the memory. */
const protReadWrite = 1 | 2;
const mapPrivate = 2;
const mapFailed = -1;

/** With the two arguments that Bun documents and its types leave out: what the deallocator is called with second, here the length. */
type OwningToArrayBuffer = (
  ...args: readonly [
    address: Pointer | bigint,
    offset: number,
    bytes: number,
    context: number,
    deallocator: Pointer | bigint,
  ]
) => ArrayBuffer;

function libc() {
  return dlopen(process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
    mmap: {
      args: [FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.i32, FFIType.i32, FFIType.i64],
      returns: FFIType.ptr,
    },
    dlsym: { args: [FFIType.ptr, FFIType.cstring], returns: FFIType.ptr },
  });
}

/** The bytes of a file that is not empty. They are unmapped by `munmap(address, length)` when nobody holds any of them. */
export async function mapReadOnly(path: string): Promise<Uint8Array> {
  const { symbols } = libc();
  const unmap = symbols.dlsym(null, Buffer.from("munmap\0"));
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const address = symbols.mmap(null, size, protReadWrite, mapPrivate, file.fd, 0);
    if (address === null || Number(address) === mapFailed || unmap === null)
      throw new RuntimeFailure("io_failed", `mapping ${path}: the system refused`);
    return new Uint8Array((toArrayBuffer as OwningToArrayBuffer)(address, 0, size, size, unmap));
  } finally {
    await file.close();
  }
}
