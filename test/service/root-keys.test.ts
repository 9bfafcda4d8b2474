import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { readSettings } from "../../src/service/settings.ts";
import { StartError } from "../../src/service/start-error.ts";
import { systemRandom } from "../../src/service/system.ts";
import { secret } from "../../src/runtime/secret.ts";
import { refused, serveTransit, TOKEN } from "../keyring/kms/transit-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

function newRootKeyFile(): string {
  const path = `${temporaryFolder()}/root.key`;
  writeFileSync(path, generateRootKey(systemRandom).reveal());
  return path;
}

async function failureOf(stage: Stage): Promise<string> {
  const failure = await stage.restart().then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof StartError && failure.kind === "key") return failure.message;
  throw new Error("the service started, or failed otherwise", { cause: failure });
}

async function reads(stage: Stage, id: string): Promise<number> {
  return (await stage.token(id)).status;
}

test("another root key takes over in the steps that docs/keys.md has, and the old one is of no use then", async () => {
  const stage = await openStage();
  const { connectionId: id } = await stage.connect();
  const old = `${stage.settings.dataDir}/root.key`;
  const file = newRootKeyFile();
  stage.settings.rootKey = { kind: "file", path: file };
  expect(await failureOf(stage)).toContain("is not the one that sealed this database");
  // Beside the old one, then in its place.
  Object.assign(stage.settings, { rootKey: { kind: "file", path: old }, oldRootKeys: [{ kind: "file", path: file }] });
  await stage.restart();
  expect(await reads(stage, id)).toBe(200);
  Object.assign(stage.settings, { rootKey: { kind: "file", path: file }, oldRootKeys: [{ kind: "file", path: old }] });
  await stage.restart();
  expect(await reads(stage, id)).toBe(200);
  const before = await stage.api("GET", "/v1/keys/root");
  const rotated = await stage.api("POST", "/v1/keys/root/rotate");
  expect(rotated.body).toMatchObject({ rewrapped: 4, wraps: { [rotated.at("fingerprint")]: 4 } });
  expect(before.body).not.toMatchObject({ wraps: { [rotated.at("fingerprint")]: 4 } });
  stage.settings.oldRootKeys = [];
  await stage.restart();
  expect(await reads(stage, id)).toBe(200);
  expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ status: "active" });
  stage.settings.rootKey = { kind: "file", path: old };
  expect(await failureOf(stage)).toContain("is not the one that sealed this database");
});

test("a key service keeps the root key: it is asked at the start only, and its outage stops nothing that runs", async () => {
  const transit = await serveTransit();
  const stage = await openStage();
  const { connectionId: id } = await stage.connect();
  Object.assign(stage.settings, {
    rootKey: { kind: "service", address: `transit:http://${transit.host}/v1/team/transit/one` },
    oldRootKeys: [{ kind: "file", path: `${stage.settings.dataDir}/root.key` }],
    transit: { token: { kind: "value", text: secret(TOKEN) }, namespace: null },
  });
  await stage.restart();
  expect((await stage.api("POST", "/v1/keys/root/rotate")).body).toMatchObject({ rewrapped: 4 });
  stage.settings.oldRootKeys = [];
  await stage.restart();
  const asked = transit.requests.length;
  expect(asked).toBe(3);
  expect(await reads(stage, id)).toBe(200);
  expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ status: "active" });
  expect(transit.requests).toHaveLength(asked);

  transit.instead.push(() => refused(403)("permission denied"));
  expect(await failureOf(stage)).toContain("may not be used by this process");
  await stage.restart();
  expect(await reads(stage, id)).toBe(200);
  // To another key of the service, with the first one beside it.
  Object.assign(stage.settings, {
    rootKey: { kind: "service", address: `transit:http://${transit.host}/v1/team/transit/other` },
  });
  expect(await failureOf(stage)).toContain("is not the one that sealed this database");
  const first = `transit:http://${transit.host}/v1/team/transit/one`;
  stage.settings.oldRootKeys = [{ kind: "service", address: first }];
  await stage.restart();
  expect((await stage.api("POST", "/v1/keys/root/rotate")).body).toMatchObject({ rewrapped: 4 });
  expect(await reads(stage, id)).toBe(200);
  stage.settings.oldRootKeys = [{ kind: "service", address: `${first}2` }];
  expect(await failureOf(stage)).toContain("EVERGRANT_OLD_ROOT_KEY_SERVICES");
});

test("a command prints the root key; one that fails is named without what it is or says", async () => {
  const stage = await openStage();
  const { connectionId: id } = await stage.connect();
  const path = `${stage.settings.dataDir}/root.key`;
  stage.settings.rootKey = { kind: "command", command: `cat ${path}` };
  await stage.restart();
  expect(await reads(stage, id)).toBe(200);
  for (const command of ["echo password-of-the-store >&2; exit 3", "true", "yes password-of-the-store"]) {
    stage.settings.rootKey = { kind: "command", command };
    const message = await failureOf(stage);
    expect(message).toContain("EVERGRANT_ROOT_KEY_COMMAND");
    expect(message).not.toContain("password-of-the-store");
  }
});

test("a root key comes from one place, and names of the others are told", () => {
  const place = { EVERGRANT_ROOT_KEY_FILE: "a", EVERGRANT_ROOT_KEY_SERVICE: "transit:https://kms.example/v1/t/k" };
  expect(() => readSettings(place)).toThrow("EVERGRANT_ROOT_KEY_FILE and EVERGRANT_ROOT_KEY_SERVICE are both set");
  const settings = readSettings({
    EVERGRANT_ROOT_KEY_SERVICE: "aws-kms:alias/evergrant",
    EVERGRANT_OLD_ROOT_KEY_FILES: "/keys/a.key, /keys/b.key",
    EVERGRANT_OLD_ROOT_KEY_SERVICES: "aws-kms:alias/before",
    EVERGRANT_TRANSIT_TOKEN_FILE: "/run/token",
  });
  expect(settings).toMatchObject({
    rootKey: { kind: "service", address: "aws-kms:alias/evergrant" },
    oldRootKeys: [
      { kind: "file", path: "/keys/a.key" },
      { kind: "file", path: "/keys/b.key" },
      { kind: "service", address: "aws-kms:alias/before" },
    ],
    transit: { token: { kind: "file", path: "/run/token" }, namespace: null },
  });
  const twice = { EVERGRANT_TRANSIT_TOKEN: "t", EVERGRANT_TRANSIT_TOKEN_FILE: "/run/token" };
  expect(() => readSettings(twice)).toThrow("EVERGRANT_TRANSIT_TOKEN and EVERGRANT_TRANSIT_TOKEN_FILE are both set");
});
