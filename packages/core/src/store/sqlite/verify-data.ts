// The full look at a data folder that nobody uses yet, on a thread of its own: it takes as long as the disk needs to be read.
import type { DataCheck } from "./check-data.ts";
import { fromWire } from "./failures.ts";
import { startThread, threadError, type ReaderRequest, type ThreadMessage } from "./start-thread.ts";

/**
 * Opens the database of a folder as a server would (one of an earlier version is migrated), then checks all of it. Rejects
 * with `data_folder_newer` or `data_folder_corrupt` when it cannot be opened.
 */
export async function verifyData(p: { readonly folder: string }): Promise<DataCheck> {
  const thread = startThread("reader");
  try {
    return await new Promise<DataCheck>((resolve, reject) => {
      thread.addEventListener("message", ({ data }: MessageEvent<ThreadMessage>) => {
        if (data.failed === undefined) resolve(data.value as DataCheck);
        else reject(fromWire(data.failed));
      });
      thread.addEventListener("error", (event) => reject(fromWire(threadError(event))));
      const request: ReaderRequest = { verify: p.folder };
      thread.postMessage(request);
    });
  } finally {
    thread.terminate();
  }
}
