// Native code and mapped memory, on the runtimes that have them.

/** Numbers are passed as they are, `i64` and `u64` as bigint; a `buffer` is a `Uint8Array` that is lent for the call. */
export type FfiType = "void" | "bool" | "i32" | "u32" | "i64" | "u64" | "f32" | "f64" | "buffer";

export interface FfiSymbol {
  readonly args: readonly FfiType[];
  readonly returns: FfiType;
}

export type FfiCall = (...args: readonly (number | bigint | boolean | Uint8Array)[]) => unknown;

export interface FfiLibrary {
  /** Calls by name; each throws `RuntimeFailure` with `closed` once the library is closed. */
  readonly symbols: Readonly<Record<string, FfiCall>>;
  close(): void;
}

export interface MappedFile {
  readonly sizeBytes: number;
  /**
   * The file's bytes, read from the disk when they are looked at. Throws `RuntimeFailure` with `closed` after `close`. What
   * was taken before stays valid: the mapping goes when nobody holds any of it.
   */
  bytes(): Uint8Array;
  /** Can be called again. */
  close(): void;
}

export interface FfiProvider {
  /** Fails with `not_found` when the library or one of its symbols is not there. */
  dlopen(path: string, symbols: Readonly<Record<string, FfiSymbol>>): FfiLibrary;
  /** Compiles C and loads it. Absent where the runtime has no compiler. */
  readonly cc?: (source: string, symbols: Readonly<Record<string, FfiSymbol>>) => Promise<FfiLibrary>;
  /**
   * A large file without reading it. Map only what nobody rewrites: whoever looks at a page behind the end of a file that
   * was cut is killed by SIGBUS. So a file with any write permission is refused with `permission_denied`. Absent where the
   * runtime cannot map.
   */
  readonly mmapRead?: (path: string) => Promise<MappedFile>;
}
