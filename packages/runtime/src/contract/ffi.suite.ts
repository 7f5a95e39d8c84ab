// Native code and mapped files, where a runtime has them.

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import type { FfiProvider } from "../ffi.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, patterned } from "./case.suite.ts";

const libc =
  ["/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", "/lib/libc.so.6"].find((path) =>
    existsSync(path),
  ) ?? "libc.so.6";

export function ffiCases(test: Test): void {
  /** A case of a part that may be absent, which the cases of the capabilities check. */
  const it = <Part>(
    name: string,
    part: (ffi: FfiProvider) => Part | undefined,
    body: (part: Part, folder: string) => Promise<void>,
  ): void =>
    test(name, async ({ runtime: { ffi }, folder }) => {
      const found = ffi === undefined ? undefined : part(ffi);
      if (found !== undefined) await body(found, folder);
    });

  it(
    "ffi: calls into a library, until it is closed",
    (ffi) => ffi.dlopen.bind(ffi),
    async (dlopen) => {
      const library = dlopen(libc, {
        abs: { args: ["i32"], returns: "i32" },
        llabs: { args: ["i64"], returns: "i64" },
        strlen: { args: ["buffer"], returns: "u64" },
      });
      equal(library.symbols["abs"]?.(-7), 7);
      equal(library.symbols["llabs"]?.(-(2n ** 60n)), 2n ** 60n);
      equal(Number(library.symbols["strlen"]?.(Buffer.from("twelve bytes\0"))), 12);
      library.close();
      library.close();
      equal(await codeOf(() => library.symbols["abs"]?.(-7)), "closed");
      equal(await codeOf(() => dlopen("/no/such/library.so", {})), "not_found");
      equal(await codeOf(() => dlopen(libc, { no_such_symbol_there: { args: [], returns: "void" } })), "not_found");
    },
  );

  it(
    "ffi: C is compiled, where there is a compiler",
    (ffi) => ffi.cc,
    async (cc) => {
      const source = "int add(int a, int b) { return a + b; }\ndouble half(double x) { return x / 2; }\n";
      const library = await cc(source, {
        add: { args: ["i32", "i32"], returns: "i32" },
        half: { args: ["f64"], returns: "f64" },
      });
      deepEqual([library.symbols["add"]?.(40, 2), library.symbols["half"]?.(5)], [42, 2.5]);
      library.close();
      equal(await codeOf(() => library.symbols["add"]?.(1, 1)), "closed");
      equal(await codeOf(() => cc("this is no C", { x: { args: [], returns: "void" } })), "not_found");
    },
  );

  it(
    "ffi: a sealed file is mapped, and closing it is safe for who still looks at it",
    (ffi) => ffi.mmapRead,
    async (mmapRead, folder) => {
      const bytes = patterned(4 * 1024 * 1024 + 5);
      writeFileSync(`${folder}/sealed`, bytes, { mode: 0o444 });
      const mapped = await mmapRead(`${folder}/sealed`);
      equal(mapped.sizeBytes, bytes.length);
      equal(Buffer.compare(mapped.bytes(), bytes), 0);
      const part = mapped.bytes().subarray(1_000_000, 1_000_100);
      mapped.close();
      mapped.close();
      throws(() => mapped.bytes(), { code: "closed" });
      deepEqual(part, bytes.subarray(1_000_000, 1_000_100));
      // A write to the memory does not reach the file.
      const again = await mmapRead(`${folder}/sealed`);
      again.bytes()[0] = 0xee;
      const fresh = await mmapRead(`${folder}/sealed`);
      equal(fresh.bytes()[0], bytes[0]);
      for (const each of [again, fresh]) each.close();
      writeFileSync(`${folder}/empty`, "", { mode: 0o444 });
      equal((await mmapRead(`${folder}/empty`)).bytes().length, 0);
    },
  );

  it(
    "ffi: a file that somebody may rewrite is not mapped",
    (ffi) => ffi.mmapRead,
    async (mmapRead, folder) => {
      writeFileSync(`${folder}/open`, "text");
      equal(await codeOf(() => mmapRead(`${folder}/open`)), "permission_denied");
      chmodSync(`${folder}/open`, 0o400);
      ok(await mmapRead(`${folder}/open`));
      equal(await codeOf(() => mmapRead(`${folder}/none`)), "not_found");
    },
  );
}
