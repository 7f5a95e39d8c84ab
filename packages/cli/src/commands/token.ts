// `sluice token`: secrets for programs, as narrow as they can be.
import type { Command } from "commander";
import { parseDuration } from "@sluice/protocol";
import { segment } from "../api.ts";
import type { Api, TargetFlags } from "../api.ts";
import { CliError, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { collect } from "./repeated-option.ts";

interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly owner: string | null;
  readonly role: string | null;
  readonly expiresAt: number | null;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}

interface CreateFlags extends TargetFlags {
  readonly role?: string;
  readonly grant?: string[];
  readonly name: string;
  readonly expires?: string;
  readonly limit?: string[];
}

interface Page {
  readonly tokens: readonly TokenView[];
  readonly nextCursor: string | null;
}

export function addTokenCommands(program: Command, io: Io): void {
  const token = commandGroup(program, "token", "Make and revoke tokens for programs");
  clientCommand(token, {
    name: "create",
    description: "Make a token; its secret is shown once",
    example: "sluice token create --role operator --name deploys --expires 90d --limit 'workflow=deploy/*'",
  })
    .requiredOption("--name <name>", "what it is for")
    .option("--role <role>", "what it may do: viewer, operator, developer, admin, worker or a role made here")
    .option("--grant <permission[=pattern]>", "or one permission, such as run:start=deploy/*; may be repeated", collect)
    .option("--expires <duration>", "for how long it is good, such as 90d (default: for ever)")
    .option(
      "--limit <selector=pattern>",
      "narrows it: workflow, event, state, cache, tenant, label, …; may be repeated",
      collect,
    )
    .action(async (flags: CreateFlags) => {
      const body = { name: flags.name, role: flags.role, ...details(flags) };
      const { id, token: secret } = await apiOf(io, flags).json<{ readonly id: string; readonly token: string }>(
        "/api/v1/tokens",
        { method: "POST", body },
      );
      show(io, flags, {
        json: { id, token: secret },
        text: () => [secret, "", "It cannot be shown again. To take it back:", `  sluice token revoke ${id}`],
      });
    });
  addList(token, io);
  clientCommand(token, {
    name: "revoke",
    description: "Revoke a token: from now on it is good for nothing",
    example: "sluice token revoke tkn_…",
  })
    .argument("<token>", "id of the token")
    .action(async (id: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/tokens/${segment(id)}`, { method: "DELETE" });
      show(io, flags, { json: { revoked: id }, text: () => [`Token ${id} is revoked.`] });
    });
}

function details(flags: CreateFlags): Record<string, unknown> {
  if (flags.role !== undefined && flags.grant !== undefined)
    throw misused("A token has a role or grants, not both.", "Leave out --role, or narrow the role with --limit.");
  const limits = grouped(flags.limit ?? [], "--limit");
  const grants = [...grouped(flags.grant ?? [], "--grant")].map(([permission, only]) =>
    only.length === 0 ? { permission } : { permission, only },
  );
  return {
    ...(flags.grant === undefined ? {} : { grants }),
    ...(limits.size === 0 ? {} : { limits: Object.fromEntries(limits) }),
    ...(flags.expires === undefined ? {} : { expiresIn: expiry(flags.expires) }),
  };
}

/** `NAME=PATTERN` several times, as patterns by name. A permission may stand without a pattern. */
function grouped(texts: readonly string[], flag: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf("=");
    const alone = at === -1 && flag === "--grant";
    if (at === 0 || at === text.length - 1 || (at === -1 && !alone))
      throw misused(`${flag} takes NAME=PATTERN, not ${text}.`, "Such as workflow=billing/*, or state=ci/");
    const name = alone ? text : text.slice(0, at);
    found.set(name, [...(found.get(name) ?? []), ...(alone ? [] : [text.slice(at + 1)])]);
  }
  return found;
}

function expiry(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw misused(`--expires takes a duration, not ${text}.`, "Such as 90d, or 12h");
  }
}

function addList(token: Command, io: Io): void {
  clientCommand(token, {
    name: "list",
    description: "Tokens, newest first: everybody's where one may see them, else one's own",
    example: "sluice token list",
  })
    .option("--limit <n>", "how many (default: 50)")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(async (flags: TargetFlags & { readonly limit?: string; readonly cursor?: string }) => {
      const { limit, cursor } = flags;
      const page = await tokensOf(apiOf(io, flags), { limit, cursor });
      const rows = page.tokens.map((each) => [
        each.id,
        each.name,
        `${each.prefix}…`,
        each.role ?? "-",
        each.owner ?? "-",
        stateOf(each),
        time(each.usedAt),
      ]);
      show(io, flags, {
        json: page,
        text: () =>
          rows.length === 0
            ? ["No tokens."]
            : table(["TOKEN", "NAME", "SECRET", "ROLE", "OWNER", "GOOD UNTIL", "USED"], rows),
      });
    });
}

async function tokensOf(api: Api, query: Record<string, string | undefined>): Promise<Page> {
  try {
    return await api.json<Page>("/api/v1/tokens", { query: { ...query, all: "true" } });
  } catch (error) {
    if (!(error instanceof CliError) || error.wire.code !== "forbidden") throw error;
    return api.json<Page>("/api/v1/tokens", { query });
  }
}

function stateOf({ revokedAt, expiresAt }: TokenView): string {
  return revokedAt === null ? time(expiresAt) : "revoked";
}
