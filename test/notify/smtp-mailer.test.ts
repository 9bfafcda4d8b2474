import { createServer, type Socket } from "node:net";
import { selfSigned } from "@evergrant/sandbox";
import { expect, onTestFinished, test } from "vitest";
import { createSmtpMailer } from "../../src/notify/smtp-mailer.ts";
import { parseSmtpUrl } from "../../src/notify/smtp-url.ts";
import { secret } from "../../src/runtime/secret.ts";
import { startMailServer } from "../stage/mail-server.ts";

const MAIL = {
  to: ["ada@example.com", "bob@example.com"],
  subject: "News",
  text: "Plain",
  html: "<p>Rich",
  id: "mail-1",
};

function mailerAt(url: string, allowed: string[] = []) {
  const server = parseSmtpUrl(url, allowed);
  return createSmtpMailer({ server: () => Promise.resolve(server), from: "Evergrant <eg@example.com>" });
}

test("a mail arrives in both of its forms, at all who are written, with an id that stays", async () => {
  const server = await startMailServer();
  const mailer = mailerAt(`smtp://127.0.0.1:${server.port}`);
  expect([await mailer.send(MAIL), await mailer.send(MAIL)]).toEqual(["sent", "sent"]);
  const [mail, again] = server.mails;
  expect(mail).toMatchObject({ from: "eg@example.com", to: MAIL.to, user: null });
  expect(mail?.text).toMatch(/^Subject: News\r$/m);
  expect(mail?.text).toMatch(/^Message-ID: <mail-1@example.com>\r$/m);
  expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(mail?.text).toContain("Plain");
  expect(mail?.text).toContain("<p>Rich");
  expect(again?.text).toContain("<mail-1@example.com>");
});

test("a password in the URL signs in, and a wrong one may be set right later", async () => {
  const server = await startMailServer({ authOptional: false, allowInsecureAuth: true });
  const right = mailerAt(`smtp://user%40x:right%20password%25@localhost:${server.port}`);
  expect(await right.send(MAIL)).toBe("sent");
  expect(server.mails[0]?.user).toBe("user@x");
  expect(await mailerAt(`smtp://user:wrong@localhost:${server.port}`).send(MAIL)).toBe("failed");
});

test("what the server will never take is refused, and what it may take later has failed", async () => {
  const server = await startMailServer();
  const mailer = mailerAt(`smtp://127.0.0.1:${server.port}`);
  server.refuse({ code: 554, text: "No." });
  expect(await mailer.send(MAIL)).toBe("refused");
  server.refuse({ code: 451, text: "Later." });
  expect(await mailer.send(MAIL)).toBe("failed");
  server.refuse(null);
  expect(await mailer.send(MAIL)).toBe("sent");
  expect(await mailerAt("smtp://127.0.0.1:1").send(MAIL)).toBe("failed");
  expect(await createSmtpMailer({ server: () => Promise.resolve(null), from: "a@b.c" }).send(MAIL)).toBe("failed");
});

test("nothing is told to a server elsewhere that does not speak TLS, nor to one with a certificate of nobody", async () => {
  const heard: string[] = [];
  const plain = await rawServer((socket) => {
    socket.write("220 plain.example\r\n");
    socket.on("data", (chunk: Buffer) => {
      heard.push(chunk.toString());
      socket.write(chunk.toString().startsWith("EHLO") ? "250 plain.example\r\n" : "502 No\r\n");
    });
  });
  expect(await elsewhere("required", plain).send(MAIL)).not.toBe("sent");
  expect(heard.join("")).not.toMatch(/AUTH|MAIL FROM|secret/);
  const { key, cert } = selfSigned("mail");
  const untrusted = await startMailServer({ secure: true, key, cert });
  expect(await elsewhere("implicit", untrusted.port).send(MAIL)).toBe("failed");
  expect(untrusted.mails).toEqual([]);
});

test("TLS is what the URL says and where it leads", () => {
  expect(tlsOf("smtps://mail.example.com")).toBe("implicit");
  expect(tlsOf("smtp://mail.example.com")).toBe("required");
  expect(tlsOf("smtp://mail.internal")).toBe("if_offered");
  expect(["localhost", "127.0.0.1", "[::1]"].map((host) => tlsOf(`smtp://${host}`))).toEqual([null, null, null]);
  expect(parseSmtpUrl("smtps://mail.example.com", [])).toMatchObject({ port: 465, login: null });
  expect(parseSmtpUrl("smtp://mail.example.com:25/", [])).toMatchObject({ port: 25 });
  for (const url of ["http://x", "smtp://", "smtp://x/path", "smtp://x?tls=none", "smtp://%zz:y@x", "nonsense"]) {
    expect([url, parseSmtpUrl(url, [])]).toEqual([url, null]);
  }
});

/** As if it were another machine. */
function elsewhere(tls: "required" | "implicit", port: number) {
  const login = { user: "user", password: secret("secret") };
  const server = { host: "127.0.0.1", port, tls, login };
  return createSmtpMailer({ server: () => Promise.resolve(server), from: "eg@example.com" });
}

function tlsOf(url: string) {
  return parseSmtpUrl(url, ["Mail.internal"])?.tls;
}

async function rawServer(listener: (socket: Socket) => void): Promise<number> {
  const server = createServer(listener);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}
