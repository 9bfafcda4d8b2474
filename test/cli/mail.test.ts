import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { startMailServer } from "../stage/mail-server.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant } from "./evergrant.ts";

async function open() {
  const server = await startMailServer();
  const environment = {
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_SMTP_URL: `smtp://127.0.0.1:${server.port}`,
    EVERGRANT_MAIL_FROM: "Evergrant <eg@example.com>",
    EVERGRANT_NOTIFY_EMAIL: "ada@example.com, bob@example.com",
  };
  return { server, environment, test: (more = {}) => evergrant(["mail", "test"], { ...environment, ...more }) };
}

it("writes to all operators", async () => {
  const { server, test } = await open();
  expect(await test()).toEqual({ code: EXIT.ok, stdout: "Sent to ada@example.com, bob@example.com.\n", stderr: "" });
  expect(server.mails[0]?.text).toMatch(/^Subject: \[Evergrant\] A test of Evergrant\r$/m);
});

it("says when the mail server does not take it, and never the password", async () => {
  const { server, test } = await open();
  server.refuse({ code: 554, text: "No." });
  const refused = await test();
  expect([refused.code, refused.stderr]).toEqual([EXIT.unavailable, expect.stringContaining("refuses")]);
  const wrong = await test({ EVERGRANT_SMTP_URL: `smtp://u:hidden-word@127.0.0.1:${server.port}` });
  expect(wrong.code).toBe(EXIT.unavailable);
  expect(wrong.stdout + wrong.stderr).not.toContain("hidden-word");
});

it("says which setting is missing or wrong, and never its value", async () => {
  const { test } = await open();
  const outcomes = await Promise.all(
    [
      { EVERGRANT_NOTIFY_EMAIL: "" },
      { EVERGRANT_NOTIFY_EMAIL: "not an address" },
      { EVERGRANT_MAIL_FROM: "" },
      { EVERGRANT_MAIL_FROM: "a@b.c\r\nBcc: d" },
      { EVERGRANT_SMTP_URL: "" },
      { EVERGRANT_SMTP_URL: "smtp://u:hidden-word@mail.example/?tls=none" },
      { EVERGRANT_SMTP_URL_FILE: "/nowhere" },
    ].map(test),
  );
  expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => EXIT.settings));
  expect(outcomes.map(({ stderr }) => /EVERGRANT_\w+/.exec(stderr)?.[0])).toEqual([
    "EVERGRANT_NOTIFY_EMAIL",
    "EVERGRANT_NOTIFY_EMAIL",
    "EVERGRANT_MAIL_FROM",
    "EVERGRANT_MAIL_FROM",
    "EVERGRANT_SMTP_URL",
    "EVERGRANT_SMTP_URL",
    "EVERGRANT_SMTP_URL",
  ]);
  expect(outcomes.map(({ stderr }) => stderr).join("")).not.toContain("hidden-word");
});
