// Seeded questions in LogQL over a seeded corpus, made so that each meets something: what Grafana's Explore and Drilldown send.

/** Entries of one stream, as Loki's push takes them. */
interface PushedStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: (readonly [ns: string, line: string, fields: Readonly<Record<string, string>>])[];
}

export interface Question {
  readonly path: "query" | "query_range";
  readonly params: Readonly<Record<string, string>>;
}

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to before `below` (mulberry32). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  }

  of<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  }
}

export const corpusSeconds = 600;
const apps = ["shop", "mail", "cart"] as const;
const words = ["timed out", "login", "refused", "retry", "ok"] as const;

/** Lines of three kinds from `baseS` on, some at the same moment, some on window edges. */
export function corpusOf(seed: number, baseS: number): PushedStream[] {
  const random = new Random(seed);
  const streams = apps.flatMap((app) =>
    ["prod", "test"].map((env): PushedStream => ({
      stream: { app, env, zone: app === "mail" ? "b" : "a" },
      values: [],
    })),
  );
  for (let second = 0; second < corpusSeconds; second += random.below(2)) {
    const { stream, values } = random.of(streams);
    const ns = String(BigInt(baseS + second) * 1_000_000_000n + BigInt(random.of([0, 0, 0, 1, 500_000_000])));
    const fields: Record<string, string> = random.below(3) === 0 ? { trace: `t${random.below(20)}` } : {};
    values.push([ns, lineOf(random, stream["app"] ?? "", values.length), fields]);
  }
  return streams.filter(({ values }) => values.length > 0);
}

function lineOf(random: Random, app: string, n: number): string {
  const [status, ms] = [random.of([200, 200, 200, 404, 500, 503]), random.below(2_000)];
  const level = random.of(["info", "warn", "error"]);
  if (app === "shop") {
    const nested = {
      level,
      status,
      took: `${ms}ms`,
      size: `${random.below(90)}KB`,
      user: { name: random.of(["ada", "bob"]) },
    };
    return random.below(12) === 0 ? `no json ${n}` : JSON.stringify({ ...nested, msg: random.of(words) });
  }
  if (app === "mail") return `level=${level} status=${status} took=${ms}ms n=${n} msg="${random.of(words)}"`;
  return `10.0.0.${random.below(9)} - - "GET /${random.of(["a", "b", "c"])}?n=${n} HTTP/1.1" ${status} ${ms}`;
}

const selectors = [
  '{app="shop"}',
  '{app="mail"}',
  '{app="cart"}',
  '{app=~"shop|mail"}',
  '{app!="cart",zone="a"}',
  '{env="prod"}',
  '{env=~".+",app!~"ma.*"}',
] as const;
const filters = [
  "",
  "",
  "",
  "",
  "",
  "",
  ' |= "status"',
  ' != "ok"',
  ' |~ "(?i)TIMED"',
  ' !~ "5\\\\d\\\\d"',
  ' |= "retry" or "login"',
  " |= `GET /a`",
] as const;
const parsers: Readonly<Record<string, string>> = {
  shop: " | json",
  mail: " | logfmt",
  cart: ' | pattern `<ip> - - "<method> <path> <_>" <status> <took>`',
};
const conditions = [
  "",
  "",
  "",
  "",
  " | status >= 400",
  " | status = 200",
  ' | level = "error"',
  ' | status != 200 and level=~"w.*|e.*"',
  ' | trace != ""',
] as const;
const formats = [
  "",
  "",
  "",
  ' | line_format "{{.status}} {{.level}}"',
  " | label_format code=status",
  " | drop msg, took",
  " | keep app, status",
] as const;
const ranges = ["30s", "1m", "2m"] as const;
const noErrors = ' | __error__=""';

export function questionsOf(seed: number, p: { readonly count: number; readonly baseS: number }): Question[] {
  const random = new Random(seed);
  return Array.from({ length: p.count }, () => questionOf(random, p.baseS));
}

function questionOf(random: Random, baseS: number): Question {
  const app = random.of(apps);
  const selector = random.below(2) === 0 ? `{app="${app}"}` : random.of(selectors);
  const parser = random.below(4) === 0 ? "" : (parsers[app] ?? "");
  const pipeline = `${selector}${random.of(filters)}${parser}${parser === "" ? "" : random.of(conditions)}`;
  if (random.below(3) === 0) return linesOf(random, `${pipeline}${random.of(formats)}`, baseS);
  return seriesOf(random, metricOf(random, { pipeline, parser, app }), baseS);
}

function linesOf(random: Random, query: string, baseS: number): Question {
  const start = baseS + random.below(corpusSeconds / 2);
  const end = start + 1 + random.below(corpusSeconds / 2);
  const direction = random.of(["backward", "forward"]);
  return { path: "query_range", params: { query, direction, limit: "2000", start: nsOf(start), end: nsOf(end) } };
}

function seriesOf(random: Random, query: string, baseS: number): Question {
  // Window edges fall on seconds, as some entries do.
  const start = baseS + 60 * random.below(5);
  if (random.below(3) === 0) return { path: "query", params: { query, time: nsOf(start + 120) } };
  const step = random.of(["15", "30", "60"]);
  return {
    path: "query_range",
    params: { query, start: nsOf(start), end: nsOf(start + 60 * (1 + random.below(5))), step },
  };
}

function metricOf(
  random: Random,
  { pipeline, parser, app }: { readonly pipeline: string; readonly parser: string; readonly app: string },
): string {
  const range = random.of(ranges);
  const offset = random.of(["", "", "", " offset 30s"]);
  const counted = random.of(["count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time"]);
  const isUnwrapped = parser !== "" && random.below(2) === 0;
  const unwrapped = app === "cart" ? "took" : random.of(["duration(took)", "status"]);
  const fn = random.of(["sum", "avg", "max", "min", "first", "last", "stddev", "stdvar"]);
  const inner = isUnwrapped
    ? random.below(4) === 0
      ? `quantile_over_time(0.${random.of(["5", "9", "99"])}, ${pipeline} | unwrap ${unwrapped}${noErrors} [${range}]${offset}) by (app)`
      : `${fn}_over_time(${pipeline} | unwrap ${unwrapped}${noErrors} [${range}]${offset})`
    : `${counted}(${pipeline}${parser === "" ? "" : noErrors} [${range}]${offset})`;
  const by = random.of([" by (app)", " by (app, env)", " without (env)", "", " by (status)", " by (detected_level)"]);
  switch (random.below(6)) {
    case 0:
      return inner;
    case 1:
      return `${random.of(["topk", "bottomk"])}(2, sum by (app, env) (${inner}))`;
    case 2:
      return `sum${by}(${inner}) ${random.of(["> 2", ">= bool 3", "* 2", "/ 4", "- 1"])}`;
    case 3:
      return `sum by (app) (${inner}) / on (app) group_left sum by (app) (count_over_time({env=~".+"}[${range}]))`;
    default:
      return `${random.of(["sum", "avg", "min", "max", "count", "stddev"])}${by}(${inner})`;
  }
}

const nsOf = (seconds: number): string => `${seconds}000000000`;
