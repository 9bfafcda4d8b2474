/** A mail that is the same in both of its forms. */
export interface Mail {
  /** Addresses; each of them sees the others. */
  to: readonly string[];
  subject: string;
  text: string;
  html: string;
  /** The same for each attempt, so that a mailbox can tell a repetition; letters, digits, dots and hyphens. */
  id: string;
}

/**
 * Sends a mail, within 30 seconds. Never throws. `refused`: the mail server will not take it, and would not later (SMTP 5yz, RFC
 * 5321 §4.2.1); `failed`: it may.
 */
export interface Mailer {
  send(mail: Mail): Promise<"sent" | "refused" | "failed">;
}
