// The live stream: a WebSocket for whoever is signed in.
import { unwrap } from "@sluice/core";
import type { Call } from "../call.ts";

export function live(call: Call): Response {
  call.query().done();
  return call.upgrade(() => {
    const connection = unwrap(call.parts.live.connect(call.principal));
    connection.listenTo((listener) => call.onEnded(listener));
    return connection;
  });
}
