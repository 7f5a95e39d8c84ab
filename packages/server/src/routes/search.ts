// One search over every noun, as far as whoever asks may see it.
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { searchSources } from "../search/sources.ts";
import { reply } from "../wire.ts";

const textCharsMax = 200;
const limitDefault = 5;
const limitMax = 50;

export async function search(call: Call): Promise<Response> {
  const query = call.query();
  const text = query.text("q")?.trim() ?? "";
  const sources = searchSources(call.parts);
  const [noun] =
    query.listOf(
      "noun",
      sources.map((source) => source.noun),
    ) ?? [];
  const limit = query.integer("limit", { min: 1, max: limitMax }) ?? limitDefault;
  query.done();
  if (text === "" || text.length > textCharsMax) {
    refuse("invalid_filter", "There is no text to search for.", `Give q, 1 to ${textCharsMax} characters.`);
  }
  const { principal } = call;
  const asked = noun === undefined ? sources : sources.filter((source) => source.noun === noun);
  const groups = await Promise.all(
    asked.map(async (source) => ({ noun: source.noun, ...(await source.search({ text, limit, principal })) })),
  );
  const found = groups
    .filter(({ hits }) => hits.length > 0)
    .map(({ noun: name, hits, more }) => ({ noun: name, more, hits }));
  return reply("json", 200, { groups: found });
}
