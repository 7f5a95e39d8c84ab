// What the HTTP side counts. Labels come from closed sets (routes, classes of status), so that no client can grow them.
import { Histogram } from "./histogram.ts";
import type { HistogramReport } from "./histogram.ts";
import type { RouteName } from "@sluice/protocol/http";
import { StreamPlaces } from "./stream-places.ts";

/** A route, or what did not lead to one. */
export type RouteLabel = RouteName | "unmatched";

const requestBoundsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000];
const runBoundsMs = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 30_000, 60_000, 600_000, 3_600_000, 86_400_000];

interface RouteCounts {
  readonly durations: Histogram;
  /** By hundreds of the status, from 1xx. */
  readonly classes: Uint32Array;
}

export class HttpMetrics {
  readonly #routes = new Map<RouteLabel, RouteCounts>();
  /** From creation to the end. */
  readonly runs = new Histogram(runBoundsMs);
  /** Clients that watch runs now, by a stream of their own or over the live stream. */
  watching = 0;
  /** Those of them with a stream of their own. */
  readonly streams = new StreamPlaces();
  /** Connections to the live stream now. */
  live = 0;

  /** Counts a request that was answered. */
  request(route: RouteLabel, status: number, durationMs: number): void {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = { durations: new Histogram(requestBoundsMs), classes: new Uint32Array(5) };
      this.#routes.set(route, counts);
    }
    counts.durations.record(durationMs);
    const at = Math.min(4, Math.max(0, Math.floor(status / 100) - 1));
    counts.classes[at] = (counts.classes[at] ?? 0) + 1;
  }

  /** Durations in milliseconds by route. */
  report(): Record<string, HistogramReport> {
    return Object.fromEntries([...this.#routes].map(([route, { durations }]) => [route, durations.report()]));
  }

  /** The Prometheus text of all this. */
  lines(): string[] {
    const lines = ["# HELP sluice_http_requests_total Requests answered.", "# TYPE sluice_http_requests_total counter"];
    for (const [route, { classes }] of this.#routes) {
      for (const [index, count] of classes.entries()) {
        if (count > 0) lines.push(`sluice_http_requests_total{route="${route}",status="${index + 1}xx"} ${count}`);
      }
    }
    lines.push(
      "# HELP sluice_http_request_duration_seconds Time from a request to its answer's first byte.",
      "# TYPE sluice_http_request_duration_seconds histogram",
    );
    for (const [route, { durations }] of this.#routes) {
      lines.push(...durations.lines("sluice_http_request_duration_seconds", `route="${route}"`));
    }
    lines.push(
      "# HELP sluice_http_watchers Clients that watch runs.",
      "# TYPE sluice_http_watchers gauge",
      `sluice_http_watchers ${this.watching}`,
      "# HELP sluice_live_connections Connections to the live stream.",
      "# TYPE sluice_live_connections gauge",
      `sluice_live_connections ${this.live}`,
      "# HELP sluice_run_duration_seconds Time from the creation of a run to its end.",
      "# TYPE sluice_run_duration_seconds histogram",
      ...this.runs.lines("sluice_run_duration_seconds", ""),
    );
    return lines;
  }
}
