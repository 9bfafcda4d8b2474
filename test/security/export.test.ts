import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { DAY, HOUR, SECOND } from "../../src/runtime/clock.ts";
import { evergrant, type Outcome } from "../cli/evergrant.ts";
import { clientEnvironment } from "../cli/stage-environment.ts";
import { createApi, type Answer } from "../stage/api.ts";
import { openSignInStage, signIn, type OperatorBrowser } from "../stage/operator-browser.ts";
import { openRaw } from "../stage/raw-database.ts";
import { startRotatingProvider } from "../stage/rotating-provider.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { findSecrets } from "./encodings.ts";

/** A service whose administrator has a key, and to whom another person signs in; two connections, and a recipient. */
async function openExportStage() {
  const provider = await startRotatingProvider();
  const { stage } = await openSignInStage("alice@example.com", { provider: () => provider.entry });
  const connections = [await adopt(stage, provider.issue()), await adopt(stage, provider.issue())];
  const folder = temporaryFolder();
  const made = await evergrant(["export", "new-key", join(folder, "recipient.key")]);
  writeFileSync(join(folder, "recipient.json"), made.stdout);
  const fingerprint = /fingerprint is ([\w-]{43})\.$/m.exec(made.stderr)?.[1] ?? "";
  return { provider, stage, connections, folder, fingerprint, alice: await signIn(stage) };
}

async function adopt(stage: Stage, token: string): Promise<string> {
  await stage.clock.advance(1);
  const token_set = { refresh_token: token, access_token: `at-of-${token}`, expires_in: 3600 };
  const body = { client: stage.clientId, token_set, end_user: "u1", account: { id: token, label: "x@example.com" } };
  return (await stage.api("POST", "/v1/connections/import", body)).at("id");
}

type ExportStage = Awaited<ReturnType<typeof openExportStage>>;

function ask({ stage }: Pick<ExportStage, "stage">, ...args: string[]): Promise<Outcome> {
  return evergrant(["export", ...args], clientEnvironment(stage));
}

async function request({ stage, folder }: ExportStage, more: object = {}): Promise<Answer> {
  const recipient_key: unknown = JSON.parse(readFileSync(join(folder, "recipient.json"), "utf8"));
  return stage.api("POST", "/v1/exports", { recipient_key, reason: "to the new cluster", ...more });
}

async function approve(alice: OperatorBrowser, id: string, fingerprint: string): Promise<unknown> {
  const answer = await alice.send("POST", `/v1/exports/${id}/approve`, { fingerprint });
  return answer.json();
}

test("out of one Evergrant and into another, when two persons agree; then only the other refreshes", async () => {
  const home = await openExportStage();
  const { stage, provider, folder, fingerprint, alice, connections } = home;
  const [first = ""] = connections;
  const args = ["--recipient", join(folder, "recipient.json"), "--reason", "to the new cluster"];
  const asked = await ask(home, "request", ...args);
  expect(asked.stdout).toContain(`2 connections, for the key ${fingerprint}.`);
  const id = /exp_\w+/.exec(asked.stdout)?.[0] ?? "";
  expect((await ask(home, "list")).stdout).toMatch(
    new RegExp(`^${id} +requested +2 .* ${fingerprint} +to the new`, "m"),
  );
  expect(await approve(alice, id, fingerprint)).toMatchObject({ status: "approved", decided_by: { kind: "operator" } });

  const tokens = provider.living();
  const fetched = await ask(home, "fetch", id, "--out", join(folder, "moved.jwe"));
  expect([fetched.code, fetched.stdout]).toEqual([EXIT.ok, expect.stringContaining("2 connections are sealed")]);
  const document = readFileSync(join(folder, "moved.jwe"), "utf8");
  expect(findSecrets(document, new Map(tokens.map((token) => [token, token])))).toEqual([]);
  expect((await ask(home, "fetch", id, "--out", join(folder, "again.jwe"))).stderr).toContain(
    "not approved and not fetched",
  );

  await stage.clock.leap(2 * HOUR);
  expect((await stage.token(first)).body).toMatchObject({ status: 409, code: "connection_held", cause: "moved_out" });
  expect((await stage.api("POST", `/v1/connections/${first}/refresh`)).body).toMatchObject({ generation: 1 });
  expect(provider.asked).toBe(0);
  expect(provider.living()).toEqual(tokens);

  const wrong = join(folder, "wrong.key");
  await evergrant(["export", "new-key", wrong]);
  const open = (key: string) => [
    "export",
    "open",
    join(folder, "moved.jwe"),
    "--key",
    key,
    "--out",
    join(folder, "moved.jsonl"),
  ];
  expect((await evergrant(open(wrong))).stderr).toContain("does not open with this key");
  expect((await evergrant(open(join(folder, "recipient.key")))).stdout).toContain("2 connections are in");
  expect(statSync(join(folder, "moved.jsonl")).mode & 0o777).toBe(0o600);
  const there = await openStage({ provider: () => provider.entry });
  const report = ["--report", join(folder, "report.jsonl")];
  const moved = await evergrant(["import", "file", join(folder, "moved.jsonl"), ...report], clientEnvironment(there));
  expect(moved.stdout).toBe("2 rows: 2 imported\n");
  const listed = z.object({ connections: z.array(z.object({ id: z.string() })) });
  const [arrived] = listed.parse((await there.api("GET", "/v1/connections")).body).connections;
  const refreshed = await there.api("POST", `/v1/connections/${arrived?.id}/refresh`);
  expect(refreshed.body).toMatchObject({
    status: "active",
    generation: 2,
    end_user: "u1",
    account: { label: "x@example.com" },
  });

  const left = await stage.api("DELETE", `/v1/connections/${first}`);
  expect(left.body).toMatchObject({ status: "disconnected", revocation: "nothing_to_revoke" });
  const acts = await stage.api("GET", `/v1/audit?object=${id}`);
  expect(acts.body).toMatchObject({
    entries: [
      { act: "export.fetched", actor: { kind: "api_key" }, detail: { fingerprint, connections: 2, left_out: 0 } },
      { act: "export.approved", actor: { kind: "operator" }, detail: { operator_email: "alice@example.com" } },
      { act: "export.requested", actor: { kind: "api_key" }, detail: { fingerprint, connections: 2 } },
    ],
  });
  expect(stage.log.join("")).not.toContain(tokens[0]);
}, 60_000);

test("nobody does it alone: not with the same key, one that it made, two that it made, or a session of it", async () => {
  const home = await openExportStage();
  const { stage, fingerprint, alice } = home;
  const admin = { scopes: ["admin", "keys:write"] };
  const make = async (api = stage.api) => {
    const made = await api("POST", "/v1/api-keys", { name: "x", ...admin });
    return { id: made.at("id"), api: createApi(stage.service.url, made.at("key")) };
  };
  const [child, sibling] = [await make(), await make()];
  const grandchild = await make(child.api);
  const successor = await child.api("POST", `/v1/api-keys/${child.id}/rotate`);
  const rotated = createApi(stage.service.url, successor.at("key"));
  const id = (await request(home)).at("id");
  for (const api of [stage.api, child.api, grandchild.api, rotated]) {
    const refused = await api("POST", `/v1/exports/${id}/approve`, { fingerprint });
    expect(refused.body).toMatchObject({ status: 403, code: "forbidden" });
  }
  const recipient_key: unknown = JSON.parse(readFileSync(join(home.folder, "recipient.json"), "utf8"));
  const ofChild = (await grandchild.api("POST", "/v1/exports", { recipient_key, reason: "x" })).at("id");
  expect((await sibling.api("POST", `/v1/exports/${ofChild}/approve`, { fingerprint })).status).toBe(403);
  const hers = await alice.send("POST", "/v1/exports", { recipient_key, reason: "hers" });
  const ofAlice = z.object({ id: z.string() }).parse(await hers.json()).id;
  expect(await approve(alice, ofAlice, fingerprint)).toMatchObject({ status: 403 });
  const ofHers = await alice.send("POST", "/v1/api-keys", { name: "hers", scopes: ["admin"] });
  const key = z.object({ key: z.string() }).parse(await ofHers.json()).key;
  const byKey = await createApi(stage.service.url, key)("POST", `/v1/exports/${ofAlice}/approve`, { fingerprint });
  expect(byKey.status).toBe(403);

  const fetch = () => stage.api("POST", `/v1/exports/${id}/fetch`);
  expect((await fetch()).body).toMatchObject({ code: "conflict" });
  expect(await approve(alice, id, "x".repeat(43))).toMatchObject({ code: "conflict" });
  expect((await stage.api("POST", `/v1/exports/${id}/refuse`)).body).toMatchObject({ status: "refused" });
  expect(await approve(alice, id, fingerprint)).toMatchObject({ code: "conflict" });
  expect((await fetch()).body).toMatchObject({ code: "conflict" });
  const text = JSON.stringify((await stage.api("GET", "/v1/connections")).body);
  expect(text).not.toContain("moved_out");
}, 60_000);

test("an export has a deadline for the decision and one for fetching, and what cannot move is told", async () => {
  const home = await openExportStage();
  const { stage, alice, fingerprint, connections } = home;
  const [first = "", second = ""] = connections;
  const late = await request(home);
  expect(Date.parse(late.at("expires_at")) - Date.parse(late.at("requested_at"))).toBe(DAY);
  change(stage, "update exports set expires_at = 1");
  expect((await stage.api("GET", `/v1/exports/${late.at("id")}`)).body).toMatchObject({ status: "expired" });
  expect(await approve(alice, late.at("id"), fingerprint)).toMatchObject({ code: "conflict" });

  const partly = (await request(home)).at("id");
  await stage.api("DELETE", `/v1/connections/${second}`);
  await approve(alice, partly, fingerprint);
  const fetched = await stage.api("POST", `/v1/exports/${partly}/fetch`);
  expect(fetched.body).toMatchObject({ connections: 1, left_out: [second] });
  // It was not taken after all, and goes on here.
  expect((await stage.api("POST", `/v1/connections/${first}/release`)).body).toMatchObject({ status: "active" });
  const { body } = await stage.api("GET", `/v1/connections/${first}/history`);
  expect(JSON.stringify(body)).toMatch(/released_after_export.*moved_out/);

  const unfetched = (await request(home, { connections: [first] })).at("id");
  await approve(alice, unfetched, fingerprint);
  await stage.clock.leap(HOUR + SECOND);
  expect((await stage.api("POST", `/v1/exports/${unfetched}/fetch`)).body).toMatchObject({ code: "conflict" });

  const foreign = await request(home, { connections: [first, "con_none"] });
  expect(foreign.body).toMatchObject({ code: "not_found" });
  expect((await request(home, { tenant: "ten_none" })).body).toMatchObject({ code: "not_found" });
  expect((await request(home, { client: "cli_none" })).body).toMatchObject({ code: "not_found" });
  const key = { kty: "OKP", crv: "X25519", x: Buffer.alloc(32).toString("base64url") };
  expect((await request(home, { recipient_key: key })).body).toMatchObject({ code: "invalid_request" });
}, 60_000);

test("a refresh that is under way is waited for, and what it brought is given away", async () => {
  const home = await openExportStage();
  const { stage, alice, fingerprint, folder, connections, provider } = home;
  const [first = ""] = connections;
  const id = (await request(home, { connections: [first] })).at("id");
  await approve(alice, id, fingerprint);
  // As an instance leaves it that holds the lease; it lets go of it below.
  change(stage, `update refresh_leases set owner = 'ins_other', lease_until = 9e12 where connection_id = '${first}'`);
  let outcome = "";
  const fetching = ask(home, "fetch", id, "--out", join(folder, "moved.jwe")).then(({ stdout }) => (outcome = stdout));
  for (let turn = 0; turn < 5; turn++) {
    expect((await stage.api("GET", `/v1/connections/${first}`)).body).toMatchObject({ status: "active" });
    await stage.clock.advance(SECOND);
  }
  expect(outcome).toBe("");
  change(stage, `update refresh_leases set owner = null, lease_until = 0 where connection_id = '${first}'`);
  await expect
    .poll(
      async () => {
        await stage.clock.advance(SECOND);
        return outcome;
      },
      { timeout: 10_000 },
    )
    .toContain("1 connections are sealed");
  await fetching;
  expect(provider.asked).toBe(0);
}, 60_000);

function change({ settings }: Stage, statement: string): void {
  const database = openRaw(`${settings.dataDir}/evergrant.db`);
  database.exec(statement);
  database.close();
}
