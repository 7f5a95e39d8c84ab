import { expect, test } from "bun:test";
import type { Cast } from "@sluice/protocol/asciicast";
import { idleMsMax, Player } from "./player.ts";

const head = { cols: 80, rows: 24, startedAt: 0, title: "", command: "sh", tags: [] };
const cast: Cast = {
  head,
  events: [
    { atMs: 100, code: "o", data: "a" },
    { atMs: 200, code: "o", data: "b" },
    { atMs: 200, code: "i", data: "typed" },
    { atMs: 300, code: "r", data: "100x30" },
    { atMs: 60_300, code: "o", data: "c" },
    { atMs: 60_400, code: "x", data: "0" },
  ],
};

function opened(played = cast) {
  const shown: string[] = [];
  const player = new Player(
    played,
    {
      restart: (cols, rows) => shown.push(`restart ${cols}x${rows}`),
      write: (text) => shown.push(text),
      resize: (cols, rows) => shown.push(`${cols}x${rows}`),
    },
    () => undefined,
  );
  return { shown, player };
}

test("a recording is played at its speed, pauses cut short", () => {
  const { shown, player } = opened();
  player.play(true);
  player.advance(150);
  expect(shown).toEqual(["restart 80x24", "a"]);
  player.speed(2);
  player.advance(80);
  expect(shown.slice(2)).toEqual(["b", "100x30"]);
  player.advance(1);
  expect(player.state.atMs).toBe(60_300 - idleMsMax);
  player.advance(idleMsMax);
  expect(shown.at(-1)).toBe("c");
  expect(player.state).toEqual({ atMs: 60_400, playing: false, speed: 2 });
  player.play(true);
  expect([shown.at(-1), player.state.atMs]).toEqual(["restart 80x24", 0]);
});

test("any place of it is shown at once, forwards and back", () => {
  const { shown, player } = opened();
  player.seek(60_300);
  player.seek(100);
  player.seek(-5);
  expect(shown).toEqual(["restart 80x24", "ab", "100x30", "c", "restart 80x24", "a", "restart 80x24"]);
  player.advance(1_000);
  expect(player.state.atMs).toBe(0);
  const empty = opened({ head, events: [] });
  empty.player.play(true);
  expect(empty.player.state.playing).toBeFalse();
});
