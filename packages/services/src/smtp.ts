// Mail over SMTP.
import { action, defineService, NonRetryableError } from "@sluice/sdk";
import { z } from "zod";

const addresses = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const mail = z.object({
  from: z.string().min(1).optional(),
  to: addresses,
  cc: addresses.optional(),
  bcc: addresses.optional(),
  replyTo: z.string().optional(),
  subject: z.string(),
  text: z.string().optional(),
  html: z.string().optional(),
  attachments: z
    .array(
      z.object({
        filename: z.string(),
        content: z.union([z.string(), z.instanceof(Uint8Array)]),
        contentType: z.string().optional(),
      }),
    )
    .optional(),
});

/** One mail. */
export type Mail = z.input<typeof mail>;

/**
 * Mail over SMTP. Refusals for good (5xx) fail the step at once, others are tried again. The Message-ID is made of the step's
 * idempotency key: a mail that is sent twice after a crash can be told by its receivers.
 */
export const smtp = defineService({
  id: "smtp",
  name: "Mail",
  version: "1.0.0",
  config: z.object({
    host: z.string().min(1),
    port: z.int().default(587),
    /** TLS from the beginning (port 465); otherwise STARTTLS where the server offers it. */
    secure: z.boolean().default(false),
    /** Refuse to send without TLS. */
    requireTls: z.boolean().default(false),
    /** Sender of mails that name none. */
    from: z.string().optional(),
    user: z.string().optional(),
    password: z.string().optional(),
  }),
  retry: { attempts: 5, delay: "2s", maxDelay: "5m" },
  timeout: "60s",
  setup: async ({ config, onStop, onHealth }) => {
    const { createTransport } = await import("nodemailer");
    const { host, port, secure, requireTls, user, password } = config;
    const transport = createTransport({
      host,
      port,
      secure,
      requireTLS: requireTls,
      pool: true,
      ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
    });
    onStop(() => transport.close());
    onHealth(() => transport.verify());
    return {
      send: action({
        input: mail,
        output: z.object({ messageId: z.string(), accepted: z.array(z.string()), rejected: z.array(z.string()) }),
        run: async ({ attachments, from = config.from, ...message }, step) => {
          const domain =
            from
              ?.split("@")
              .at(-1)
              ?.replace(/[^\w.-]/g, "") ?? "localhost";
          const content = attachments?.map(({ content: text, ...rest }) => ({
            ...rest,
            content: typeof text === "string" ? text : Buffer.from(text),
          }));
          const messageId = `<${step.idempotencyKey.replaceAll(":", ".")}@${domain === "" ? "localhost" : domain}>`;
          try {
            const sent = await transport.sendMail({
              ...message,
              from,
              messageId,
              ...(content === undefined ? {} : { attachments: content }),
            });
            return {
              messageId: sent.messageId,
              accepted: sent.accepted.map(addressOf),
              rejected: sent.rejected.map(addressOf),
            };
          } catch (error) {
            throw forGood(error);
          }
        },
      }),
    };
  },
});

function addressOf(address: string | { readonly address: string }): string {
  return typeof address === "string" ? address : address.address;
}

/** A server that says 5xx will say so again (RFC 5321, section 4.2.1). */
function forGood(error: unknown): unknown {
  const code = (error as { readonly responseCode?: unknown }).responseCode;
  if (typeof code !== "number" || code < 500) return error;
  return new NonRetryableError(error instanceof Error ? error.message : String(error), {
    cause: error,
    code: `smtp_${code}`,
  });
}
