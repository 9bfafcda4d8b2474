import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { formatBlock } from "../../src/access/address-block.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { readSettings } from "../../src/service/settings.ts";
import { StartError } from "../../src/service/start-error.ts";

function failure(environment: Record<string, string>): StartError {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error("the settings were accepted");
}

test("without any setting, everything has a sensible value", () => {
  expect(readSettings({ PATH: "/usr/bin" })).toMatchObject({
    database: { kind: "sqlite", path: resolve("./data/evergrant.db") },
    dataDir: resolve("./data"),
    rootKey: { kind: "generated", path: resolve("./data/root.key") },
    adminKey: null,
    publicUrl: "http://127.0.0.1:4100",
    host: "127.0.0.1",
    port: 4100,
    allowedPrivateHosts: [],
    trustedProxies: [],
    rateLimit: 1000,
    rekeyRate: 2000,
    logLevel: "info",
  });
});

test("the public URL follows host and port unless it is given", () => {
  expect(readSettings({ EVERGRANT_PORT: "8080", EVERGRANT_HOST: "0.0.0.0" }).publicUrl).toBe("http://localhost:8080");
  expect(readSettings({ EVERGRANT_HOST: "::1" }).publicUrl).toBe("http://[::1]:4100");
  expect(readSettings({ EVERGRANT_PUBLIC_URL: "https://tokens.example/eg//" }).publicUrl).toBe(
    "https://tokens.example/eg",
  );
});

test("an empty setting counts as not set", () => {
  const settings = readSettings({ EVERGRANT_PORT: "", EVERGRANT_ROOT_KEY: "", EVERGRANT_DATABASE_URL: "" });
  expect(settings).toMatchObject({ port: 4100, rootKey: { kind: "generated" } });
});

test.each(["postgres://u:p%40@db.example:5433/evergrant?sslmode=verify-full", "postgresql:///evergrant?host=/run/pg"])(
  "%s is a PostgreSQL database, whose URL is a secret, and whose root key is not made in passing",
  (url) => {
    const { database, rootKey } = readSettings({ EVERGRANT_DATABASE_URL: url });
    expect(database).toEqual({ kind: "postgres", url: expect.any(Secret) });
    expect(database.kind === "postgres" && database.url.reveal()).toBe(url);
    expect(rootKey).toEqual({ kind: "file", path: resolve("./data/root.key") });
  },
);

test("private hosts are a list", () => {
  const settings = readSettings({ EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1, idp.internal  localhost" });
  expect(settings.allowedPrivateHosts).toEqual(["127.0.0.1", "idp.internal", "localhost"]);
});

test("trusted proxies are a list of addresses and blocks", () => {
  const { trustedProxies } = readSettings({ EVERGRANT_TRUSTED_PROXIES: "10.1.2.3/8, 192.0.2.1  2001:db8::/32," });
  expect(trustedProxies.map(formatBlock)).toEqual(["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
});

test.each(["proxy.example", "10.0.0.0/33", "10.0.0.0/8;::1"])("%j names no trusted proxy", (text) => {
  const { kind, message } = failure({ EVERGRANT_TRUSTED_PROXIES: text });
  expect([kind, message]).toEqual(["settings", expect.stringMatching(/^EVERGRANT_TRUSTED_PROXIES: has to be/)]);
  expect(message).not.toContain(text);
});

test("the rekey rate is a whole number of values a second", () => {
  expect(readSettings({ EVERGRANT_REKEY_RATE: "25" }).rekeyRate).toBe(25);
  for (const text of ["0", "-1", "1.5", "many", "1000001"]) {
    expect(failure({ EVERGRANT_REKEY_RATE: text }).message).toMatch(/^EVERGRANT_REKEY_RATE: has to be a whole number/);
  }
});

test("the rate limit is a whole number of requests a second", () => {
  expect(readSettings({ EVERGRANT_RATE_LIMIT: "25" }).rateLimit).toBe(25);
  for (const text of ["0", "-1", "1.5", "many", "1000001"]) {
    expect(failure({ EVERGRANT_RATE_LIMIT: text }).message).toMatch(/^EVERGRANT_RATE_LIMIT: has to be a whole number/);
  }
});

test.each([
  [{ HTTPS_PROXY: "proxy.example:3128" }, "HTTPS_PROXY"],
  [{ https_proxy: "socks5://proxy.example", HTTPS_PROXY: "http://proxy.example" }, "https_proxy"],
  [{ HTTPS_PROXY: "", ALL_PROXY: "http://" }, "ALL_PROXY"],
])("a proxy that is no HTTP proxy stops the start, by name and without its password: %j", (environment, name) => {
  expect(() => readSettings(environment)).toThrow(`${name}: has to be the URL of an HTTP proxy`);
});

test("a proxy is one of the machine's settings, and no business of the service's own", () => {
  const environment = { HTTPS_PROXY: "http://user:password@proxy.example:3128", NO_PROXY: "localhost" };
  expect(readSettings(environment)).toEqual(readSettings({}));
});

test("neighbours in Kubernetes are not taken for settings", () => {
  const settings = readSettings({ EVERGRANT_SERVICE_HOST: "10.0.0.1", EVERGRANT_PORT_4100_TCP: "tcp://10.0.0.1:4100" });
  expect(settings.port).toBe(4100);
});

describe("a wrong setting is named, and its value is not told", () => {
  test.each([
    ["EVERGRANT_PORT", "CANARY"],
    ["EVERGRANT_PORT", "70000"],
    ["EVERGRANT_PORT", "1.5"],
    ["EVERGRANT_PORT", "0"],
    ["EVERGRANT_PUBLIC_URL", "CANARY"],
    ["EVERGRANT_PUBLIC_URL", "ftp://CANARY"],
    ["EVERGRANT_LOG_LEVEL", "CANARY"],
    ["EVERGRANT_DATABASE_URL", "mysql://CANARY"],
    ["EVERGRANT_DATABASE_URL", "sqlite://CANARY"],
    ["EVERGRANT_DATABASE_URL", "sqlite:"],
    ["EVERGRANT_DATABASE_URL", "postgres:CANARY"],
    ["EVERGRANT_DATABASE_URL", "postgres://user:CANARY@host"],
    ["EVERGRANT_DATABASE_URL", "postgres://user:CANARY@host/"],
    ["EVERGRANT_DATABASE_URL", "postgres://user:CANARY#unescaped@host/database"],
    ["EVERGRANT_ROOTKEY", "CANARY"],
  ])("%s=%s", (name, value) => {
    const error = failure({ [name]: value });
    expect(error.kind).toBe("settings");
    expect(error.message).toContain(name);
    expect(error.message).not.toContain("CANARY");
  });

  test("two root keys are one too many", () => {
    const error = failure({ EVERGRANT_ROOT_KEY: "CANARY", EVERGRANT_ROOT_KEY_FILE: "CANARY" });
    expect(error.message).toContain("Keep one of them");
    expect(error.message).not.toContain("CANARY");
  });
});
