// Whether somebody listens on this machine, for tasks that others wait for.
import { connect } from "node:net";
import type { Probes } from "../ports.ts";

/** Of one attempt. */
const attemptMsMax = 2_000;
const failedStatus = 400;

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: attemptMsMax });
    const end = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

export const machineProbes: Probes = {
  // A server that was told "localhost" may listen on either.
  port: async (port) => (await connects("127.0.0.1", port)) || connects("::1", port),
  async url(url) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(attemptMsMax), redirect: "manual" });
      await answer.body?.cancel();
      return answer.status < failedStatus;
    } catch {
      // Whoever is not there yet does not answer.
      return false;
    }
  },
};
