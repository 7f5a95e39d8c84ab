// The live stream: a WebSocket for whoever is signed in.
import { unwrap } from "@sluice/core";
import type { Call } from "../call.ts";

export async function live(call: Call): Promise<Response> {
  call.query().done();
  const hub = await call.parts.live();
  return call.upgrade(() => {
    const connection = unwrap(hub.connect(call.principal));
    connection.listenTo((listener) => call.onEnded(listener));
    return connection;
  });
}
