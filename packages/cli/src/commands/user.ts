// `sluice user`: who may sign in.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { collect } from "./repeated-option.ts";

interface UserView {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly secondFactor: boolean;
  readonly signedInAt: number | null;
}

interface CreateFlags extends TargetFlags {
  readonly admin?: boolean;
  readonly role?: string[];
  readonly email?: string;
  /** False with `--no-password`. */
  readonly password: boolean;
}

export function addUserCommands(program: Command, io: Io): void {
  const user = commandGroup(program, "user", "Make users, and say who may sign in");
  clientCommand(user, {
    name: "create",
    description: "Create a user; the password is asked for, or read from standard input",
    example: "sluice user create ada --role operator",
  })
    .argument("<name>", "what the user signs in as")
    .option("--admin", "may do everything; the first user has to")
    .option("--role <role>", "viewer, operator, developer, admin or one made here; may be repeated", collect)
    .option("--email <address>", "address of the user")
    .option("--no-password", "the user signs in by other means, or is given one later")
    .action(async (name: string, flags: CreateFlags) => {
      const roles = [...(flags.admin === true ? ["admin"] : []), ...(flags.role ?? [])];
      if (roles.length === 0)
        throw misused("A user needs a role.", "Add --role viewer, or --admin for one who may do everything.");
      const password = flags.password ? await readPassword(io) : undefined;
      const body = { name, roles, email: flags.email, password };
      const answer = await apiOf(io, flags).json<{ readonly user: UserView }>("/api/v1/users", {
        method: "POST",
        body,
      });
      show(io, flags, { json: answer, text: () => [`User ${answer.user.name} may sign in (${roles.join(", ")}).`] });
    });
  addList(user, io);
  clientCommand(user, {
    name: "password",
    description: "Give a user another password; their sessions end",
    example: "sluice user password ada",
  })
    .argument("<name>", "user")
    .action(async (name: string, flags: TargetFlags) => {
      const changed = await change(io, flags, { name, body: { password: await readPassword(io) } });
      show(io, flags, { json: changed, text: () => [`${changed.user.name} has another password.`] });
    });
  for (const [verb, disabled, description] of [
    ["disable", true, "Let a user in no more; their sessions end and their tokens stop"],
    ["enable", false, "Let a user in again"],
  ] as const) {
    clientCommand(user, { name: verb, description, example: `sluice user ${verb} ada` })
      .argument("<name>", "user")
      .action(async (name: string, flags: TargetFlags) => {
        const changed = await change(io, flags, { name, body: { disabled } });
        show(io, flags, { json: changed, text: () => [`${changed.user.name} is ${verb}d.`] });
      });
  }
}

function addList(user: Command, io: Io): void {
  clientCommand(user, { name: "list", description: "Users, in order of names", example: "sluice user list" })
    .option("--text <text>", "whose name or address holds this")
    .option("--limit <n>", "how many (default: 50)")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(
      async (flags: TargetFlags & { readonly text?: string; readonly limit?: string; readonly cursor?: string }) => {
        const { text, limit, cursor } = flags;
        const page = await apiOf(io, flags).json<{
          readonly users: readonly UserView[];
          readonly nextCursor: string | null;
        }>("/api/v1/users", { query: { text, limit, cursor } });
        const rows = page.users.map((each) => [
          each.name,
          each.roles.join(", "),
          each.disabled ? "disabled" : "-",
          each.secondFactor ? "yes" : "-",
          time(each.signedInAt),
          each.email ?? "-",
        ]);
        show(io, flags, {
          json: page,
          text: () =>
            rows.length === 0
              ? ["No users."]
              : table(["NAME", "ROLES", "STATE", "SECOND FACTOR", "SIGNED IN", "EMAIL"], rows),
        });
      },
    );
}

async function change(
  io: Io,
  flags: TargetFlags,
  { name, body }: { readonly name: string; readonly body: object },
): Promise<{ readonly user: UserView }> {
  return apiOf(io, flags).json(`/api/v1/users/${segment(name)}`, { method: "PATCH", body });
}

/** Asked for twice at a terminal, else the first line of standard input. */
async function readPassword(io: Io): Promise<string> {
  const ask = io.askSecret;
  if (ask === undefined) {
    const [line = ""] = (await io.readStdin()).split(/\r?\n/, 1);
    if (line === "") throw misused("There is no password on standard input.", "Pipe it in, or add --no-password.");
    return line;
  }
  const password = await ask("Password: ");
  if (password !== (await ask("Again: "))) throw misused("The two are not the same.", "Try again.");
  return password;
}
