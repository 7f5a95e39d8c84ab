// The command palette: finds any noun by the server's search, and runs any action of the shell and of the open screen.
import { Command, defaultFilter } from "cmdk";
import { useRouter } from "@tanstack/react-router";
import { CornerDownLeft, Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { Answer } from "../api.ts";
import { useApi } from "../query.ts";
import { useParts } from "../parts.ts";
import { useFocusKeeping } from "../ui/focus.ts";
import { Keys } from "../ui/keys.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import type { Action } from "./actions.ts";
import { nounLabel } from "./screen.ts";
import { useCurrentActions } from "./use-actions.ts";

const typingMs = 90;
const hitsPerNoun = 5;

interface PaletteProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** `text` once nothing has been typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

export function Palette({ open, onClose }: PaletteProps) {
  const focus = useFocusKeeping(true);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 bg-black/40 animate-appear dark:bg-black/60" />
        <Dialog.Content
          aria-describedby={undefined}
          {...focus}
          className="fixed top-[10vh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl bg-raised shadow-pop"
        >
          <Dialog.Title className="sr-only">Search and run</Dialog.Title>
          <PaletteContent onClose={onClose} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function PaletteContent({ onClose }: { readonly onClose: () => void }) {
  const router = useRouter();
  const [text, setText] = useState("");
  const wanted = useSettled(text.trim());
  const results = useApi(
    "search",
    { query: { q: wanted, limit: hitsPerNoun } },
    { enabled: wanted !== "", keepPrevious: true },
  );
  const groups = wanted === "" || text.trim() === "" ? [] : (results.data?.groups ?? []);
  const actions = useMatching(text.trim());
  const choice = useChoice(text, [
    ...groups.flatMap(valuesOfGroup),
    ...actionGroups(actions).flatMap(([, inside]) => inside.map(valueOfAction)),
  ]);
  const run = (todo: () => void) => () => {
    onClose();
    todo();
  };
  const go = (page: string) => run(() => router.history.push(page));
  return (
    <Command label="Search and run" shouldFilter={false} loop className="flex max-h-[70dvh] flex-col" {...choice}>
      <div className="flex items-center gap-2.5 border-b border-line px-4">
        <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
        <Command.Input
          value={text}
          onValueChange={setText}
          placeholder="Search runs, workflows, events… or run an action"
          className="h-12 grow bg-transparent text-base text-ink outline-none placeholder:text-ink-faint"
        />
        {results.isFetching && <span className="text-xs text-ink-faint">Searching…</span>}
      </div>
      <Command.List className="min-h-0 grow overflow-y-auto p-1.5" label="Results">
        <Command.Empty className="px-3 py-6 text-center text-sm text-ink-soft">
          {results.isFetching ? "Searching…" : "Nothing fits."}
        </Command.Empty>
        {groups.map((group) => (
          <Hits key={group.noun} group={group} text={wanted} go={go} />
        ))}
        {results.error !== null && wanted !== "" && (
          <div role="alert" className="px-3 py-2 text-sm text-bad">
            <Text>{results.error.message}</Text>
          </div>
        )}
        <Actions actions={actions} run={run} />
      </Command.List>
      <Hints />
    </Command>
  );
}

type Group = Answer<"search">["groups"][number];

/** What tells entries apart. */
const valueOfHit = (noun: string, id: string): string => `${noun}:${id}`;
const valueOfMore = (noun: string): string => `more:${noun}`;
const valueOfAction = (action: Action): string => `action:${action.id}`;
const valuesOfGroup = ({ noun, hits, more }: Group): readonly string[] => [
  ...hits.map((hit) => valueOfHit(noun, hit.id)),
  ...(more ? [valueOfMore(noun)] : []),
];

function actionGroups(actions: readonly Action[]): readonly (readonly [string, readonly Action[]])[] {
  return [...Map.groupBy(actions, (action) => action.group)];
}

/** The chosen entry: the first one, even when entries come in above it, until one moves; the first again for another text. */
function useChoice(text: string, values: readonly string[]) {
  const [moved, setMoved] = useState<{ readonly text: string; readonly value: string }>();
  const moving = useRef(false);
  const kept = moved !== undefined && moved.text === text && values.includes(moved.value) ? moved.value : undefined;
  return {
    value: kept ?? values[0] ?? "",
    onValueChange: (value: string) => {
      // The list also chooses by itself, whenever its entries change.
      if (moving.current) setMoved({ text, value });
      moving.current = false;
    },
    onKeyDown: ({ key }: KeyboardEvent) => {
      moving.current = /^(?:Arrow(?:Up|Down)|Home|End)$/.test(key);
    },
    onPointerMove: () => {
      moving.current = true;
    },
  };
}

interface ActionsProps {
  readonly actions: readonly Action[];
  readonly run: (todo: () => void) => () => void;
}

function Actions({ actions, run }: ActionsProps) {
  return (
    <>
      {actionGroups(actions).map(([name, inside]) => (
        <Command.Group key={name} heading={name} className={groupLook}>
          {inside.map((action) => (
            <Command.Item key={action.id} value={valueOfAction(action)} onSelect={run(action.run)} className={itemLook}>
              {action.icon === undefined ? (
                <CornerDownLeft aria-hidden className="size-4 shrink-0 text-ink-faint" />
              ) : (
                <action.icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
              )}
              <span className="grow truncate">{action.label}</span>
              {action.keys !== undefined && <Keys keys={action.keys} />}
            </Command.Item>
          ))}
        </Command.Group>
      ))}
    </>
  );
}

function Hints() {
  return (
    <footer className="flex items-center gap-4 border-t border-line px-4 py-2 text-xs text-ink-faint max-sm:hidden">
      <span className="flex items-center gap-1.5">
        <Keys keys="arrowup arrowdown" /> choose
      </span>
      <span className="flex items-center gap-1.5">
        <Keys keys="enter" /> open
      </span>
      <span className="flex items-center gap-1.5">
        <Keys keys="escape" /> close
      </span>
    </footer>
  );
}

const groupLook =
  "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-faint";
const itemLook =
  "flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1 text-sm text-ink data-[selected=true]:bg-hover";

interface HitsProps {
  readonly group: Group;
  readonly text: string;
  readonly go: (page: string) => () => void;
}

function Hits({ group, text, go }: HitsProps) {
  const { navigation } = useParts();
  const item = navigation.find((each) => each.noun === group.noun);
  const Icon = item?.icon ?? Search;
  return (
    <Command.Group heading={nounLabel(navigation, group.noun)} className={groupLook}>
      {group.hits.map((hit) => (
        <Command.Item key={hit.id} value={valueOfHit(group.noun, hit.id)} onSelect={go(hit.page)} className={itemLook}>
          <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
          <span className="min-w-0 grow">
            <Text truncate>{hit.title}</Text>
            {hit.detail !== null && (
              <Text truncate className="text-xs text-ink-faint">
                {hit.detail}
              </Text>
            )}
          </span>
          {hit.status !== null && <span className="text-xs text-ink-soft">{hit.status}</span>}
          {hit.at !== null && <Time at={hit.at} className="text-xs whitespace-nowrap text-ink-faint" />}
        </Command.Item>
      ))}
      {group.more && (
        <Command.Item
          value={valueOfMore(group.noun)}
          onSelect={go(`/search?q=${encodeURIComponent(text)}&noun=${encodeURIComponent(group.noun)}`)}
          className={itemLook}
        >
          <span className="pl-6.5 text-ink-soft">Show all</span>
        </Command.Item>
      )}
    </Command.Group>
  );
}

/** Actions that fit the text, best first; without a text all of them in their order. */
function useMatching(text: string): readonly Action[] {
  const actions = useCurrentActions().filter((action) => action.id !== "palette" && action.id !== "search");
  if (text === "") return actions;
  return actions
    .map((action) => ({ action, fit: defaultFilter(action.label, text, [action.group, action.words ?? ""]) }))
    .filter(({ fit }) => fit > 0)
    .toSorted((a, b) => b.fit - a.fit)
    .map(({ action }) => action);
}
