// Programs on terminals as another user of the machine than the one that the server runs as.
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { Program } from "./pty-host.ts";

/** A line of the user database: passwd(5). */
export interface UserEntry {
  readonly name: string;
  readonly user: number;
  readonly group: number;
  readonly home: string;
  readonly shell: string;
}

const namePattern = /^[a-z_][\w.-]{0,63}$/i;

/** Asks the system, which may have users that stand in no file. Fails with `bad_request` where there is no such user. */
export async function userNamed(name: string): Promise<Result<UserEntry>> {
  const found = namePattern.test(name) ? entryIn(await passwdOf(name)) : undefined;
  if (found !== undefined) return ok(found);
  return fail({
    code: "bad_request",
    message: `There is no user ${JSON.stringify(name.slice(0, 64))}.`,
    hint: "Send runAs with one of the server's machine.",
  });
}

/**
 * The same program as another user, with that user's home and name. A server that is root takes the user's rights itself
 * (setpriv); any other one asks sudo, whose rules then say what may be begun and which variables get through.
 */
export function programAs(wanted: Program, entry: UserEntry, own: { readonly isRoot: boolean }): Program {
  const { program, args, cwd, env } = wanted;
  const { name, user, group, home, shell } = entry;
  const theirs = { ...env, HOME: home, USER: name, LOGNAME: name, SHELL: shell };
  const whole = ["--", program, ...args];
  if (!own.isRoot) return { program: "sudo", args: ["-n", "-H", "-u", name, ...whole], cwd, env: theirs };
  const rights = [`--reuid=${user}`, `--regid=${group}`, "--init-groups", "--inh-caps=-all"];
  return { program: "setpriv", args: [...rights, ...whole], cwd, env: theirs };
}

async function passwdOf(name: string): Promise<string> {
  try {
    const child = Bun.spawn(["getent", "passwd", name], { stdout: "pipe", stderr: "ignore" });
    return await child.stdout.text();
  } catch {
    return ""; // A system without it knows no other users.
  }
}

export function entryIn(line: string): UserEntry | undefined {
  const [name = "", , user = "", group = "", , home = "", shell = ""] = line.trim().split(":");
  if (name === "" || !/^\d+$/.test(user) || !/^\d+$/.test(group)) return undefined;
  return { name, user: Number(user), group: Number(group), home: home || "/", shell: shell || "/bin/sh" };
}
