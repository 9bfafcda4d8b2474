import { expect, test } from "vitest";
import type { EventType, OutboxEvent } from "../../src/event/event.ts";
import { digestOf } from "../../src/notify/digest.ts";
import { mailForms } from "../../src/notify/mail-page.ts";
import { digestText, endpointText, eventText, TEST_TEXT } from "../../src/notify/mail-text.ts";

function event(type: EventType, given: Partial<OutboxEvent> = {}): OutboxEvent {
  const about = { tenantId: "default", connectionId: null, clientId: "cli_1", incidentId: null };
  return { id: "evt_1", number: 1, at: 0, type, ...about, detail: {}, ...given };
}

test("a mail says the same in both of its forms, and what others chose is not taken for HTML", () => {
  const chosen = `<img src=x onerror="alert('x')">&`;
  const suspended = event("client.suspended", { detail: { cause: "client_disabled", code: chosen } });
  const { subject, text, html } = mailForms(eventText(suspended));
  expect(subject).toBe("[Evergrant] The provider refuses client cli_1");
  expect(text).toContain(`  code: ${chosen}\n`);
  expect(html).not.toContain("<img");
  expect(html).toContain("&lt;img src=x onerror=&quot;alert(&#39;x&#39;)&quot;&gt;&amp;");
  for (const part of ["client: cli_1", "tenant: default", "The provider has disabled or deleted the client"]) {
    expect(text).toContain(part);
    expect(html).toContain(part.split(": ").at(-1));
  }
});

test("a mail loads nothing, has a language, a heading and a width for phones, and is for light and dark", () => {
  const { html } = mailForms(TEST_TEXT);
  expect(html).not.toMatch(/src=|href=|url\(|<script/);
  expect(html).toMatch(/<html lang="en">.*name="viewport".*<h1>/s);
  expect(html).toContain("prefers-color-scheme:dark");
});

test("a subject is one line", () => {
  expect(mailForms({ ...TEST_TEXT, subject: "a\r\nBcc: b" }).subject).toBe("[Evergrant] a Bcc: b");
});

test("the end of a secret is told in days", () => {
  const subjects = [30, 1, 0].map((days) => eventText(event("client.secret_expiring", { detail: { days } })).subject);
  expect(subjects).toEqual([
    "A secret of client cli_1 expires within 30 days",
    "A secret of client cli_1 expires within a day",
    "A secret of client cli_1 has expired",
  ]);
  const { lists } = eventText(event("client.secret_expiring", { detail: { ends_at: 0 } }));
  expect(lists[0]?.rows).toContainEqual(["ends at", "1970-01-01T00:00:00.000Z"]);
});

test("a digest counts what happened, and names the first ten connections with what was said of them last", () => {
  const events = Array.from({ length: 25 }, (_, n) =>
    event("connection.reauthorization_required", {
      connectionId: `con_${n}`,
      clientId: n < 5 ? "cli_few" : "cli_many",
      detail: { cause: n === 0 ? "password_changed" : "revoked_by_admin" },
    }),
  );
  const digest = digestOf([...events, event("connection.recovered", { connectionId: "con_0" })]);
  expect(digest).toMatchObject({
    events: 26,
    connectionCount: 25,
    byType: [
      ["connection.reauthorization_required", 25],
      ["connection.recovered", 1],
    ],
    byCause: [
      ["revoked_by_admin", 24],
      ["password_changed", 1],
    ],
    byTenant: [["default", 26]],
  });
  expect(digest.byClient[0]).toEqual(["cli_many", 20]);
  const { subject, lists } = digestText(digest);
  expect(subject).toBe("25 connections with news");
  const named = lists.at(-1);
  expect(named?.title).toBe("The first 10 connections");
  expect(named?.rows).toHaveLength(10);
  expect(named?.rows[0]).toEqual(["con_0", "connection.recovered"]);
});

test("a warning of an endpoint does not say its URL", () => {
  const endpoint = {
    id: "whe_1",
    tenantId: "default",
    url: "https://hooks.example/secret-path",
    events: null,
    description: "Ours",
    allTenants: false,
    disabledReason: null,
    disabledAt: null,
    failingSince: 0,
    warnedAt: 1,
    lastSuccessAt: null,
    createdAt: 0,
  };
  const { text, html } = mailForms(endpointText(endpoint));
  expect(text).toContain("whe_1");
  expect(text + html).not.toContain("secret-path");
});
