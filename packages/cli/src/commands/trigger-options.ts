// Reads names with values, as headers and parameters of test deliveries are typed.
import { misused } from "../io.ts";

/** Pairs typed as `name<separator>value`. Throws for one without a name. */
export function pairsOf(
  typed: readonly string[] | undefined,
  separator: ":" | "=",
  option: string,
): Readonly<Record<string, string>> {
  const pairs = (typed ?? []).map((text): [string, string] => {
    const at = text.indexOf(separator);
    if (at <= 0) throw misused(`${option} ${JSON.stringify(text)} is not name${separator}value.`);
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}
