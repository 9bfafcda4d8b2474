import { join } from "node:path";
import { GoogleAuth } from "google-auth-library";
import { drive, auth } from "googleapis/build/src/apis/drive/index.js";
import { expect, test } from "vitest";
import { SECOND } from "../../src/runtime/clock.ts";
import { evergrant } from "../cli/evergrant.ts";
import { clientEnvironment } from "../cli/stage-environment.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { setEnvironment } from "./environment.ts";
import { startFilesApi } from "./files-api.ts";

const DRIVE = "https://www.googleapis.com/auth/drive.readonly";
/** Less than the five minutes before which the libraries ask for another token, so that they ask each time. */
const LIFE_SECONDS = 30;

/** An API in the shape of Drive, a connection, and an application to which it is known by one variable alone. */
async function setUp(options: readonly string[] = []) {
  const stage = await openStage({ behaviour: { accessTokenLifetimeSeconds: LIFE_SECONDS } });
  const { connectionId } = await stage.connect();
  const file = join(temporaryFolder(), "google.json");
  const args = ["credentials", "google", connectionId, "--out", file, "--project", "none", ...options];
  const written = await evergrant(args, clientEnvironment(stage));
  expect(written.code).toBe(0);
  setEnvironment({ GOOGLE_APPLICATION_CREDENTIALS: file });
  const api = await startFilesApi(stage, {
    pageSize: 40,
    pageToken: "pageToken",
    say: ({ files, next_page_token: nextPageToken }) => ({ kind: "drive#fileList", files, nextPageToken }),
  });
  const isOver = () => stage.clock.leap(LIFE_SECONDS * SECOND);
  return { stage, connectionId, api, isOver, rootUrl: `http://127.0.0.1:${api.port}/` };
}

test("googleapis lists a Drive page by page over three expiries, and hands its application the link when access is withdrawn", async () => {
  const { stage, connectionId, api, isOver, rootUrl } = await setUp();
  const client = drive({ version: "v3", rootUrl, auth: new auth.GoogleAuth({ scopes: [DRIVE] }) });

  const names: (string | null | undefined)[] = [];
  let pageToken: string | undefined;
  do {
    const { data } = await client.files.list({ pageSize: 40, ...(pageToken !== undefined && { pageToken }) });
    names.push(...(data.files ?? []).map(({ name }) => name));
    pageToken = data.nextPageToken ?? undefined;
    await isOver();
  } while (pageToken !== undefined);

  expect([names.length, new Set(names).size]).toEqual([95, 95]);
  expect((await client.files.list()).data.files).toHaveLength(40);
  expect([api.tokens().size, api.refused()]).toEqual([4, 0]);

  await stage.sandbox.control.revokeUser("alice");
  await isOver();
  const failed: unknown = await client.files.list().catch((error: unknown) => error);
  const link = (await stage.token(connectionId)).at("reauthorization_url");
  expect(String(failed)).toMatch(/invalid_grant: .* - http/);
  expect(String(failed)).toContain(link);
}, 60_000);

test("google-auth-library alone goes on by an agent token too, and says why when it cannot", async () => {
  const { stage, connectionId, api, isOver, rootUrl } = await setUp(["--expires-in", "86400"]);
  const client = await new GoogleAuth({ scopes: [DRIVE] }).getClient();
  for (let round = 0; round < 4; round++) {
    expect((await client.request<{ files: unknown[] }>({ url: `${rootUrl}drive/v3/files` })).data.files).toHaveLength(
      40,
    );
    await isOver();
  }
  expect([api.tokens().size, api.refused()]).toEqual([4, 0]);
  await stage.sandbox.control.revokeUser("alice");
  await isOver();
  const link = (await stage.token(connectionId)).at("reauthorization_url");
  await expect(client.getAccessToken()).rejects.toThrow(link);
}, 60_000);
