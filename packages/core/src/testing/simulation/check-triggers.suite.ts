// Everything that happened outside started one run, whatever crashed, failed or was limited meanwhile.
import { decodeValue } from "@sluice/protocol";
import type { Stage } from "./actors.suite.ts";
import type { Reckoning } from "./checks.suite.ts";

type Told = Pick<Stage, "recorder" | "ledger" | "programs">;

/** What triggers have still to start a run for; undefined when they are done. Inputs that are kept by themselves are not looked at. */
export async function triggersOwe({
  recorder,
  ledger,
  programs,
  profile,
}: Told & Pick<Stage, "profile">): Promise<string | undefined> {
  const program = programs.find(({ watches }) => watches !== undefined);
  if (program === undefined || profile.blobs) return undefined;
  const { event, poll } = program.watches ?? {};
  const started = startedBy({ recorder, ledger, programs });
  const { rang, outside } = ledger;
  const missed =
    event === undefined
      ? undefined
      : event.debounceMs === undefined
        ? rang.find((number) => !started.events.has(number))
        : // Those that follow each other closely have one run, with the input of the last, acknowledged or not.
          rang.slice(-1).find((number) => ![...started.events].some((each) => each >= number));
  if (missed !== undefined) return `event ${missed} was acknowledged and has started no run of ${program.name}`;
  const unseen = poll === undefined ? undefined : outside.find((id) => !started.found.has(id));
  return unseen === undefined ? undefined : `item ${unseen} is outside and has started no run of ${program.name}`;
}

export async function checkTriggers(p: Reckoning): Promise<void> {
  const { world, recorder, store } = p;
  await recorder.watches?.check(store);
  const owed = await triggersOwe(p);
  if (owed !== undefined) world.fail(owed);
  if (p.profile.blobs) return;
  const { twice } = startedBy(p);
  if (twice !== undefined) world.fail(twice);
}

interface Started {
  readonly events: ReadonlySet<number>;
  readonly found: ReadonlySet<number>;
  readonly twice: string | undefined;
}

function startedBy({ recorder }: Told): Started {
  const events = new Set<number>();
  const found = new Set<number>();
  let twice: string | undefined;
  for (const { run, input } of recorder.watches?.triggered ?? []) {
    const { number, id } = decodeValue(input) as { readonly number?: number; readonly id?: number };
    const [of, no] = number === undefined ? [found, id ?? 0] : [events, number];
    if (of.has(no)) twice = `run ${run} is the second for ${number === undefined ? "item" : "event"} ${no}`;
    of.add(no);
  }
  return { events, found, twice };
}
