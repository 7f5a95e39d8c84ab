// Against a real SMTP server on loopback.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { secret } from "@sluice/sdk";
import { SMTPServer } from "smtp-server";
import { calling } from "./calling.fixture.suite.ts";
import { smtp } from "./smtp.ts";

const mails: { readonly from: string; readonly to: string[]; readonly text: string; readonly user: unknown }[] = [];
let refusals: (Error & { responseCode?: number })[] = [];
const server = new SMTPServer({
  authOptional: false,
  allowInsecureAuth: true,
  disabledCommands: ["STARTTLS"],
  onAuth: ({ username, password }, _session, done) =>
    password === "mail-password-1" ? done(null, { user: username }) : done(new Error("wrong password")),
  onRcptTo: ({ address }, _session, done) => {
    const refusal = refusals.shift();
    done(
      refusal ??
        (address.startsWith("nobody") ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null),
    );
  },
  onData: (stream, session, done) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      mails.push({
        from: mailFrom === false ? "" : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        text,
        user: session.user,
      });
      done();
    });
  },
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.server.address() as AddressInfo);
});
afterAll(async () => new Promise<void>((resolve) => server.close(resolve)));

const configured = (password = "mail-password-1") =>
  calling(
    smtp.withConfig({
      config: { host: "127.0.0.1", port, from: "shop@example.com", user: "shop", password: secret("smtp") },
    }),
    { smtp: password },
  );

test("a mail arrives with its parts, and a Message-ID that is the step's", async () => {
  await using it = await configured();
  const sent = await it.call<{ messageId: string; accepted: string[] }>("send", {
    to: ["ada@example.com", "bob@example.com"],
    subject: "Order",
    text: "Thank you",
    attachments: [{ filename: "a.txt", content: new TextEncoder().encode("attached") }],
  });
  expect(sent.accepted).toEqual(["ada@example.com", "bob@example.com"]);
  const [mail] = mails.splice(0);
  expect(mail).toMatchObject({ from: "shop@example.com", to: ["ada@example.com", "bob@example.com"], user: "shop" });
  expect(mail?.text).toContain("Thank you");
  expect(mail?.text).toContain(`Message-ID: ${sent.messageId}`);
  expect(sent.messageId).toMatch(/^<run_.+\.0@example\.com>$/);
  expect(mail?.text).toContain(Buffer.from("attached").toString("base64"));
});

test("a refusal for now is tried again, one for good is not", async () => {
  await using it = await configured();
  refusals = [Object.assign(new Error("try later"), { responseCode: 451 })];
  await it.call("send", { to: "ada@example.com", subject: "s", text: "t" });
  expect(mails.splice(0).length).toBe(1);
  expect(it.call("send", { to: "nobody@example.com", subject: "s", text: "t" })).rejects.toMatchObject({
    name: "NonRetryableError",
    code: "smtp_550",
  });
});

test("a wrong password fails the step and is in no error", async () => {
  await using it = await configured("another-password");
  const error = await it
    .call("send", { to: "ada@example.com", subject: "s", text: "t" })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(`${String(error)} ${(error as Error).stack}`).not.toContain("another-password");
});
