// Metrics of a server, over HTTP: values are recorded and reported.
import type { MetricClient, MetricReport } from "./client.ts";
import type { HttpLink } from "./http-link.ts";

export class HttpMetrics implements MetricClient {
  readonly #link: HttpLink;

  constructor(link: HttpLink) {
    this.#link = link;
  }

  async record(
    name: string,
    value: number,
    options: {
      readonly kind?: "counter" | "gauge" | "histogram";
      readonly labels?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<void> {
    // Of a gauge the same value may be said twice.
    const repeatable = options.kind === "gauge";
    await this.#link.send({ method: "POST", path: ["metrics"], json: { name, value, ...options }, repeatable });
  }

  async report(
    options: { readonly from?: number; readonly to?: number; readonly name?: string } = {},
  ): Promise<MetricReport> {
    const answer = await this.#link.send({
      method: "GET",
      path: ["metrics", "report"],
      query: { ...options },
      repeatable: true,
    });
    return answer as unknown as MetricReport;
  }
}
