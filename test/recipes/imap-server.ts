import { createServer, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import type { Identity } from "../stage/page-server.ts";
import type { BearerCheck } from "./bearer-check.ts";

interface Mailbox {
  identity: Identity;
  user: string;
  check: BearerCheck;
  /** As they are in the inbox, oldest first. */
  mails: readonly string[];
}

/** Serves one inbox over IMAP4rev1 (RFC 3501) to its user with a good token: what reads it once, and no more. Resolves with the port. */
export async function startImapServer(mailbox: Mailbox): Promise<number> {
  const sockets = new Set<TLSSocket>();
  const server = createServer(mailbox.identity, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    void converse(mailbox, socket);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

async function converse(mailbox: Mailbox, socket: TLSSocket): Promise<void> {
  const lines = linesOf(socket);
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let isIn = false;
  say("* OK ready");
  for await (const line of lines) {
    const [, tag = "", command = "", rest = ""] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? [];
    const name = command.toUpperCase();
    if (name === "AUTHENTICATE") {
      isIn = await signIn(mailbox, rest, say, lines);
      say(`${tag} ${isIn ? "OK in" : "NO AUTHENTICATE failed."}`);
    } else if (isIn || name === "CAPABILITY" || name === "LOGOUT") {
      for (const answer of answersTo(mailbox, name, rest)) say(answer);
      say(`${tag} OK done`);
    } else say(`${tag} BAD sign in first`);
    if (name === "LOGOUT") socket.end();
  }
}

async function* linesOf(socket: TLSSocket): AsyncGenerator<string, undefined> {
  let text = "";
  for await (const chunk of socket) {
    const lines = (text + String(chunk)).split("\r\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}

/** `AUTHENTICATE XOAUTH2` with its response in the same line or after a continuation; a refusal is said in JSON first. */
async function signIn(
  { user, check }: Mailbox,
  rest: string,
  say: (line: string) => void,
  lines: AsyncGenerator<string>,
) {
  const [mechanism, given] = rest.split(" ");
  if (mechanism !== "XOAUTH2") return false;
  if (given === undefined) say("+ ");
  const response = given ?? String((await lines.next()).value);
  const [who, how = ""] = Buffer.from(response, "base64").toString().split("\u{1}");
  if (who === `user=${user}` && (await check.isGood(how.replace(/^auth=Bearer /, "")))) return true;
  say(`+ ${Buffer.from('{"status":"401"}').toString("base64")}`);
  await lines.next();
  return false;
}

function answersTo({ mails }: Mailbox, name: string, rest: string): string[] {
  switch (name) {
    case "CAPABILITY":
      return ["* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR"];
    case "LIST":
      return ['* LIST () "/" INBOX'];
    case "SELECT":
    case "EXAMINE":
      return [`* ${mails.length} EXISTS`, "* 0 RECENT", "* OK [UIDVALIDITY 1]", `* OK [UIDNEXT ${mails.length + 1}]`];
    case "UID":
      return rest.includes("BODY")
        ? [fetched(mails, rest)]
        : mails.map((_, at) => `* ${at + 1} FETCH (UID ${at + 1} FLAGS ())`);
    default:
      return [];
  }
}

function fetched(mails: readonly string[], rest: string): string {
  const uid = Number(/^FETCH (\d+)/.exec(rest)?.[1]);
  const mail = mails[uid - 1] ?? "";
  return `* ${uid} FETCH (UID ${uid} FLAGS () BODY[] {${Buffer.byteLength(mail)}}\r\n${mail})`;
}
