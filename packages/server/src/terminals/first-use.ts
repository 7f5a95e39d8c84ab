// Loads everything about terminals when somebody first asks for one.
import type { Terminals } from "@sluice/core/terminals";
import { SluiceError } from "@sluice/protocol";
import type { openTerminals, OpenedTerminals } from "./open-terminals.ts";

export function terminalsOf(p: Parameters<typeof openTerminals>[0]): {
  readonly open: () => Promise<Terminals>;
  readonly stop: () => Promise<void>;
} {
  let opened: Promise<OpenedTerminals> | undefined;
  let stopped = false;
  return {
    open: () => {
      if (stopped) return Promise.reject(new SluiceError({ code: "draining", message: "The server is stopping." }));
      opened ??= import("./open-terminals.ts").then((file) => file.openTerminals(p));
      return opened.then(({ terminals }) => terminals);
    },
    stop: async () => {
      stopped = true;
      // One that could not be opened has nothing to stop.
      (await opened?.catch(() => undefined))?.stop();
    },
  };
}
