import { expect, test } from "vitest";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances, type Instance } from "../stage/engine-stage.ts";
import { rejectsWith } from "../stage/plays.ts";
import { expectHealthy, sentTo } from "./outcome.ts";

// A copied configuration file is a database as it was before, and an instance that has only that.
test("jottacloud-stale-token-on-second-machine: a copy of the store asks once, says why, and leaves the original alone", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "none" } });
  stage.server.always(rejectsWith(400, { error: "invalid_grant", error_description: "Stale token" }));
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  const copy = await stage.remember();
  await expect(a.read(id)).resolves.toMatchObject({ generation: 2 });
  await copy();
  for (let again = 0; again < 20; again++) {
    await expect(b.read(id)).rejects.toMatchObject({ code: "reauthorization_required", facts: { whoActs: "user" } });
    await stage.clock.leap(MINUTE);
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
  const { status, diagnosis } = (await stage.held(id)).connection;
  expect(status).toBe("reauthorization_required");
  expect(diagnosis?.evidence).toMatchObject({ code: "invalid_grant", description: "Stale token" });
  expect(stage.server.accepts("refresh-1-2")).toBe(true);
});

// Whoever signs in later ends the earlier authorization of the same account and client.
test("zoom-rotated-out-by-newer-sign-in: the connection that was replaced is refreshed in vain once, however often one clicks", async () => {
  const stage = await openEngineStage();
  const replaced = await stage.connect();
  const newer = await stage.connect();
  stage.server.revoke("refresh-1-1");
  stage.server.always(rejectsWith(400, '{"reason":"Invalid Token!","error":"invalid_grant"}'));
  for (let click = 0; click < 10; click++) {
    await expect(stage.refresh(replaced, { origin: "manual" })).resolves.toEqual({ kind: "ended" });
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  expect((await stage.held(replaced)).connection.status).toBe("reauthorization_required");
  await expect(stage.refresh(newer)).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, newer);
});

/** Keeps what it was given until the API refuses it, as a worker does. */
function createConsumer(instance: Instance, id: string, works: (accessToken: string) => boolean) {
  let token: AccessToken | null = null;
  const refused = { count: 0 };
  async function call(): Promise<void> {
    token ??= await instance.read(id);
    if (works(token.accessToken.reveal())) return;
    refused.count++;
    token = await instance.rejected(id, token.generation);
    if (!works(token.accessToken.reveal())) throw new Error("The new token is refused as well.");
  }
  return { call, refused, holds: () => token };
}

// The API's refusal in the report: 401 {"code":124,"message":"Invalid access token."}
test("zoom-s2s-new-token-invalidates-other-instances: three consumers of one living token do not take turns at ending it", async () => {
  const { instances, ...stage } = await openInstances({
    count: 3,
    server: { reuse: "punished", oneAccessToken: true },
  });
  const id = await stage.connect();
  const works = (accessToken: string) => stage.server.acceptsAccess(accessToken);
  const consumers = instances.map((instance) => createConsumer(instance, id, works));
  for (let minute = 0; minute < 3 * 60; minute++) {
    for (const consumer of consumers) await consumer.call();
    await stage.clock.leap(MINUTE);
  }
  expect(stage.server.requests).toHaveLength(2);
  expect(consumers.map(({ refused }) => refused.count)).toEqual([2, 2, 2]);
  expect(new Set(consumers.map(({ holds }) => holds()?.accessToken.reveal())).size).toBe(1);

  // One of them reports a refusal, and the others meet the end of what they hold.
  const [first] = instances;
  await first?.rejected(id, 3);
  for (const consumer of consumers) await consumer.call();
  expect(stage.server.requests).toHaveLength(3);
  // A forced refresh breaks what others hold, so there is not another right after it.
  for (const instance of instances) {
    await expect(instance.rejected(id, 4)).rejects.toMatchObject({ code: "api_rejects_fresh_token" });
  }
  expect(stage.server.requests).toHaveLength(3);
  expect(stage.server.reuses()).toBe(0);
  await expectHealthy(stage, id);
});
