// Where a successor takes the requests that still reach the server before it.
import { chmodSync, rmSync } from "node:fs";
import type { Answering } from "../compose-listen.ts";
import { passedHeaders } from "./forward.ts";
import { inboxFile, socketPath } from "./messages.ts";

export interface Inbox {
  readonly path: string;
  stop(): Promise<void>;
}

/** Listens in the data folder; what comes is answered as if its client had come here. */
export function openInbox(folder: string, answering: Answering): Inbox {
  const { path, close } = socketPath(folder, inboxFile);
  rmSync(path, { force: true });
  const server = Bun.serve({
    unix: path,
    maxRequestBodySize: answering.maxRequestBodySize,
    fetch: (passed, connections) => {
      // It may have to wait until there is somebody to answer; that the client is there is for the other server to see.
      connections.timeout(passed, 0);
      const address = passed.headers.get(passedHeaders.address);
      const secure = passed.headers.has(passedHeaders.secure);
      const request = secure ? new Request(passed.url.replace(/^http:/, "https:"), passed) : passed;
      for (const name of Object.values(passedHeaders)) request.headers.delete(name);
      return answering.fetch(request, {
        timeout: (_request, seconds) => connections.timeout(passed, seconds),
        requestIP: () => (address === null ? null : { address }),
      });
    },
  });
  chmodSync(path, 0o600);
  return {
    path,
    stop: async () => {
      await server.stop(true);
      rmSync(path, { force: true });
      close();
    },
  };
}
