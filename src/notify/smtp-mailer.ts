import { createTransport } from "nodemailer";
import type { Mail, Mailer } from "../event/mailer.ts";
import { deferred } from "../runtime/deferred.ts";
import type { SmtpServer } from "./smtp-url.ts";

export interface SmtpMailerDeps {
  /** Asked for each mail, so that a password may be changed meanwhile; null where it cannot be read. */
  server: () => Promise<SmtpServer | null>;
  /** Who the mails are from: an address, or a name and an address in angle brackets. */
  from: string;
}

const DEADLINE = 30_000;
const CONNECT_DEADLINE = 10_000;

/** Sends over SMTP (RFC 5321), each mail on a connection of its own. */
export function createSmtpMailer({ server, from }: SmtpMailerDeps): Mailer {
  return {
    send: async (mail) => {
      const found = await server();
      if (!found) return "failed";
      const transport = openTransport(found);
      const late = lateAfter(DEADLINE);
      try {
        const sent = transport.sendMail(messageOf(mail, from)).then(() => "sent" as const);
        return await Promise.race([sent.catch(endOf), late.passed]);
      } finally {
        late.clear();
        transport.close();
      }
    },
  };
}

function openTransport({ host, port, tls, login }: SmtpServer) {
  return createTransport({
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "required",
    ignoreTLS: tls === null,
    ...(login && { auth: { user: login.user, pass: login.password.reveal() } }),
    connectionTimeout: CONNECT_DEADLINE,
    greetingTimeout: CONNECT_DEADLINE,
    socketTimeout: CONNECT_DEADLINE,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function messageOf({ to, subject, text, html, id }: Mail, from: string) {
  return {
    from,
    to: [...to],
    subject,
    text,
    html,
    messageId: `<${id}@${domainOf(from)}>`,
    // RFC 3834: no holiday notice answers it.
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

function domainOf(from: string): string {
  return /@([\w.-]+)/.exec(from)?.[1] ?? "evergrant.invalid";
}

/** A password that is wrong can be set right; what the server says of the mail itself stays so (RFC 5321 §4.2.1). */
function endOf(error: unknown): "refused" | "failed" {
  const { code, responseCode } = factsOf(error);
  return code !== "EAUTH" && responseCode >= 500 && responseCode < 600 ? "refused" : "failed";
}

function factsOf(error: unknown): { code: unknown; responseCode: number } {
  if (!(error instanceof Error)) return { code: null, responseCode: 0 };
  const responseCode = "responseCode" in error ? Number(error.responseCode) : 0;
  return { code: "code" in error ? error.code : null, responseCode };
}

function lateAfter(milliseconds: number): { passed: Promise<"failed">; clear: () => void } {
  const late = deferred<"failed">();
  const timer = setTimeout(() => late.resolve("failed"), milliseconds);
  return { passed: late.promise, clear: () => clearTimeout(timer) };
}
