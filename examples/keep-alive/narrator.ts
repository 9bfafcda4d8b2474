import { styleText } from "node:util";
import type { WorkerMessage } from "./messages.ts";
import type { LogLine } from "./service-process.ts";

type Tone = "green" | "yellow" | "red" | "cyan" | "gray";

/** Tells what happens, one calm line an event. */
export interface Narrator {
  say(what: string, text: string, tone?: Tone): void;
  log(line: LogLine): void;
  worker(name: string, message: WorkerMessage): void;
  /** Where the account that waits longest can sign in again. */
  signInLink(): string | null;
  /** What the workers came to so far. */
  summary(): { syncs: number; failed: number; delayed: number };
}

export function createNarrator(): Narrator {
  const totals = { syncs: 0, failed: 0, delayed: 0 };
  const waiting = new Map<string, string>();

  function log(line: LogLine): void {
    const told = tell(line);
    if (told) say(...told);
  }

  function worker(name: string, message: WorkerMessage): void {
    switch (message.kind) {
      case "synced":
        totals.syncs++;
        if (waiting.delete(message.connectionId))
          say("going on", `${name} syncs ${short(message.connectionId)} again`, "green");
        return;
      case "delayed":
        totals.delayed++;
        return;
      case "failed":
        totals.failed++;
        say("failed", `${name}: ${message.message}`, "red");
        return;
      case "waiting":
        if (waiting.has(message.connectionId)) return;
        waiting.set(message.connectionId, message.link);
        say("waiting", `${name} waits for ${short(message.connectionId)}: ${message.reason}`, "yellow");
        say("sign in", message.link, "cyan");
    }
  }

  return {
    say,
    log,
    worker,
    signInLink: () => waiting.values().next().value ?? null,
    summary: () => ({ ...totals }),
  };
}

function say(what: string, text: string, tone: Tone = "gray"): void {
  const time = new Date().toTimeString().slice(0, 8);
  process.stdout.write(`${paint("gray", time)}  ${paint(tone, what.padEnd(11))} ${text}\n`);
}

function tell(line: LogLine): [string, string, Tone] | null {
  const connection = short(textOf(line["connectionId"]));
  switch (line.event) {
    case "connection.created":
      return ["connected", `${connection}, next refresh ${inSeconds(line["dueAt"])}`, "green"];
    case "refresh.succeeded":
      return [
        "refreshed",
        `${connection}  generation ${textOf(line["generation"])}, next ${inSeconds(line["dueAt"])}`,
        "green",
      ];
    case "refresh.failed":
    case "refresh.answer_lost":
      return [
        "later",
        `${connection}  ${textOf(line["cause"])} (${textOf(line["code"])}), again ${inSeconds(line["retryAt"])}`,
        "yellow",
      ];
    case "connection.reauthorization_required":
      return ["ended", `${connection}  ${textOf(line["cause"])}: the user has to sign in again`, "red"];
    case "connection.recovered":
      return ["recovered", `${connection}  is well again`, "green"];
    case "client.suspended":
      return ["suspended", `client ${textOf(line["clientId"])}: ${textOf(line["cause"])}`, "red"];
    case "client.resumed":
      return ["resumed", `client ${textOf(line["clientId"])}`, "green"];
    default:
      return null;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function inSeconds(time: unknown): string {
  return typeof time === "number" ? `in ${Math.max(0, Math.round((time - Date.now()) / 1000))} s` : "never";
}

function short(connectionId: string): string {
  return connectionId.length > 12 ? `con_…${connectionId.slice(-6)}` : connectionId;
}

function paint(tone: Tone, text: string): string {
  return process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? styleText(tone, text) : text;
}
