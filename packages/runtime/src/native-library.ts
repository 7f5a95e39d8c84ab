// A loaded library that refuses calls once it is closed: a call into code that is gone would end the process.

import { RuntimeFailure } from "./failure.ts";
import type { FfiCall, FfiLibrary } from "./ffi.ts";

/** Wraps what the platform loaded. */
export function closing(calls: Readonly<Record<string, FfiCall>>, unload: () => void): FfiLibrary {
  let open = true;
  const guardedCall =
    (name: string, call: FfiCall): FfiCall =>
    (...args) => {
      if (!open) throw new RuntimeFailure("closed", `${name}: its library is closed`);
      return call(...args);
    };
  return {
    symbols: Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guardedCall(name, call)])),
    close: () => {
      if (open) unload();
      open = false;
    },
  };
}
