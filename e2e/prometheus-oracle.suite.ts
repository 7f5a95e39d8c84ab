// Seeded samples and queries that Prometheus and Sluice are both given, and how their answers are held against one another.

export interface PromAnswer {
  readonly status: string;
  readonly errorType?: string;
  readonly data: { readonly resultType: string; readonly result: unknown };
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [ms: number, value: number])[];
}

/** mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const minutes = 40;
const bounds = ["0.1", "0.5", "1", "5", "+Inf"];

/** Counters that begin anew, gauges with gaps, histograms; a sample each fifteen seconds, some of them off the beat. */
export function oracleSamples({ seed, startMs }: { readonly seed: number; readonly startMs: number }): {
  readonly batches: readonly (readonly Series[])[];
} {
  const next = random(seed);
  const times = (gaps: number): readonly number[] =>
    Array.from({ length: minutes * 4 }, (_, i) => startMs + i * 15_000 + Math.floor(next() * 3) * 137).filter(
      () => next() >= gaps,
    );
  const all: Series[] = [];
  for (const job of ["api", "web", "db"]) {
    for (const code of ["200", "404", "500"]) {
      let value = 0;
      const points = times(0.05).map((ms) => {
        value = next() < 0.02 ? 0 : value + Math.floor(next() * 20);
        return [ms, value] as const;
      });
      all.push({ labels: { __name__: "http_total", job, code }, points });
    }
    const gauge = times(0.3).map((ms) => [ms, Math.round((next() - 0.3) * 1e5) / 1e3] as const);
    all.push({ labels: { __name__: "depth", job, zone: job === "db" ? "b" : "a" }, points: gauge });
    all.push({
      labels: { __name__: "about", job, version: `v${job.length}` },
      points: times(0).map((ms) => [ms, 1] as const),
    });
    const beats = times(0);
    const counts = bounds.map(() => 0);
    const histogram = beats.map((ms) => {
      let below = 0;
      for (const [i] of bounds.entries()) {
        below += Math.floor(next() * 4);
        counts[i] = (counts[i] ?? 0) + below;
      }
      return [ms, [...counts]] as const;
    });
    for (const [i, le] of bounds.entries())
      all.push({
        labels: { __name__: "took_bucket", job, le },
        points: histogram.map(([ms, own]) => [ms, own[i] ?? 0] as const),
      });
  }
  const short = times(0.2)
    .slice(20, 60)
    .map((ms) => [ms, 1] as const);
  all.push({ labels: { __name__: "short", job: "api" }, points: short });
  return { batches: [all.slice(0, 10), all.slice(10)] };
}

const selectors = [
  "http_total",
  'http_total{job="api"}',
  'http_total{code=~"4..|5.."}',
  'http_total{job!="web",code!~"2.."}',
  "depth",
  'depth{zone="a"}',
  "short",
  '{__name__=~"depth|short",job="api"}',
  "nothing",
];
const counters = ["http_total", 'http_total{job="web"}', "took_bucket", 'http_total{code="500"}'];
const overTime = ["avg", "min", "max", "sum", "count", "last", "stddev", "stdvar", "present"];
const aggregations = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
const groupings = ["", " by (job)", " by (code)", " without (code)", " without (job, le)", " by (job, nothing)"];
const comparisons = ["==", "!=", ">", "<", ">=", "<="];
const arithmetic = ["+", "-", "*", "/", "%", "^"];
const ranges = ["1m", "5m", "90s", "17m"];
const functions = ["abs", "ceil", "floor", "sqrt", "sgn", "exp", "ln"];

function expressions(next: () => number): readonly string[] {
  const of = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const offset = (): string => of(["", "", " offset 2m", " offset 7m30s", " offset -1m"]);
  const number = (): string => of(["0", "2", "0.5", "-3", "40", "1e3"]);
  const rate = (): string => `${of(["rate", "increase", "irate"])}(${of(counters)}[${of(ranges)}]${offset()})`;
  const vector = (): string => of([() => `${of(selectors.slice(0, 7))}${offset()}`, rate])();
  const kinds: readonly (() => string)[] = [
    () => of(selectors) + offset(),
    rate,
    () =>
      `${of(["delta", "idelta", "deriv", "changes", "resets"])}(${of(["depth", "http_total"])}[${of(ranges)}]${offset()})`,
    () => `${of(overTime)}_over_time(${of(selectors.slice(0, 7))}[${of(ranges)}]${offset()})`,
    () => `quantile_over_time(${of(["0", "0.3", "0.99", "1", "1.5"])}, depth[${of(ranges)}])`,
    () => `predict_linear(depth[${of(["5m", "17m"])}], ${number()})`,
    () => `${of(aggregations)}${of(groupings)} (${vector()})`,
    // Of those that are alike any may be chosen: gauges are not.
    () => `${of(["topk", "bottomk"])} (${of(["1", "2", "100"])}, depth${offset()})`,
    () => `quantile (${of(["0.1", "0.5", "0.95"])}, ${of(selectors.slice(0, 5))}) by (job)`,
    () => `count_values ("v", ${of(["about", "ceil(depth / 50)"])})`,
    () =>
      `histogram_quantile(${of(["0.5", "0.9", "0.99", "0", "1"])}, ${of(["", "sum by (job, le) "])}(rate(took_bucket[${of(ranges)}])))`,
    () => `${vector()} ${of(arithmetic)} ${number()}`,
    () => `${number()} ${of(arithmetic)} ${vector()}`,
    () => `${vector()} ${of(comparisons)} ${of(["", "bool "])}${number()}`,
    () => `sum by (job) (${rate()}) ${of([...arithmetic, ...comparisons])} on (job) about`,
    () => `http_total ${of(arithmetic)} on (job) group_left (version) about`,
    () => `about * on (job) group_right http_total{code="200"}`,
    () => `http_total ${of(["and", "unless", "or"])} ${of(["", "on (job) ", "ignoring (code) "])}(depth > ${number()})`,
    () => `http_total / ignoring (code) group_left sum without (code) (http_total)`,
    () => `${of(functions)}(${of(["depth", "http_total"])})`,
    () => `clamp(depth, ${of(["-5", "0"])}, ${of(["20", "-10"])})`,
    () => `round(depth, ${of(["1", "5", "0.1"])})`,
    () => `absent(${of(['nothing{a="b"}', "depth", 'short{job="api"}'])})`,
    () => `absent_over_time(${of(['nothing{a="b"}', "short"])}[5m])`,
    () => `label_replace(depth, "host", "$1-${of(["x", "$2"])}", "job", "(.)(.*)")`,
    () => `label_join(http_total, "both", "/", "job", "code")`,
    () => `-${of(["depth", "about"])}`,
    () =>
      of([
        "time()",
        "vector(time())",
        "scalar(short)",
        "1 + 2 * 3 ^ 2",
        "hour()",
        "day_of_week(depth * 1e6)",
        "timestamp(depth)",
      ]),
    () => `sort_desc(${of(["depth", "http_total"])})`,
    () => `http_total + on (job) about`,
  ];
  return [...kinds, ...kinds, ...kinds, ...kinds, ...kinds, ...kinds, ...kinds].map((make) => make());
}

/** Paths behind the API's beginning, at moments of whole seconds and between them, window edges among them. */
export function oracleQueries({
  seed,
  startMs,
}: {
  readonly seed: number;
  readonly startMs: number;
}): readonly string[] {
  const next = random(seed + 1);
  return expressions(next).flatMap((query) => {
    // Samples off the beat are 137 or 274 ms late: now and then a moment is exactly one of them.
    const offMs = [0, 0, 137, 137, 500][Math.floor(next() * 5)] ?? 0;
    const atMs = startMs + Math.floor(next() * (minutes + 8) * 4) * 15_000 + offMs;
    const instant = new URLSearchParams({ query, time: String(atMs / 1_000) });
    const fromMs = startMs + Math.floor(next() * 20) * 60_000 + offMs;
    const step = ["15s", "47s", "1m", "5m"][Math.floor(next() * 4)] ?? "1m";
    const span = { start: String(fromMs / 1_000), end: String((fromMs + 20 * 60_000) / 1_000), step };
    const range = new URLSearchParams({ query, ...span });
    return [`query?${instant.toString()}`, `query_range?${range.toString()}`];
  });
}

type Shown = { metric?: Record<string, string>; value?: [number, string]; values?: [number, string][] };

/** Numbers may differ in their last digits: they are added up in another order. */
function near(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a.replace("Inf", "Infinity")), Number(b.replace("Inf", "Infinity"))];
  return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1e-3);
}

function seriesDifference(a: Shown, b: Shown): string | undefined {
  const pointsOf = ({ value = [0, ""], values = [value] }: Shown): readonly (readonly [number, string])[] => values;
  const [left, right] = [pointsOf(a), pointsOf(b)];
  if (left.length !== right.length) return `${left.length} values, theirs has ${right.length}`;
  const at = left.findIndex(([ms, value], i) => {
    const [otherMs, other] = right[i] ?? [NaN, ""];
    return Math.abs(ms - otherMs) >= 5e-4 || !near(value, other);
  });
  return at < 0 ? undefined : `${String(left[at])}, theirs has ${String(right[at])}`;
}

/** The first difference; none between the same failures, or the same series with the same values in whatever order. */
export function differenceOf(mine: PromAnswer, other: PromAnswer): string | undefined {
  if (mine.status !== other.status || mine.errorType !== other.errorType)
    return `${JSON.stringify(mine).slice(0, 300)}, theirs is ${JSON.stringify(other).slice(0, 300)}`;
  if (other.status !== "success") return undefined;
  if (mine.data.resultType !== other.data.resultType)
    return `${mine.data.resultType}, theirs is ${other.data.resultType}`;
  if (mine.data.resultType === "scalar") {
    const [own, their] = [mine.data.result as [number, string], other.data.result as [number, string]];
    return near(own[1], their[1]) ? undefined : `${own[1]}, theirs is ${their[1]}`;
  }
  const keyOf = ({ metric }: Shown): string =>
    JSON.stringify(Object.entries(metric ?? {}).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  const [left, right] = [mine.data.result as Shown[], other.data.result as Shown[]];
  if (left.length !== right.length) return `${left.length} series, theirs has ${right.length}`;
  const known = new Map(right.map((each) => [keyOf(each), each]));
  for (const each of left) {
    const theirs = known.get(keyOf(each));
    const difference = theirs === undefined ? "theirs has no such series" : seriesDifference(each, theirs);
    if (difference !== undefined) return `${keyOf(each)} ${difference}`;
  }
  return undefined;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest <= 127n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

function sized(field: number, inner: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([field * 8 + 2, ...varint(inner.length)]), inner]);
}

/** A remote write in version 1.0, in literals of Snappy. */
export function remoteWrite(series: readonly Series[]): Uint8Array<ArrayBuffer> {
  const raw = Buffer.concat(
    series.map(({ labels, points }) => {
      const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const named = pairs.map(([name, value]) =>
        sized(1, Buffer.concat([sized(1, Buffer.from(name)), sized(2, Buffer.from(value))])),
      );
      const samples = points.map(([ms, value]) => {
        const double = Buffer.from(Float64Array.of(value).buffer);
        return sized(2, Buffer.concat([Buffer.from([9]), double, Buffer.from([16, ...varint(ms)])]));
      });
      return sized(1, Buffer.concat([...named, ...samples]));
    }),
  );
  const pieces: Uint8Array[] = [Buffer.from(varint(raw.length))];
  for (let at = 0; at < raw.length; at += 65_536) {
    const piece = raw.subarray(at, at + 65_536);
    pieces.push(Buffer.from([61 << 2, (piece.length - 1) & 255, (piece.length - 1) >> 8]), piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
