import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { onTestFinished } from "vitest";

/** A mail as it arrived. */
export interface ReceivedMail {
  from: string;
  to: string[];
  /** Header and body as they were sent. */
  raw: string;
  /** With lines that were folded and characters that were encoded put right. */
  text: string;
  isSecure: boolean;
  user: string | null;
}

export interface MailServer {
  port: number;
  mails: ReceivedMail[];
  /** What it says to a mail from now on; null: it takes it. */
  refuse(answer: { code: number; text: string } | null): void;
}

/** Takes mails in on the loopback, signed in or not. */
export async function startMailServer(options: Partial<SMTPServerOptions> = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  let refusal: { code: number; text: string } | null = null;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, callback) => {
      if (password === "right password%") callback(null, { user: username ?? "" });
      else callback(new Error("Wrong."));
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (refusal) return callback(Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
        const raw = Buffer.concat(chunks).toString("utf8");
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw,
          text: readable(raw),
          isSecure: session.secure,
          user: typeof session.user === "string" ? session.user : null,
        });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return { port: address.port, mails, refuse: (next) => void (refusal = next) };
}

/** RFC 2045 §6.7. */
function readable(raw: string): string {
  return raw
    .replaceAll(/=\r\n/g, "")
    .replaceAll(/\r\n[ \t]/g, " ")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
