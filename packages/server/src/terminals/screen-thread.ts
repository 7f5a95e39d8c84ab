// The thread that keeps the screens of terminals: reading output is work that must not hold up anything else. Started by screen-threads.ts.
import { ScreenRoom } from "@sluice/core/terminals/screen";
import type { ScreenRequest } from "@sluice/core/terminals";

declare const self: Worker;

const room = new ScreenRoom((reply, transfer) => self.postMessage(reply, [...transfer]));
self.addEventListener("message", ({ data }: MessageEvent<ScreenRequest>) => room.take(data));
