// A peer that cannot be installed here is skipped, and the report says how to have it.

export class MissingPeer extends Error {
  constructor(reason: string, command: string) {
    super(`${reason} (to have it: ${command})`);
  }
}
