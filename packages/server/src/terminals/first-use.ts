// Loads everything about terminals when somebody first asks for one, or when an earlier server has left some.
import { existsSync } from "node:fs";
import type { Terminals } from "@sluice/core/terminals";
import { FirstUse } from "../first-use.ts";
import { holderSocket } from "./holder-socket.ts";
import type { openTerminals } from "./open-terminals.ts";

export function terminalsOf(p: Parameters<typeof openTerminals>[0]): {
  readonly open: () => Promise<Terminals>;
  readonly stop: () => Promise<void>;
} {
  const part = new FirstUse(
    async () => (await import("./open-terminals.ts")).openTerminals(p),
    (opened) => opened.stop(),
  );
  if (existsSync(holderSocket(p.folder))) {
    // Whoever asks for them hears the same.
    part.open().catch((error: unknown) => p.log("error", "terminals could not go on", { error: String(error) }));
  }
  return { open: async () => (await part.open()).terminals, stop: () => part.stop() };
}
