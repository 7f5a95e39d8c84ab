// Gallery: what stands in for data, hostile names included.

/** Markup, a terminal escape, and a mark that turns the direction of writing. */
export const evil = "<img src=x onerror=alert(1)> \u001b[31mred \u202Eexe.pdf";

export interface Sample {
  readonly id: string;
  readonly name: string;
  readonly status: "completed" | "failed" | "running" | "waiting";
  readonly at: number;
  readonly ms: number;
}

const statuses = ["completed", "failed", "running", "waiting"] as const;
const names = ["charge-card", "send-invoice", "sync-inventory", "nightly/rollup"];

export function samples(count: number): readonly Sample[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `run_${String(index).padStart(6, "0")}`,
    name: names[index % names.length] ?? "",
    status: statuses[(index * 7) % 4] ?? "completed",
    at: Date.now() - index * 61_000,
    ms: (index * 7_919) % 90_000,
  }));
}
