// Loads everything about terminals when somebody first asks for one.
import type { Terminals } from "@sluice/core/terminals";
import { FirstUse } from "../first-use.ts";
import type { openTerminals } from "./open-terminals.ts";

export function terminalsOf(p: Parameters<typeof openTerminals>[0]): {
  readonly open: () => Promise<Terminals>;
  readonly stop: () => Promise<void>;
} {
  const part = new FirstUse(
    async () => (await import("./open-terminals.ts")).openTerminals(p),
    (opened) => opened.stop(),
  );
  return { open: async () => (await part.open()).terminals, stop: () => part.stop() };
}
