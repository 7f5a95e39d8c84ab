// `sluice term serve`: the face for clients of VibeTunnel, with its flags.
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import type { TermServeFlags } from "../term-serve.ts";
import { clientCommand } from "./client-command.ts";

export function addServe(term: Command, io: Io): void {
  clientCommand(term, {
    name: "serve",
    description: "Serve VibeTunnel's API over the terminals of a server that runs here, or of one of its own",
    example: "sluice term serve --port 4022 --no-auth",
  })
    .option("--port <n>", "port; 0 takes any that is free (default: PORT, else 4022)")
    .option("--bind <address>", "address to listen on (default: 127.0.0.1)")
    .option("--no-auth", "let everybody on this machine in; on loopback only")
    .option("--enable-ssh-keys", "let keys of ~/.ssh/authorized_keys sign in")
    .option("--disallow-user-password", "no passwords of the server's users")
    .option("--allow-local-bypass", "let programs of this machine in without signing in")
    .option("--local-auth-token <token>", "what they have to send as X-VibeTunnel-Local")
    .option("--allowed-host <name...>", "names it answers to besides those of this machine")
    .option("--root <dir...>", "folders whose files are shown (default: your home and this folder)")
    .option("--static-path <dir>", "folder with a web client, such as node_modules/vibetunnel/public")
    .option("--hq", "let other servers register here")
    .option("--hq-url <url>", "register with the server there")
    .option("--hq-username <name>", "as whom")
    .option("--hq-password <password>", "with which password (default: VIBETUNNEL_HQ_PASSWORD)")
    .option("--name <name>", "what this server is called there")
    .option("--push-disabled", "no web push (there is none)")
    .option("--no-mdns", "not announced in the network (it never is)")
    .action(async (flags: TargetFlags & TermServeFlags) => {
      const { termServe } = await import("../term-serve.ts");
      await termServe(io, flags);
    });
}
