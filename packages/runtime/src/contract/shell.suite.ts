// Commands: words, pipes, limits, and the tools on top.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import type { RuntimeProvider } from "../provider.ts";
import { gitPullCommand, rsyncCommand } from "../shell/tools.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, settled, textOf } from "./case.suite.ts";

async function hasProgram(runtime: RuntimeProvider, name: string): Promise<boolean> {
  return (await codeOf(() => runtime.process.spawn(name, ["--version"]).exited)) === undefined;
}

const nobody = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };

export function shellCases(test: Test): void {
  test("shell: exec takes arguments, or words and quotes, and answers with code and both streams", async ({
    runtime: { shell },
  }) => {
    const said = await shell.exec(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    deepEqual([said.exitCode, textOf(said.stdout), textOf(said.stderr), said.text()], [3, "out\n", "err\n", "out\n"]);
    equal((await shell.exec(`printf '%s|' a  "b c" 'd"e' f\\ g "h\\"i" ''`)).text(), `a|b c|d"e|f g|h"i||`);
    equal((await shell.exec("sh -c 'kill -TERM $$'")).exitCode, 128 + 15);
  });

  test("shell: a template's values are single arguments, lists several", async ({ runtime: { shell } }) => {
    const [spaced, list] = ["a b; c", ["x y", "$z", 7]];
    equal(
      (await shell.$`printf '%s|' ${spaced} --name=${spaced} "in ${spaced}" ${list} ${[]} ${1n} ${true}`).text(),
      "a b; c|--name=a b; c|in a b; c|x y|$z|7|1|true|",
    );
    equal(await codeOf(() => shell.$`printf a${["b", "c"]}`), "bad_command");
    equal(await codeOf(() => shell.$`printf ${{ toString: () => "x" } as unknown as string}`), "bad_command");
    equal(await codeOf(() => shell.$`printf ${"a\0b"}`), "bad_command");
  });

  test("shell: pipes feed one command from the other, and the code is that of the last that failed", async ({
    runtime: { shell },
  }) => {
    const lines = ["b", "a", "c"].join("\n");
    equal((await shell.$`printf '%s\n' ${lines} | sort | head -n 2`).text(), "a\nb\n");
    equal(
      (
        await shell.pipe([
          ["printf", "%s\n", lines],
          ["sort", "-r"],
        ])
      ).text(),
      "c\nb\na\n",
    );
    const failed = await shell.$`sh -c ${"echo early; echo bad >&2; exit 4"} | cat`;
    deepEqual([failed.exitCode, failed.text(), textOf(failed.stderr)], [4, "early\n", "bad\n"]);
    // Who stops reading ends who writes.
    equal((await shell.$`yes | head -n 1`).text(), "y\n");
    equal(await codeOf(() => shell.pipe([])), "bad_command");
    equal(await codeOf(() => shell.$`cat | | cat`), "bad_command");
    equal(await codeOf(() => shell.$`cat | no-such-program-anywhere`), "not_found");
  });

  test("shell: cd and with give every command a folder and an environment", async ({ runtime: { shell }, folder }) => {
    mkdirSync(`${folder}/a/b`, { recursive: true });
    const inside = shell
      .cd(folder)
      .cd("a/b")
      .with({ env: { ADDED: "here" } });
    equal((await inside.$`pwd`).text(), `${folder}/a/b\n`);
    equal((await inside.exec(["sh", "-c", "echo $ADDED"])).text(), "here\n");
    equal((await inside.exec(["sh", "-c", "echo $ADDED"], { env: { ADDED: "more" } })).text(), "more\n");
    equal((await inside.cd("/").exec("pwd")).text(), "/\n");
    equal((await shell.exec(["sh", "-c", "echo $PATH"])).text(), `${process.env["PATH"]}\n`);
    equal(await codeOf(() => shell.cd(`${folder}/none`).$`pwd`), "not_found");
  });

  test("shell: input is fed, and output has a limit", async ({ runtime: { shell } }) => {
    equal((await shell.exec("tr a-z A-Z", { input: "shout" })).text(), "SHOUT");
    equal((await shell.exec("cat", { input: "x".repeat(3_000_000) })).stdout.length, 3_000_000);
    equal((await shell.exec("cat")).text(), "");
    equal(await codeOf(() => shell.exec("head -c 100000 /dev/zero", { outputBytesMax: 65_000 })), "too_large");
    equal((await shell.exec("head -c 65000 /dev/zero", { outputBytesMax: 65_000 })).stdout.length, 65_000);
  });

  test("shell: a time limit ends everything that was started", async ({ runtime: { shell }, folder }) => {
    const script = "(while :; do echo x >> alive; sleep 0.02; done) & wait";
    equal(await codeOf(() => shell.cd(folder).exec(["sh", "-c", script], { timeoutMs: 300 })), "timed_out");
    await settled(() => (existsSync(`${folder}/alive`) ? readFileSync(`${folder}/alive`).length : 0));
    equal(await codeOf(() => shell.with({ timeoutMs: 200 }).$`sleep 60 | cat`), "timed_out");
  });

  test("shell: git pull goes forward and never aside", async ({ runtime, folder }) => {
    if (!(await hasProgram(runtime, "git"))) return console.error("left out: there is no git (apt-get install git)");
    const git = runtime.shell.cd(folder).with({ env: { ...nobody, HOME: folder } });
    const must = async (words: readonly string[]) => {
      const { exitCode, stderr } = await git.exec(["git", ...words]);
      equal(exitCode, 0, textOf(stderr));
    };
    await must(["init", "--quiet", "--initial-branch=main", "origin"]);
    const commit = async (text: string) => {
      writeFileSync(`${folder}/origin/file`, text);
      await must(["-C", "origin", "add", "file"]);
      await must(["-C", "origin", "commit", "--quiet", "--message", text]);
    };
    await commit("one");
    await must(["clone", "--quiet", "origin", "copy"]);
    await commit("two");
    const pulled = await runtime.shell.gitPull({
      folder: `${folder}/copy`,
      remote: "origin",
      branch: "main",
      timeoutMs: 30_000,
    });
    deepEqual([pulled.exitCode, readFileSync(`${folder}/copy/file`, "utf8")], [0, "two"]);
    writeFileSync(`${folder}/copy/file`, "mine");
    await must(["-C", "copy", "commit", "--quiet", "--all", "--message", "mine"]);
    await commit("three");
    ok((await runtime.shell.gitPull({ folder: `${folder}/copy` })).exitCode !== 0);
    equal(readFileSync(`${folder}/copy/file`, "utf8"), "mine");
  });

  test("shell: rsync copies a folder, and takes away what is gone when told to", async ({ runtime, folder }) => {
    const command = rsyncCommand({ from: "a/", to: "host:b", delete: true, exclude: ["*.o", "-x"] });
    deepEqual(command, [
      "rsync",
      "--archive",
      "--secluded-args",
      "--delete",
      "--exclude=*.o",
      "--exclude=-x",
      "--",
      "a/",
      "host:b",
    ]);
    if (!(await hasProgram(runtime, "rsync")))
      return console.error("left out: there is no rsync (apt-get install rsync)");
    for (const path of ["a/keep", "a/x.o", "b/gone"]) {
      mkdirSync(`${folder}/${path.slice(0, 1)}`, { recursive: true });
      writeFileSync(`${folder}/${path}`, path);
    }
    const { shell } = runtime;
    const copied = await shell.rsync({ from: `${folder}/a/`, to: `${folder}/b`, delete: true, exclude: ["*.o"] });
    equal(copied.exitCode, 0, textOf(copied.stderr));
    deepEqual(
      [existsSync(`${folder}/b/keep`), existsSync(`${folder}/b/x.o`), existsSync(`${folder}/b/gone`)],
      [true, false, false],
    );
  });

  test("shell: what comes from outside is no option of git and rsync", async () => {
    const option = "--upload-pack=touch pwned";
    for (const bad of [option, "-oProxyCommand=x", "", "-"]) {
      equal(await codeOf(() => gitPullCommand({ folder: "a", remote: bad, branch: "main" })), "bad_argument");
      equal(await codeOf(() => gitPullCommand({ folder: "a", branch: bad })), "bad_argument");
      equal(await codeOf(() => gitPullCommand({ folder: bad })), "bad_argument");
      equal(await codeOf(() => rsyncCommand({ from: bad, to: "b" })), "bad_argument");
      equal(await codeOf(() => rsyncCommand({ from: "a", to: bad })), "bad_argument");
    }
    equal(gitPullCommand({ folder: "a" }).env["GIT_TERMINAL_PROMPT"], "0");
  });
}
