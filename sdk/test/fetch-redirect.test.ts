import { describe, expect, it } from "vitest";
import { startApi } from "./api.ts";
import type { Api } from "./api.ts";
import { startEvergrantService, tokenOf } from "./evergrant-service.ts";

async function start() {
  const [service, api, other] = await Promise.all([startEvergrantService(), startApi(), startApi()]);
  return { service, api, other, connection: service.connect() };
}

function redirectOnce(api: Api, location: string): void {
  api.instead = (response) => {
    api.instead = undefined;
    response.writeHead(307, { location }).end();
  };
}

describe("a redirect", () => {
  it("takes the token along within the origin", async () => {
    const { api, connection } = await start();
    redirectOnce(api, "/moved");
    expect((await connection.fetch(api.url)).status).toBe(200);
    expect(api.calls[1]).toMatchObject({ path: "/moved", headers: { authorization: `Bearer ${tokenOf(1)}` } });
  });

  it("does not take the token along to another origin", async () => {
    const { api, other, connection } = await start();
    redirectOnce(api, other.url);
    other.instead = (response) => void response.end("public");
    expect(await (await connection.fetch(api.url)).text()).toBe("public");
    expect(other.calls).toHaveLength(1);
    expect(other.calls[0]?.headers).not.toHaveProperty("authorization");
  });

  it("reports no 401 of another origin, which never saw the token", async () => {
    const { service, api, other, connection } = await start();
    redirectOnce(api, other.url);
    const response = await connection.fetch(api.url);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe("no");
    expect(service.reports).toEqual([]);
    expect(api.calls).toHaveLength(1);
  });

  it("reports a 401 of the same origin", async () => {
    const { service, api, connection } = await start();
    api.takesFrom = 2;
    redirectOnce(api, "/moved");
    expect((await connection.fetch(api.url)).status).toBe(200);
    expect(service.reports).toHaveLength(1);
  });
});
