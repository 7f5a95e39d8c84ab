// Native code on Deno. It neither compiles C nor maps files.

import { failureOf, RuntimeFailure } from "../failure.ts";
import type { FfiProvider, FfiType } from "../ffi.ts";
import { closing } from "../native-library.ts";
import { denoApi } from "./deno-api.ts";

const deno = denoApi();
const name = (type: FfiType): string => type;

/** Native code on Deno. */
export const denoFfi: FfiProvider = {
  dlopen: (path, symbols) => {
    const wanted = Object.entries(symbols).map(([symbol, { args, returns }]) => {
      return [symbol, { parameters: args.map(name), result: name(returns) }] as const;
    });
    try {
      const loaded = deno.dlopen(path, Object.fromEntries(wanted));
      return closing(loaded.symbols, () => loaded.close());
    } catch (error) {
      throw new RuntimeFailure("not_found", failureOf(error, `loading ${path}`).message, { cause: error });
    }
  },
};
