import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { MemoryRunStore } from "../../testing/index.ts";
import type { Place } from "../entry.ts";
import { BuildFollower } from "./build-follower.ts";

const ada = { kind: "user", id: "ada" } as const;

test("builds are followed from the first use on, each event once, whoever follows", async () => {
  const { builds } = new MemoryRunStore();
  const places = new Map<string, Place>();
  const lines: string[] = [];
  const trail = { builds };
  const store = {
    places: async (names: readonly string[]) => names.flatMap((name) => places.get(name) ?? []),
  };
  const create = (id: string) =>
    builds.createBuild({
      by: ada,
      build: { id, target: "web", options: encodeValue({}), on: { capabilities: [], labels: [] }, createdAt: 1 },
      blobs: [],
      queuedMax: 9,
    });
  const follow = async (follower: BuildFollower): Promise<string[]> => {
    await follower.tell(async (entries, moved) => {
      for (const place of moved) places.set(place.name, place);
      lines.push(...entries.map(({ line, fields }) => `${String(fields["build"])} ${line}`));
    });
    return lines;
  };
  await create("build_0");
  const first = new BuildFollower({ trail, store });
  expect(await follow(first)).toEqual([]);
  await create("build_1");
  expect(await follow(first)).toEqual(["build_1 build queued"]);
  expect(await follow(new BuildFollower({ trail, store }))).toHaveLength(1);
  await builds.cancelBuild({ by: ada, build: "build_1", now: 5 });
  const after = await follow(new BuildFollower({ trail, store }));
  expect(after.at(-1)).toBe("build_1 build cancelled");
  const count = after.length;
  expect(await follow(new BuildFollower({ trail, store }))).toHaveLength(count);
  expect(places.get("builds")?.value).toBe("build_1");
});
