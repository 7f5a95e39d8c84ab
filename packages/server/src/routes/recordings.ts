// Recordings of terminals: listed, searched, downloaded, removed. Who may see a terminal may see what was recorded of it.
import { unwrap } from "@sluice/core";
import { linesOfV2 } from "@sluice/protocol/asciicast";
import type { RecordingFile, Terminals } from "@sluice/core/terminals";
import type { Permission } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { done, reply } from "../wire.ts";
import { terminalsOf } from "./terminals.ts";

const matchesMax = 500;
const byTag = "by:";

export async function listRecordings(call: Call): Promise<Response> {
  call.query().done();
  const terminals = await terminalsOf(call);
  const all = await terminals.recordings.list();
  const seen = all.filter(({ head }) => call.may("terminal:read", head.title));
  return reply("json", 200, { recordings: seen.map((file) => shown(file, terminals)) });
}

export async function getRecording(call: Call): Promise<Response> {
  call.query().done();
  const { terminals, file } = await recordingOf(call, "terminal:read");
  return reply("json", 200, { recording: shown(file, terminals) });
}

export async function getRecordingCast(call: Call): Promise<Response> {
  const query = call.query();
  const version = query.integer("version", { min: 2, max: 3 }) ?? 3;
  query.done();
  const { terminals, file } = await recordingOf(call, "terminal:read");
  const text =
    version === 3
      ? unwrap(await terminals.recordings.text(file.id))
      : [...linesOfV2(unwrap(await terminals.recordings.read(file.id)))].join("");
  const headers = {
    ...nosniff,
    "content-type": "application/x-asciicast",
    "content-disposition": `attachment; filename="${file.id}.cast"`,
    "cache-control": "no-store",
  };
  return new Response(text, { headers });
}

export async function searchRecording(call: Call): Promise<Response> {
  const query = call.query();
  const text = query.text("q");
  query.done();
  if (text === undefined) refuse("invalid_filter", "q is missing.", "Give the text that lines have in them.");
  const { terminals, file } = await recordingOf(call, "terminal:read");
  const matches = unwrap(await terminals.recordings.search({ id: file.id, text, max: matchesMax }));
  return reply("json", 200, { matches });
}

export async function removeRecording(call: Call): Promise<Response> {
  call.query().done();
  const { terminals, file } = await recordingOf(call, "terminal:end");
  unwrap(await terminals.removeRecording({ by: call.actor, id: file.id }));
  return done();
}

/** The recording of the path, if it may be seen. */
async function recordingOf(
  call: Call,
  permission: Permission,
): Promise<{ readonly terminals: Terminals; readonly file: RecordingFile }> {
  const terminals = await terminalsOf(call);
  const file = unwrap(await terminals.recordings.get(call.param(0)));
  if (!call.may("terminal:read", file.head.title)) unwrap(await terminals.recordings.get(""));
  call.require(permission, file.head.title);
  return { terminals, file };
}

function shown({ id, head, bytes, changedAt }: RecordingFile, terminals: Terminals): object {
  const session = terminals.get(id);
  const by = head.tags.find((tag) => tag.startsWith(byTag));
  return {
    id,
    name: head.title,
    command: head.command,
    createdBy: by?.slice(byTag.length) ?? null,
    cols: head.cols,
    rows: head.rows,
    startedAt: head.startedAt,
    changedAt: Math.floor(changedAt),
    bytes,
    live: session.ok && session.value.isRecorded && session.value.status === "running",
  };
}
