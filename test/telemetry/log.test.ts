import { describe, expect, test } from "vitest";
import type { EventName } from "../../src/runtime/observer.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createLogger, createLogObserver, type LogLevel } from "../../src/telemetry/log.ts";

function capture(level: LogLevel) {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line) => void lines.push(line) });
  return { lines, logger, observer: createLogObserver(logger) };
}

function fieldsOf(line = ""): Record<string, unknown> {
  const fields: Record<string, unknown> = JSON.parse(line);
  return fields;
}

describe("an event", () => {
  test("is one line of JSON with its level, its time, its name and its fields, and nothing else", () => {
    const { lines, observer } = capture("info");
    const before = Date.now();
    observer.event("refresh.failed", { connectionId: "con_1", failures: 3, retryAt: null, proven: false });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
    const { time, ...rest } = fieldsOf(lines[0]);
    expect(rest).toEqual({
      level: "warn",
      event: "refresh.failed",
      connectionId: "con_1",
      failures: 3,
      retryAt: null,
      proven: false,
    });
    expect(new Date(String(time)).toISOString()).toBe(time);
    expect(Date.parse(String(time))).toBeGreaterThanOrEqual(before);
  });

  test("needs no fields", () => {
    const { lines, observer } = capture("info");
    observer.event("service.started");
    expect(fieldsOf(lines[0])).toMatchObject({ level: "info", event: "service.started" });
  });

  test("leaves out a field that is undefined", () => {
    const { lines, observer } = capture("info");
    observer.event("connect.started", { connectionId: undefined });
    expect(fieldsOf(lines[0])).not.toHaveProperty("connectionId");
  });

  test("stays one line, whatever a field holds", () => {
    const { lines, observer } = capture("info");
    observer.event("connect.failed", { code: 'a\n{"level":"error"}\r\u2028\u0000' });
    expect(lines.join("").split("\n")).toHaveLength(2);
    expect(fieldsOf(lines[0])["code"]).toBe('a\n{"level":"error"}\r\u2028\u0000');
  });

  test.each<[EventName, string]>([
    ["request.completed", "debug"],
    ["refresh.succeeded", "info"],
    ["connection.recovered", "info"],
    ["connection.degraded", "warn"],
    ["connection.reauthorization_required", "warn"],
    ["refresh.answer_lost", "warn"],
    ["client.suspended", "error"],
    ["refresh.commit_retried", "error"],
    ["store.failed", "error"],
    ["sweep.failed", "error"],
  ])("%s is of level %s", (name, level) => {
    const { lines, observer } = capture("trace");
    observer.event(name);
    expect(fieldsOf(lines[0])).toMatchObject({ level, event: name });
  });
});

describe("the level", () => {
  const events: EventName[] = ["request.completed", "refresh.succeeded", "refresh.failed", "store.failed"];

  test.each<[LogLevel, number]>([
    ["trace", 4],
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
    ["silent", 0],
  ])("%s lets %i of an event of each level through", (level, count) => {
    const { lines, observer } = capture(level);
    for (const name of events) observer.event(name);
    expect(lines).toHaveLength(count);
  });
});

describe("a secret in a log line", () => {
  test("prints as [secret], in a field, deep inside and as a message's part", () => {
    const { lines, logger } = capture("info");
    const token = secret("rt-sentinel-44c0");
    logger.info({ token, nested: { list: [token] } }, "token %s %o %j", token, token, token);
    expect(lines[0]).not.toContain("sentinel");
    expect(fieldsOf(lines[0])).toMatchObject({ token: "[secret]", nested: { list: ["[secret]"] } });
  });

  test("prints as [secret] when it is the cause of an error", () => {
    const { lines, logger } = capture("info");
    logger.error(
      Object.assign(new Error("refused", { cause: secret("rt-sentinel-44c0") }), { token: secret("rt-sentinel") }),
    );
    expect(lines[0]).toContain("refused");
    expect(lines[0]).not.toContain("sentinel");
  });

  test("is no field of an event by type, and prints as [secret] all the same", () => {
    const { lines, observer } = capture("info");
    // @ts-expect-error a secret is not among the types that an event's field may have
    observer.event("refresh.failed", { token: secret("rt-sentinel-44c0") });
    expect(fieldsOf(lines[0])).toMatchObject({ event: "refresh.failed", token: "[secret]" });
  });
});
