// Approvers hear of an approval through a ready-made service: a real SMTP server and a real listener, and a worker that dies.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { secret } from "@sluice/sdk";
import type { ApprovalRequest, ApproveOptions, Context } from "@sluice/sdk";
import { SMTPServer } from "smtp-server";
import { workflow } from "sluice";
import { testWorkflow } from "sluice/testing";
import { slack, webhookTarget } from "./chat.ts";
import { smtp } from "./smtp.ts";

interface Mail {
  readonly to: readonly string[];
  readonly text: string;
}
const mails: Mail[] = [];
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS", "AUTH"],
  // A worker that has died leaves its connection open.
  closeTimeout: 10,
  onData: (stream, { envelope }, done) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("end", () => {
      // Long lines of a mail are folded; a link is looked for in one piece.
      mails.push({ to: envelope.rcptTo.map(({ address }) => address), text: text.replaceAll("=\r\n", "") });
      done();
    });
  },
});
const posts: {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string | null;
}[] = [];
const listener = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const body = (await request.json()) as Readonly<Record<string, unknown>>;
    posts.push({ path: new URL(request.url).pathname, body, key: request.headers.get("idempotency-key") });
    return new Response("ok");
  },
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.server.address() as AddressInfo);
});
afterEach(() => {
  mails.length = 0;
  posts.length = 0;
});
afterAll(async () => {
  await listener.stop(true);
  await new Promise<void>((resolve) => server.close(resolve));
});

const url = (path: string): string => `http://127.0.0.1:${listener.port}${path}`;
const services = () => ({
  mail: smtp.withConfig({ config: { host: "127.0.0.1", port, from: "sluice@example.com" } }),
  chat: slack.withConfig({ auth: { webhookUrl: secret("slack/url") } }),
  hook: webhookTarget.withConfig({ auth: { url: url("/hook"), secret: "a shared secret" } }),
});
type Told = Context<ReturnType<typeof services>>;

/** A run that asks, and tells those who are asked as `tell` says. */
function asking(options: ApproveOptions<never>, tell: (request: ApprovalRequest, ctx: Told) => Promise<unknown>) {
  const pay = workflow({ name: "pay", services: services() }, async (ctx) => {
    const { by } = await ctx.approve("payment", { ...options, notify: (request) => tell(request, ctx) });
    return by;
  });
  return testWorkflow(pay, { secrets: { "slack/url": url("/services/T0/B0") }, stepGraceMs: 5_000 });
}

/** Servers answer in their own time. */
async function until(t: { settle(): Promise<void> }, there: () => boolean): Promise<void> {
  while (!there()) {
    await t.settle();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await t.settle();
}

const byMail = ({ approver, why, url: link }: ApprovalRequest, ctx: Told) =>
  ctx.services.mail.send({ to: approver ?? "", subject: `${why}: payment`, text: `Decide at ${link}` });

test("each approver gets one mail with a link of their own, however often the worker dies", async () => {
  const people = ["ada@example.com", "bob@example.com", "cfo@example.com"];
  await using t = asking({ approvers: people, need: 2 }, byMail);
  const run = await t.start();
  await until(t, () => mails.length === 3);
  await t.crash();
  expect(mails.flatMap(({ to }) => to).toSorted()).toEqual(people);
  const links = new Map(
    mails.map(({ to, text }) => [to[0], /http:\/\/127\.0\.0\.1:7890\/approve\/(\S+)/.exec(text)?.[1]] as const),
  );
  expect(new Set(links.values()).size).toBe(3);
  await t.approve(links.get("bob@example.com") ?? "", {});
  await t.crash();
  await t.approve(links.get("cfo@example.com") ?? "", {});
  await t.expect(run).toComplete();
  expect(mails).toHaveLength(3);
});

test("a mail that was sent when the worker died before it was written down comes again as the same mail", async () => {
  await using t = asking({ approvers: ["ada@example.com"] }, byMail);
  t.crashAfter("mail.send", { journaled: false });
  const run = await t.start();
  await until(t, () => mails.length === 2);
  const ids = mails.map(({ text }) => /Message-ID: (\S+)/.exec(text)?.[1]);
  expect(ids[0]).toContain(run.id);
  expect(ids[1]).toBe(ids[0]);
  await t.approve("payment");
  await t.expect(run).toComplete();
});

test("reminders are mails of their own, and nobody who has answered gets one", async () => {
  const remind = { every: "1 day", times: 2 } as const;
  await using t = asking({ approvers: ["ada@example.com", "bob@example.com"], need: "all", remind }, byMail);
  const run = await t.start();
  await until(t, () => mails.length === 2);
  await t.approve("payment");
  mails.length = 0;
  await t.advance("3 days");
  expect(mails.map(({ to, text }) => [to.length, /Subject: (\w+)/.exec(text)?.[1]])).toEqual([
    [1, "reminder"],
    [1, "reminder"],
  ]);
  expect(new Set(mails.flatMap(({ to }) => to)).size).toBe(1);
  await t.approve("payment");
  await t.expect(run).toComplete();
});

test("Slack and any other target are told the same way, once, under the step's key", async () => {
  await using t = asking({ approvers: ["role:finance"] }, async ({ approver, name, url: link }, ctx) => {
    await ctx.services.chat.send({ text: `${name} waits for ${approver}: ${link}` });
    await ctx.services.hook.send({ json: { approver, link } });
  });
  t.crashAfter("chat.send");
  const run = await t.start();
  await until(t, () => posts.length === 2);
  expect(posts.map(({ path }) => path)).toEqual(["/services/T0/B0", "/hook"]);
  expect(posts[0]?.body["text"]).toMatch(/^payment waits for role:finance: http:\/\/127\.0\.0\.1:7890\/approve\//);
  expect(posts[1]).toMatchObject({ body: { approver: "role:finance" }, key: expect.stringContaining(run.id) });
  await t.approve("payment");
  await t.expect(run).toComplete();
});
