import { X509Certificate } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "@evergrant/sandbox";
import type { SMTPServerAuthentication, SMTPServerAuthenticationResponse } from "smtp-server";
import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { startMailServer } from "../stage/mail-server.ts";
import { openStage } from "../stage/stage.ts";
import { createBearerCheck, type BearerCheck } from "./bearer-check.ts";
import { startImapServer } from "./imap-server.ts";
import { openHome, PATIENCE, recipe } from "./recipe.ts";

const ADA = "ada@example.com";

/** What the SASL module says whatever happens; mbsync itself has nothing to say. */
const TALK = expect.stringMatching(/^(\[SASL-XOAUTH2\] .*\n)*$/);

test(
  "msmtp sends with a token that works, and shows the link",
  async () => {
    const { stage, connectionId, check, home } = await scene();
    const identity = selfSigned("localhost");
    const server = await startMailServer({
      ...identity,
      authOptional: false,
      authMethods: ["XOAUTH2"],
      disabledCommands: [],
      onAuth: (given, _session, callback) => void signIn(check, given, callback),
    });
    const fingerprint = new X509Certificate(identity.cert).fingerprint256;
    const config = recipe("msmtp", {
      "smtp.example.com": "127.0.0.1",
      "port 587": `port ${server.port}`,
      "tls on": `tls on\ntls_fingerprint ${fingerprint}`,
      "con_…": connectionId,
    });
    writeFileSync(join(home.folder, ".msmtprc"), config, { mode: 0o600 });
    const sendmail = () => home.run("msmtp", ["bob@example.com"], "Subject: Hello\n\nHello.\n");

    expect(await sendmail()).toEqual({ code: 0, stdout: "", stderr: "" });
    await stage.clock.leap(2 * HOUR);
    expect(await sendmail()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(server.mails).toEqual([1, 2].map(() => expect.objectContaining({ user: ADA, isSecure: true, from: ADA })));

    await revoke(stage);
    const { code, stderr } = await sendmail();
    expect(code).not.toBe(0);
    expect(stderr).toContain(`has to sign in again: ${stage.settings.publicUrl}/reauthorize/`);
  },
  PATIENCE,
);

test(
  "mbsync fetches with a token that works, and shows the link",
  async () => {
    const { stage, connectionId, check, home } = await scene();
    const identity = selfSigned("127.0.0.1");
    const mails = ["one", "two"].map((text) => `From: bob@example.com\r\nSubject: ${text}\r\n\r\n${text}\r\n`);
    const port = await startImapServer({ identity, user: ADA, check, mails });
    writeFileSync(join(home.folder, "server.pem"), identity.cert);
    mkdirSync(join(home.folder, "Mail"));
    const config = recipe("isync", {
      "imap.example.com": "127.0.0.1",
      "Port 993": `Port ${port}`,
      "SSLType IMAPS": "SSLType IMAPS\nCertificateFile ~/server.pem",
      "con_…": connectionId,
    });
    writeFileSync(join(home.folder, ".mbsyncrc"), config);
    const sync = () => home.run("mbsync", ["work"]);

    expect(await sync()).toMatchObject({ code: 0, stderr: TALK });
    const inbox = join(home.folder, "Mail", "INBOX", "new");
    const texts = readdirSync(inbox).map((name) => /Subject: (\w+)/.exec(readFileSync(join(inbox, name), "utf8"))?.[1]);
    expect(new Set(texts)).toEqual(new Set(["one", "two"]));
    await stage.clock.leap(2 * HOUR);
    expect(await sync()).toMatchObject({ code: 0, stderr: TALK });

    await revoke(stage);
    const { code, stderr } = await sync();
    expect(code).not.toBe(0);
    expect(stderr).toContain(`has to sign in again: ${stage.settings.publicUrl}/reauthorize/`);
  },
  PATIENCE,
);

async function signIn(
  check: BearerCheck,
  { username, accessToken = "" }: SMTPServerAuthentication,
  answer: (error: Error | null, response?: SMTPServerAuthenticationResponse) => void,
): Promise<void> {
  if (username === ADA && (await check.isGood(accessToken))) answer(null, { user: username });
  else answer(new Error("Wrong."));
}

async function scene() {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  return { stage, connectionId, check: createBearerCheck(stage), home: await openHome(stage) };
}

async function revoke(stage: Awaited<ReturnType<typeof openStage>>): Promise<void> {
  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(2 * HOUR);
}
