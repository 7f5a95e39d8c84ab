// Ends the commands of a worker that was killed: a process beside it knows their groups, and notices its end by a pipe, whatever the
// way it went. Node's modules, which Bun and Deno have as well.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import process from "node:process";

/*
 * Reads `+ GROUP` and `- GROUP`; at the end of its input it ends the groups that are left. A shell, since every Unix has one and it
 * takes little memory; nothing of a command reaches it but numbers.
 */
const script = `groups=
while read -r verb group; do
  case $verb in
    +) groups="$groups $group" ;;
    -) kept=
       for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
       groups=$kept ;;
  esac
done
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done`;

/** Knows the process groups that must not outlive this process. One for each worker; its process starts with the first group. */
export class OrphanGuard {
  #process: ChildProcess | undefined;
  readonly #groups = new Set<number>();

  /** Pid of the process that watches; undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** From now on this group ends with this process. */
  add(group: number): void {
    this.#groups.add(group);
    if (this.#process === undefined) this.#start();
    else this.#say(`+ ${group}`);
  }

  /** The group has ended, or may go on. */
  remove(group: number): void {
    if (this.#groups.delete(group)) this.#say(`- ${group}`);
  }

  #start(): void {
    if (process.platform === "win32") return;
    // A group of its own: what is sent to this one's, by a terminal for instance, does not reach it.
    const guard = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    this.#process = guard;
    // It does not keep this process alive, and goes with it.
    guard.unref();
    (guard.stdin as { unref?: () => void } | null)?.unref?.();
    guard.stdin?.on("error", () => undefined);
    const gone = (): void => {
      if (this.#process === guard) this.#process = undefined;
    };
    guard.once("error", gone);
    guard.once("exit", gone);
    for (const group of this.#groups) this.#say(`+ ${group}`);
  }

  #say(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}
