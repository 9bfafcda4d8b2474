import { create as createAxios, isAxiosError } from "axios";
import { expect, it } from "vitest";
import { attachConnection } from "../../src/adapters/axios.ts";
import { startApi } from "../api.ts";
import { caught } from "../caught.ts";
import { startEvergrantService, tokenOf } from "../evergrant-service.ts";

async function start(adapter: "http" | "fetch" = "http") {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  const instance = createAxios({ baseURL: api.url, adapter, headers: { Authorization: "Basic x" } });
  return { service, api, instance, connection: service.connect() };
}

it.each(["http", "fetch"] as const)("the adapter %s sends a body as it was made once more", async (adapter) => {
  const { api, instance, connection } = await start(adapter);
  attachConnection(instance, connection);
  api.takesFrom = 2;
  const { data } = await instance.post("/files", "text that is no JSON", {
    headers: { "content-type": "application/json" },
  });
  expect(data).toBe("hello 2");
  expect(api.calls.map(({ body }) => body)).toEqual(['"text that is no JSON"', '"text that is no JSON"']);
  expect(api.calls.map(({ headers }) => headers.authorization)).toEqual([1, 2].map((n) => `Bearer ${tokenOf(n)}`));
});

it("the other interceptors see one request and one answer, and no token", async () => {
  const { api, instance, connection } = await start();
  const seen: string[] = [];
  instance.interceptors.request.use(
    (config) => (seen.push(`request ${String(config.headers["Authorization"])}`), config),
  );
  attachConnection(instance, connection);
  instance.interceptors.response.use((response) => {
    seen.push(`response ${response.status} ${String(response.config.headers["Authorization"])}`);
    return response;
  });
  api.takesFrom = 2;
  await instance.get("/files");
  expect(seen).toEqual(["request Basic x", "response 200 Basic x"]);
  api.takesFrom = 9;
  const error = await caught(instance.get("/files"));
  expect(isAxiosError(error) && JSON.stringify([error, error.config, error.response?.config])).not.toContain(
    "nobody-may-see",
  );
  expect(isAxiosError(error) && error.config?.url).toBe("/files");
});

it("a 401 that the caller lets pass is repeated too", async () => {
  const { api, instance, connection, service } = await start();
  attachConnection(instance, connection);
  api.takesFrom = 2;
  expect((await instance.get("/files", { validateStatus: null })).status).toBe(200);
  expect(service.reports).toMatchObject([{ www_authenticate: 'Bearer error="invalid_token"' }]);
});

it("gives up with its caller, and is detached again", async () => {
  const { api, instance, connection } = await start();
  const detach = attachConnection(instance, connection);
  expect(await caught(instance.get("/files", { signal: AbortSignal.abort() }))).toMatchObject({
    name: "CanceledError",
  });
  detach();
  expect(await caught(instance.get("/files"))).toMatchObject({ response: { status: 401 } });
  expect(api.calls.map(({ headers }) => headers.authorization)).toEqual(["Basic x"]);
});
