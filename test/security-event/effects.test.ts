import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RULES } from "../../src/security-event/effect.ts";
import { SECURITY_EVENT_TYPES, typeOfIdentifier } from "../../src/security-event/event-type.ts";
import { historyOf, openEventStage, type EventStage } from "./event-stage.ts";

interface Line {
  event: string;
  when: string;
  done: string;
  accessTokens: string;
  cause: string;
}

/** The table of docs/security-events.md, which is what each event is held to. */
const LINES: readonly Line[] = readFileSync(new URL("../../docs/security-events.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => /^\| `[a-z]+\.[a-z_]+`/.test(line))
  .map((line) => {
    const [event = "", when = "", done = "", accessTokens = "", cause = ""] = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.replaceAll("`", "").trim());
    return { event, when, done, accessTokens, cause };
  });

test("the table in the docs has a line for each rule, in its order, and says what it does", () => {
  const rules = RULES.map(({ type, when, effect }): Line => {
    const isExamined = effect.kind === "examine";
    return {
      event: type,
      when: when ? `${when[0]} is ${when[1]}` : "",
      done: {
        examine: "refreshed at once",
        revive: `tried once more where ended with ${effect.kind === "revive" ? effect.cause : ""}`,
        note: "written into the history",
        none: "nothing",
      }[effect.kind],
      accessTokens: isExamined && effect.withholds ? "withheld" : "as before",
      cause: isExamined && effect.cause !== null ? `${effect.cause}, ${effect.confidence}` : "as the answer says",
    };
  });
  expect(LINES).toEqual(rules);
});

test("every type has a rule for whatever it says", () => {
  const always = RULES.filter(({ when }) => when === undefined).map(({ type }) => type);
  expect(always.toSorted()).toEqual([...SECURITY_EVENT_TYPES].toSorted());
});

function identifierOf(type: string): string {
  const [family = "", name = ""] = type.split(".");
  return `https://schemas.openid.net/secevent/${family}/event-type/${name.replaceAll("_", "-")}`;
}

const ofTokens = LINES.filter(({ event }) => !/^(?:slack|github)\./.test(event));

test("each identifier in a token is read as its type, and no other as one", () => {
  for (const { event } of ofTokens) expect(typeOfIdentifier(identifierOf(event))).toBe(event);
  const strange = ["risc/event-type/unheard-of", "slack/event-type/tokens-revoked", "risc/event-type/verification/x"];
  for (const path of strange) expect(typeOfIdentifier(`https://schemas.openid.net/secevent/${path}`)).toBeNull();
  expect(typeOfIdentifier("https://evil.example/secevent/risc/event-type/account-disabled")).toBeNull();
});

/** Sends the event of a line about a connection. */
async function send(stage: EventStage, { event, when }: Line, connectionId: string): Promise<void> {
  const [name = "", value] = when.split(" is ");
  const subject = await stage.account(connectionId);
  const fields = { subject, ...(value !== undefined && { [name]: value }) };
  expect(await stage.send({ [identifierOf(event)]: fields })).toEqual({ status: 202, text: "", body: null });
}

/** As it is stored: read without anything being refreshed. */
async function diagnosisOf({ api }: EventStage, connectionId: string) {
  const { body } = await api("GET", `/v1/connections/${connectionId}`);
  return { status: Reflect.get(body ?? {}, "status"), diagnosis: Reflect.get(body ?? {}, "diagnosis") };
}

describe("a signed event does what its line in the docs says", () => {
  test.each(ofTokens)("$event $when", async (line) => {
    const stage = await openEventStage();
    const { connectionId } = await stage.connect("alice");
    const { connectionId: bystander } = await stage.connect("bob");
    const isExamined = line.done === "refreshed at once";
    await send(stage, line, connectionId);
    const isAboutNobody = line.done === "nothing";
    expect(await stage.last()).toMatchObject({
      type: line.event,
      verdict: isAboutNobody ? "ignored" : "applied",
      connections: isAboutNobody ? 0 : 1,
    });
    // A withheld token is not handed out: a reader waits for the refresh, and has another one.
    const read = await stage.token(connectionId);
    expect(read.body).toMatchObject({
      generation: line.accessTokens === "withheld" ? 2 : 1,
      refresh_state: isExamined && line.accessTokens !== "withheld" ? "refreshing" : "ok",
    });
    await expect
      .poll(async () => Reflect.get((await stage.token(connectionId)).body ?? {}, "generation"))
      .toBe(isExamined ? 2 : 1);
    const told = (await historyOf(stage, connectionId)).filter((entry) => JSON.stringify(entry).includes(line.event));
    expect(told).toHaveLength(isAboutNobody ? 0 : 1);
    expect((await stage.token(bystander)).body).toMatchObject({ generation: 1, refresh_state: "ok" });

    await stage.sandbox.control.revokeUser("alice");
    await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
    const [cause = "", confidence = ""] = line.cause.split(", ");
    expect(await diagnosisOf(stage, connectionId)).toMatchObject({
      status: "reauthorization_required",
      diagnosis:
        confidence === "" ? { cause: "unknown" } : { cause, confidence, evidence: { security_event: line.event } },
    });
  });
});
