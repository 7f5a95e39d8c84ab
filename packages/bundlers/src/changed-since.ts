// Whether a file may have changed since a moment. The times of files are coarser than the clock.
import { statSync } from "node:fs";

/** A file system may say of a change that it was earlier than it was: by a tick of its clock. */
const tickMs = 10;

/** `ms`: of the system's clock. True for a file that is not there. */
export function changedSince(path: string, ms: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined || stat.ctimeMs >= ms - tickMs;
}
