import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { z } from "zod";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { addTenant, connectAs, type TenantStage } from "../security/two-tenants.ts";
import { openRaw } from "../stage/raw-database.ts";
import type { Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { startWebhookReceiver } from "../stage/webhook-receiver.ts";

/** `npm run prove:incident` takes 500. */
const ALL = Number(process.env["CONNECTIONS"] ?? 50);
const USERS = Array.from({ length: ALL }, (_none, index) => `user${index + 1}`);
const BACK = ALL * 0.8;
/** As many as the brake believes. */
const TOLERATED = 20;

const statusCount = (stage: Stage, status: string) =>
  counted(stage, `select count(*) from connections where status = '${status}'`);
function counted({ settings }: Stage, text: string): number {
  const database = openRaw(`${settings.dataDir}/evergrant.db`, { readonly: true });
  const count = Number(database.value(text));
  database.close();
  return count;
}

const EVENTS = [
  "connection.reauthorization_required",
  "connection.degraded",
  "connection.recovered",
  "incident.opened",
];

/** The endpoint of whoever has this key, and how often it was told of each type of event. */
async function listen(api: Api, fields: Record<string, unknown>) {
  const { url, received } = await startWebhookReceiver();
  await api("POST", "/v1/webhook-endpoints", { url, ...fields });
  return {
    received,
    told: () =>
      Object.fromEntries(EVENTS.map((event) => [event, received.filter(({ type }) => type === event).length])),
  };
}

const NOTHING = Object.fromEntries(EVENTS.map((type) => [type, 0]));

/** All that are held back were rejected once more. */
const isHeardAgain = (stage: Stage) =>
  counted(stage, "select count(*) from refresh_leases where failures >= 2") === ALL - TOLERATED;

/** Lets time pass, slowly enough for answers to arrive in it. */
async function until({ clock }: Stage, isSo: () => boolean): Promise<void> {
  for (let seconds = 0; !isSo(); seconds++) {
    if (seconds > HOUR / SECOND) throw new Error("It does not come.");
    for (let step = 0; step < 10; step++) await clock.advance(SECOND / 10);
  }
}

async function pass(stage: Stage, milliseconds: number): Promise<void> {
  const end = stage.clock.now() + milliseconds;
  await until(stage, () => stage.clock.now() >= end);
}

async function connectEverybody(acme: TenantStage): Promise<{ id: string; user: string }[]> {
  const all: { id: string; user: string }[] = [];
  for (const user of USERS) all.push({ id: (await connectAs(acme, user)).id, user });
  return all;
}

const incidents = z.object({ incidents: z.array(z.looseObject({ id: z.string(), tenant: z.string() })) });

async function incidentsOf({ api }: TenantStage) {
  return incidents.parse((await api("GET", "/v1/incidents")).body).incidents;
}

test(
  "connections of a tenant that its administrator revoked are one incident, each user is asked once, and what reconnects works",
  { timeout: 600_000 },
  async () => {
    const stage = await openStage({ users: USERS });
    const acme = await addTenant(stage, "acme");
    const everybody = await connectEverybody(acme);
    const operator = await listen(stage.api, { all_tenants: true, events: ["incident.opened", "incident.resolved"] });
    const application = await listen(acme.api, { events: EVENTS.filter((type) => type.startsWith("connection")) });
    await stage.sandbox.control.revokeAll();
    await stage.clock.leap(HOUR);
    await until(stage, () => statusCount(stage, "active") === 0);
    expect(statusCount(stage, "reauthorization_required")).toBe(TOLERATED);
    await pass(stage, 2 * MINUTE);
    expect(await incidentsOf(acme)).toMatchObject([
      { kind: "rejections", state: "open", verdict: "undecided", affected: ALL, recovered: 0, who_acts: "nobody" },
    ]);
    expect(application.told()).toEqual(NOTHING);

    await stage.clock.leap(52 * MINUTE);
    await until(stage, () => isHeardAgain(stage));
    await stage.clock.leap(6 * MINUTE);
    await until(stage, () => statusCount(stage, "reauthorization_required") === ALL);
    const { refreshRequests } = stage.sandbox.control.counts();
    await pass(stage, 2 * MINUTE);
    await stage.clock.leap(HOUR);
    await pass(stage, 10 * SECOND);

    await until(stage, () => application.received.length === ALL);
    expect(operator.told()).toEqual({ ...NOTHING, "incident.opened": 1 });
    expect(application.told()).toEqual({ ...NOTHING, "connection.reauthorization_required": ALL });
    expect(new Set(application.received.map(({ data }) => data["connection"])).size).toBe(ALL);
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests });
    const [incident] = await incidentsOf(acme);
    expect(incident).toMatchObject({
      tenant: acme.id,
      client: acme.clientId,
      cause: "revoked_by_admin",
      who_acts: "customer_admin",
      verdict: "meant",
      affected: ALL,
      evidence: { codes: { invalid_grant: ALL } },
    });

    // Whoever was told already is not asked again, but counted and reminded.
    const campaign = await acme.api("POST", "/v1/campaigns", { incident: incident?.id });
    expect(campaign.body).toMatchObject({ report: { connections: ALL, asked: ALL, requests: ALL, recovered: 0 } });
    const back = everybody.slice(0, BACK);
    for (const { id, user } of back) {
      const link = (await acme.api("POST", `/v1/connections/${id}/reauthorization-link`)).at("url");
      expect((await createScriptedUser({ user }).visit(link)).body).toContain("The account is connected");
    }
    for (const { id } of back) {
      expect((await acme.api("GET", `/v1/connections/${id}/access-token`)).status).toBe(200);
    }
    const [left] = everybody.slice(BACK);
    expect((await acme.api("GET", `/v1/connections/${left?.id ?? ""}/access-token`)).status).toBe(409);
    await pass(stage, 10 * SECOND);
    expect(await incidentsOf(acme)).toMatchObject([{ state: "open", affected: ALL, recovered: BACK }]);
    await until(stage, () => application.received.length === ALL + BACK);
    await pass(stage, 15 * SECOND);
    expect((await acme.api("GET", `/v1/campaigns/${campaign.at("id")}`)).body).toMatchObject({
      report: { requests: ALL, recovered: BACK, recovery_rate: BACK / ALL },
    });
    expect(application.told()).toMatchObject({ "connection.recovered": BACK, "connection.degraded": 0 });

    const path = `/v1/incidents/${incident?.id ?? ""}`;
    expect((await acme.api("POST", `${path}/acknowledge`)).body).toMatchObject({ state: "acknowledged" });
    const page = await acme.api("GET", `${path}?limit=20`);
    expect(page.body).toMatchObject({ state: "acknowledged", next_after: expect.any(String) });
    for (const { id } of everybody.slice(BACK)) await acme.api("DELETE", `/v1/connections/${id}`);
    await pass(stage, 10 * SECOND);
    expect((await acme.api("GET", path)).body).toMatchObject({ state: "resolved", affected: ALL, recovered: ALL });
    await until(stage, () => operator.received.length === 2);
    expect(operator.received.map(({ type }) => type)).toEqual(["incident.opened", "incident.resolved"]);
    await expect(stage.api("GET", path)).resolves.toMatchObject({ status: 200 });
    const mallory = await addTenant(stage, "mallory");
    expect(await incidentsOf(mallory)).toEqual([]);
    expect((await mallory.api("GET", path)).status).toBe(404);
  },
);
