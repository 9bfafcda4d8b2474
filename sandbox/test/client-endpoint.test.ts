import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createBehaviourSwitches } from "../src/behaviour.ts";
import { createClientEndpoint } from "../src/client-endpoint.ts";
import { createRefreshTokenLog } from "../src/refresh-token-log.ts";
import { openStore } from "../src/store.ts";
import { startSite } from "./site.ts";

/** The token endpoint before a provider that takes its time, as one with a slower store would. */
async function startEndpoint() {
  const store = openStore(undefined);
  onTestFinished(() => store.close());
  let running = 0;
  let most = 0;
  const { serveToken } = createClientEndpoint({
    provider: async (_req, res) => {
      running += 1;
      most = Math.max(most, running);
      await setTimeout(5);
      running -= 1;
      res.end();
    },
    store,
    refreshTokens: createRefreshTokenLog(),
    behaviour: createBehaviourSwitches({}),
    observe: () => {},
  });
  const url = await startSite((req, res) => void serveToken(req, res));
  const refresh = (token: string) =>
    fetch(url, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }) });
  return { refresh, most: () => most };
}

test("requests with the same refresh token are handled one after the other", async () => {
  const { refresh, most } = await startEndpoint();
  await Promise.all(Array.from({ length: 6 }, () => refresh("one")));
  expect(most()).toBe(1);
});

test("requests with different refresh tokens do not wait for each other", async () => {
  const { refresh, most } = await startEndpoint();
  await Promise.all(["one", "two", "three"].map(refresh));
  expect(most()).toBeGreaterThan(1);
});
