// One recording: played, moved about in, searched.
import { getRouteApi } from "@tanstack/react-router";
import { parseCast } from "@sluice/protocol/asciicast";
import type { Cast } from "@sluice/protocol/asciicast";
import { Download, Pause, Play } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { apiUrl } from "../api.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Input } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";
import { Player, speeds } from "./player.ts";
import type { PlayerState } from "./player.ts";
import { ScreenFeed } from "./screen-feed.ts";
import { TerminalScreen } from "./terminal-screen.ts";
import { useTerminalLook } from "./use-terminal.ts";

const route = getRouteApi("/shell/terminals/recordings/$recording");
const speedOptions = speeds.map((speed) => ({ value: String(speed), label: `${speed} ×` }));
const nothing = (): void => undefined;

export function RecordingPage() {
  const { recording } = route.useParams();
  const found = useApi("getRecording", { params: { id: recording } });
  const file = useApi("getRecordingCast", { params: { id: recording } }, { staleMs: Infinity });
  const cast = useMemo(() => (file.data === undefined ? undefined : parseCast(file.data)), [file.data]);
  const error = found.error ?? file.error;
  const facts = found.data?.recording;
  return (
    <Page
      full
      title={<Text>{facts?.name ?? "Recording"}</Text>}
      detail={
        facts !== undefined && (
          <span className="flex min-w-0 items-center gap-2 text-sm text-ink-soft">
            <Time at={facts.startedAt} />
            <span className="hidden max-w-96 truncate md:inline">
              <Mono>{facts.command}</Mono>
            </span>
          </span>
        )
      }
      actions={
        <Button asChild>
          <a href={apiUrl("getRecordingCast", { params: { id: recording } })} download>
            <Download aria-hidden className="size-3.5" /> Download
          </a>
        </Button>
      }
    >
      {cast !== undefined ? (
        <Shown key={recording} id={recording} cast={cast} />
      ) : error !== null ? (
        <ErrorState title="The recording could not be read" error={error} onRetry={() => void file.refetch()} />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Page>
  );
}

function Shown({ id, cast }: { readonly id: string; readonly cast: Cast }) {
  const host = useRef<HTMLDivElement>(null);
  const look = useTerminalLook(false);
  const [player, setPlayer] = useState<Player>();
  const [state, setState] = useState<PlayerState>({ atMs: 0, playing: false, speed: 1 });
  const first = useRef(look);
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const screen = new TerminalScreen(first.current, {
      typed: nothing,
      overLink: nothing,
      found: nothing,
      clipboard: nothing,
    });
    screen.open(element);
    const feed = new ScreenFeed(screen.xterm);
    const target = {
      restart: (cols: number, rows: number) => feed.show({ cols, rows }, { bytes: new Uint8Array(0), taken: nothing }),
      write: (text: string) => feed.write(new TextEncoder().encode(text), nothing),
      resize: (cols: number, rows: number) => feed.resize({ cols, rows }),
    };
    setPlayer(new Player(cast, target, setState));
    return () => screen.dispose();
  }, [cast]);
  useTicking(player, state.playing);
  return (
    <div className="flex h-full flex-col gap-2 px-4 pb-3 sm:px-6">
      <Controls player={player} state={state} />
      <div
        className="min-h-0 grow overflow-auto border border-line p-1"
        style={{ background: look.colours.background }}
      >
        <div ref={host} />
      </div>
      <Matches id={id} onShow={(atMs) => player?.seek(atMs)} />
    </div>
  );
}

/** Time passes while it is played, a step a frame. */
function useTicking(player: Player | undefined, playing: boolean): void {
  useEffect(() => {
    if (player === undefined || !playing) return undefined;
    let before = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      player.advance(Math.max(0, now - before));
      before = now;
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [player, playing]);
}

function Controls({ player, state }: { readonly player: Player | undefined; readonly state: PlayerState }) {
  const lengthMs = player?.lengthMs ?? 0;
  return (
    <div className="flex shrink-0 items-center gap-3">
      <Button tone="primary" icon={state.playing ? Pause : Play} onClick={() => player?.play(!state.playing)}>
        {state.playing ? "Pause" : "Play"}
      </Button>
      <input
        type="range"
        aria-label="Timeline"
        aria-valuetext={formatDuration(state.atMs)}
        min={0}
        max={Math.max(1, Math.ceil(lengthMs))}
        value={Math.round(state.atMs)}
        onChange={({ target }) => player?.seek(Number(target.value))}
        className="min-w-0 grow accent-accent"
      />
      <span className="tabular hidden text-xs whitespace-nowrap text-ink-soft sm:inline">
        {formatDuration(Math.round(state.atMs))} of {formatDuration(Math.round(lengthMs))}
      </span>
      <Select
        label="Speed"
        value={String(state.speed)}
        options={speedOptions}
        onChange={(speed) => player?.speed(Number(speed))}
      />
    </div>
  );
}

/** Lines with a text in them; each leads to when it was written. */
function Matches({ id, onShow }: { readonly id: string; readonly onShow: (atMs: number) => void }) {
  const [text, setText] = useState("");
  const { data } = useApi(
    "searchRecording",
    { params: { id }, query: { q: text } },
    { enabled: text.trim() !== "", keepPrevious: true },
  );
  const matches = text.trim() === "" ? [] : (data?.matches ?? []);
  return (
    <div className="shrink-0">
      <Input
        aria-label="Find in this recording"
        placeholder="Find in this recording"
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="max-w-96"
      />
      {matches.length > 0 && (
        <ul aria-label="Lines" className="mt-1 max-h-40 overflow-y-auto border border-line bg-panel text-xs">
          {matches.map(({ atMs, line }, index) => (
            <li key={index}>
              <button
                type="button"
                className="flex w-full gap-3 px-2 py-1 text-left hover:bg-hover"
                onClick={() => onShow(atMs)}
              >
                <span className="tabular shrink-0 text-ink-faint">{formatDuration(Math.round(atMs))}</span>
                <Mono>{line}</Mono>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
