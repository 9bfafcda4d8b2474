import { GraphError } from "@microsoft/microsoft-graph-client";
import { Octokit } from "@octokit/rest";
import { WebClient } from "@slack/web-api";
import { create as createAxios } from "axios";
import { drive } from "googleapis/build/src/apis/drive/index.js";
import { inspect } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { later } from "../../../test/field/later.ts";
import { openStage } from "../../../test/stage/stage.ts";
import { createEvergrant, ReauthorizationRequiredError, type Connection } from "../../src/index.ts";
import { attachConnection } from "../../src/adapters/axios.ts";
import { connectionFetch } from "../../src/adapters/fetch.ts";
import { googleAuth } from "../../src/adapters/google.ts";
import { createEvergrantAuth } from "../../src/adapters/octokit.ts";
import { slackOptions } from "../../src/adapters/slack.ts";
import { caught } from "../caught.ts";
import { whileTimePasses } from "../while-time-passes.ts";
import { graphClient } from "./graph-client.ts";
import { startGuardedApi } from "./guarded-api.ts";

/** Each makes a client of its vendor, and tells how to list with it. */
const CLIENTS: Readonly<Record<string, (connection: Connection, url: string) => () => Promise<unknown>>> = {
  googleapis: (connection, url) => {
    const files = drive({ version: "v3", auth: googleAuth(connection), rootUrl: url }).files;
    return async () => (await files.list()).data.files;
  },
  "the Graph client": (connection, url) => {
    const client = graphClient(connection, url);
    return async () => (await client.api("/me/drive/root/children").get()).value;
  },
  Octokit: (connection, url) => {
    const octokit = new Octokit({ authStrategy: createEvergrantAuth, auth: { connection }, baseUrl: url });
    return async () => (await octokit.rest.repos.listForAuthenticatedUser()).data;
  },
  "the Slack client": (connection, url) => {
    const slack = new WebClient(undefined, slackOptions(connection, { slackApiUrl: `${url}/slack/` }));
    return async () => (await slack.conversations.list()).channels?.map(({ name = "" }) => ({ name }));
  },
  axios: (connection, url) => {
    const instance = createAxios({ baseURL: url });
    attachConnection(instance, connection);
    return async () => [(await instance.get("/files/1")).data];
  },
  fetch: (connection, url) => {
    const send = connectionFetch(connection);
    return async () => [await (await send(new Request(`${url}/files/1`))).json()];
  },
};

afterEach(() => void vi.useRealTimers());

test.each(Object.keys(CLIENTS))(
  "%s works over three expiries, gets over a refused token, and says where to sign in again",
  async (name) => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const api = await startGuardedApi(stage.sandbox.url);
    const connection = createEvergrant({ url: stage.service.url, apiKey: stage.adminKey }).connection(connectionId);
    const send = CLIENTS[name]?.(connection, api.url) ?? (() => Promise.reject(name));
    const list = () => whileTimePasses(stage, send());
    const expire = async () => {
      vi.setSystemTime(Date.now() + HOUR);
      await later(stage, HOUR);
    };
    vi.useFakeTimers({ toFake: ["Date"] });

    for (let hour = 0; hour <= 3; hour++) {
      if (hour > 0) await expire();
      expect(await list()).toMatchObject([{ name: "plan.txt" }]);
    }
    expect(new Set(api.tokens).size).toBe(4);
    expect(api.tokens).toHaveLength(4);

    // The API ends a token early.
    api.refused.add(api.tokens.at(-1) ?? "");
    expect(await list()).toMatchObject([{ name: "plan.txt" }]);
    expect(api.tokens).toHaveLength(6);
    expect(new Set(api.tokens).size).toBe(5);

    await expire();
    await list();
    await stage.sandbox.control.revokeUser("alice");
    const before = api.tokens.length;
    const error = await caught(list());
    expect(linkIn(error)).toContain(`${stage.settings.publicUrl}/`);
    expect(api.tokens).toHaveLength(before + 1);
    expect(api.tokens.some((token) => inspect(error, { depth: 9 }).includes(token))).toBe(false);
  },
  60_000,
);

const HOUR = 3_600_000;

/** All but one reject with our error; the Graph client makes one of its own of everything. */
function linkIn(error: unknown): unknown {
  if (error instanceof GraphError) return JSON.parse(error.body).reauthorization_url;
  expect(error).toBeInstanceOf(ReauthorizationRequiredError);
  return error instanceof ReauthorizationRequiredError && error.reauthorizationUrl;
}
