import { expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { startMailServer, type MailServer } from "../stage/mail-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";

async function open() {
  const server = await startMailServer();
  const url = secret(`smtp://127.0.0.1:${server.port}`);
  const mail = { server: { kind: "value", url } as const, from: "eg@example.com", operators: ["ops@example.com"] };
  const stage = await openStage({ settings: { mail } });
  return { stage, server };
}

async function arrived(stage: Stage, { mails }: MailServer, count: number): Promise<void> {
  await expect
    .poll(async () => {
      await stage.clock.leap(10 * SECOND);
      return mails.length;
    }, WHILE)
    .toBe(count);
}

const WHILE = { timeout: 15_000, interval: 20 };

async function pass({ clock }: Stage, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= MINUTE) {
    await clock.leap(MINUTE);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a storm of connections is one mail, and what comes within the hour is the next", async () => {
  const { stage, server } = await open();
  const ids: string[] = [];
  for (const user of ["alice", "bob", "carol"]) ids.push((await stage.connect(user)).connectionId);
  await stage.sandbox.control.revokeAll();
  for (const id of ids.slice(0, 2)) await stage.api("POST", `/v1/connections/${id}/refresh`);
  await pass(stage, 7 * MINUTE);
  await arrived(stage, server, 1);
  const [mail] = server.mails;
  expect(mail?.to).toEqual(["ops@example.com"]);
  expect(mail?.text).toMatch(/^Subject: \[Evergrant\] 2 connections with news\r$/m);
  for (const id of ids.slice(0, 2)) expect(mail?.text).toContain(`${id}: connection.reauthorization_required`);
  // Three at about the same time would be an incident, which is told at once.
  await pass(stage, 11 * MINUTE);
  await stage.api("POST", `/v1/connections/${ids[2]}/refresh`);
  await pass(stage, 30 * MINUTE);
  expect(server.mails).toHaveLength(1);
  await pass(stage, 20 * MINUTE);
  await arrived(stage, server, 2);
  expect(server.mails[1]?.text).toContain("1 connection with news");
});

test("a client that the provider refuses is told of at once, and once, also when the mail server was down", async () => {
  const { stage, server } = await open();
  const { connectionId } = await stage.connect("alice");
  server.refuse({ code: 451, text: "Later." });
  await stage.sandbox.control.putClient({
    clientId: "evergrant",
    clientSecret: "another",
    redirectUris: ["https://x.example/"],
  });
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ status: "suspended" });
  await pass(stage, 3 * MINUTE);
  expect(server.mails).toEqual([]);
  await stage.restart();
  server.refuse(null);
  await pass(stage, 11 * MINUTE);
  await arrived(stage, server, 1);
  expect(server.mails[0]?.text).toContain(`The provider refuses client ${stage.clientId}`);
  await pass(stage, HOUR);
  expect(server.mails).toHaveLength(1);
});
