// Two listeners on one port: refused unless the first one lets it, and then new connections go to the one that came last.
import { describe, expect, test } from "bun:test";
import { allowSharing, canShare, takeConnections } from "./port-sharing.ts";

const serve = (name: string, port: number, reusePort: boolean): Bun.Server<undefined> =>
  Bun.serve({ hostname: "127.0.0.1", port, reusePort, fetch: () => new Response(name) });
/** Who answers on a connection of its own. */
const ask = async (port: number): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" }, keepalive: false })).text();
const askOften = async (port: number): Promise<Set<string>> =>
  new Set(await Promise.all(Array.from({ length: 60 }, () => ask(port))));
const portOf = ({ port }: Bun.Server<undefined>): number => port ?? 0;

describe.skipIf(!canShare)("a port", () => {
  test("is not shared with whoever asks for it, until its owner lets it be", async () => {
    const first = serve("first", 0, false);
    const port = portOf(first);
    expect(() => serve("thief", port, true)).toThrow("in use");
    expect(await ask(port)).toBe("first");
    expect(allowSharing(port)).toBe(true);
    expect(() => serve("careless", port, false)).toThrow("in use");
    const second = serve("second", port, true);
    await Promise.all([first, second].map(async (each) => each.stop(true)));
  });

  test("that is shared leads to the last one that came, and to the other when that one leaves", async () => {
    const first = serve("first", 0, false);
    const port = portOf(first);
    expect(await askOften(port)).toEqual(new Set(["first"]));
    allowSharing(port);
    const second = Bun.spawn(
      [
        process.execPath,
        "-e",
        `const { takeConnections } = await import(${JSON.stringify(`${import.meta.dir}/port-sharing.ts`)});
         Bun.serve({ hostname: "127.0.0.1", port: ${port}, reusePort: true, fetch: () => new Response("second") });
         console.log(takeConnections(${port}));`,
      ],
      { stdout: "pipe", stderr: "inherit" },
    );
    const said = await second.stdout.getReader().read();
    expect(Buffer.from(said.value ?? []).toString()).toBe("true\n");
    expect(await askOften(port)).toEqual(new Set(["second"]));
    second.kill("SIGKILL");
    await second.exited;
    expect(await askOften(port)).toEqual(new Set(["first"]));
    await first.stop(true);
  });

  test("that nobody listens on can neither be shared nor taken", async () => {
    const gone = serve("gone", 0, false);
    const port = portOf(gone);
    await gone.stop(true);
    expect(allowSharing(port)).toBe(false);
    expect(takeConnections(port)).toBe(false);
  });
});
