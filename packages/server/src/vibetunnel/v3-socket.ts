// `/ws` of version 3: any number of sessions over one connection, each as output, as cells, or as what happens to it.
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";
import type { Face } from "./face.ts";
import { textOfKey } from "./keys.ts";
import { NativeViewer } from "./native-viewer.ts";
import type { Caller } from "./native.ts";
import { decodeV3, encodeV3, sizeIn, subscriptionIn, v3Flags } from "./v3-codec.ts";
import type { V3Message, V3Type } from "./v3-codec.ts";

const subscriptionsMax = 200;
const waitingBytesMax = 1024 * 1024;
const nothing = new Uint8Array(0);

export class V3Socket implements SocketSession {
  readonly #face: Face;
  readonly #by: Caller;
  readonly #subscribed = new Map<string, () => void>();
  readonly #viewers = new Map<string, NativeViewer>();
  #socket: Socket | undefined;
  /** One message after the other: what is typed keeps its order. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(face: Face, by: Caller) {
    this.#face = face;
    this.#by = by;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.#welcome();
  }

  received(message: string | Uint8Array): void {
    const decoded = typeof message === "string" ? undefined : decodeV3(message);
    if (decoded === undefined) return this.#socket?.close(closeCodes.malformed, "not a message of version 3");
    // The bytes are the receiver's only now.
    const kept = { ...decoded, payload: decoded.payload.slice() };
    this.#turn = this.#turn.then(async () => (this.#socket === undefined ? undefined : this.#take(kept)));
    return undefined;
  }

  drained(): void {
    for (const viewer of this.#viewers.values()) viewer.acknowledge();
  }

  closed(): void {
    this.#socket = undefined;
    for (const id of Array.from(this.#subscribed.keys())) this.#unsubscribe(id);
  }

  async #take(message: V3Message): Promise<void> {
    const { type, id, payload } = message;
    const { native } = this.#face;
    switch (type) {
      case "hello":
        return this.#welcome();
      case "ping":
        return this.#send("pong", id, payload);
      case "subscribe":
        return this.#subscribe(id, payload);
      case "unsubscribe":
        return this.#unsubscribe(id);
      case "inputText":
        return this.#type(id, new TextDecoder().decode(payload));
      case "inputKey":
        return this.#type(id, textOfKey(new TextDecoder().decode(payload)));
      case "resize": {
        const size = sizeIn(payload);
        if (size === undefined) return this.#error(id, "A size is two numbers.");
        const resized = await native.resize(this.#by, id, size);
        return resized.ok ? undefined : this.#error(id, resized.error.message);
      }
      case "kill": {
        const killed = await this.#face.sessions.kill(this.#by, id);
        return killed.ok ? undefined : this.#error(id, killed.error.message);
      }
      case "resetSize":
        return this.#error(id, "Cannot reset size for in-memory session");
      default:
        return this.#error(id, "Only a server says that.");
    }
  }

  async #type(id: string, text: string | undefined): Promise<void> {
    if (text === undefined) return this.#error(id, "Unknown special key");
    if (text === "") return undefined;
    const sent = await this.#face.native.type(this.#by, id, text);
    return sent.ok ? undefined : this.#error(id, sent.error.message);
  }

  async #subscribe(id: string, payload: Uint8Array): Promise<void> {
    const subscription = subscriptionIn(payload);
    if (subscription === undefined) return this.#error(id, "A subscription is three numbers.");
    this.#unsubscribe(id);
    if (this.#subscribed.size >= subscriptionsMax) return this.#error(id, "Too many subscriptions.");
    if (id === "") {
      this.#event("", { type: "connected" });
      this.#subscribed.set(
        "",
        this.#face.events.listen(this.#by, (event) => this.#event("", event)),
      );
      return undefined;
    }
    const found = await this.#face.native.get(this.#by, id);
    if (!found.ok) return this.#error(id, "Session not found");
    const stops: (() => void)[] = [];
    this.#subscribed.set(id, () => stops.splice(0).forEach((stop) => stop()));
    if ((subscription.flags & v3Flags.snapshots) !== 0) {
      const shown = (screen: Uint8Array): void => {
        if ((this.#socket?.waitingBytes ?? 0) <= waitingBytesMax) this.#send("snapshot", id, screen);
      };
      stops.push(this.#face.screens.watch(this.#by, id, { shown, closed: () => undefined }));
    }
    if ((subscription.flags & (v3Flags.stdout | v3Flags.events)) !== 0)
      stops.push(await this.#follow(id, subscription.flags));
    // Left while the viewer was being opened.
    if (this.#socket === undefined) this.#unsubscribe(id);
    return undefined;
  }

  async #follow(id: string, flags: number): Promise<() => void> {
    const wantsOutput = (flags & v3Flags.stdout) !== 0;
    const show = (bytes: Uint8Array): void => {
      if (wantsOutput) this.#send("stdout", id, bytes);
      if ((this.#socket?.waitingBytes ?? 0) <= waitingBytesMax) viewer.acknowledge();
    };
    const viewer = await NativeViewer.open(
      this.#face.native,
      { by: this.#by, id },
      {
        snapshot: (bytes) => {
          if (wantsOutput) this.#send("stdout", id, new TextEncoder().encode("\x1bc"));
          show(bytes);
        },
        output: show,
        resized: (size) => this.#event(id, { type: "resize", cols: size.cols, rows: size.rows }),
        state: ({ status, exitCode }) => {
          if (status === "exited") this.#event(id, { type: "exit", exitCode: exitCode ?? 0, sessionId: id });
        },
        closed: () => this.#event(id, { type: "exit", exitCode: 0, sessionId: id }),
      },
    );
    this.#viewers.set(id, viewer);
    return () => {
      this.#viewers.delete(id);
      viewer.close();
    };
  }

  #unsubscribe(id: string): void {
    this.#subscribed.get(id)?.();
    this.#subscribed.delete(id);
  }

  #welcome(): void {
    this.#send("welcome", "", new TextEncoder().encode(JSON.stringify({ ok: true, version: 3 })));
  }

  #event(id: string, event: object): void {
    this.#send("event", id, new TextEncoder().encode(JSON.stringify(event)));
  }

  #error(id: string, message: string): void {
    this.#send("error", id, new TextEncoder().encode(JSON.stringify({ message })));
  }

  #send(type: V3Type, id: string, payload: Uint8Array = nothing): void {
    this.#socket?.sendBytes(encodeV3({ type, id, payload }));
  }
}
