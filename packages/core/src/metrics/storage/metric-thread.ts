// A thread of metrics: one of them writes the file, another reads it, so that a long query holds up nobody who sends samples.
import { toWire } from "@sluice/protocol";
import { MetricService } from "./metric-service.ts";
import type { ThreadCall } from "./metric-calls.ts";

declare const self: Worker;

const service = new MetricService();

self.addEventListener("message", ({ data }: MessageEvent<ThreadCall>) => {
  try {
    self.postMessage({ call: data.call, value: service.answer(data) });
  } catch (error) {
    self.postMessage({ call: data.call, failed: toWire(error) });
  }
});
