import { describe, expect, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import { addressOf, connectionString, isOpenToOthers } from "../../../src/store/postgres/address.ts";

describe("the part of the URL that may be shown", () => {
  test.each([
    ["postgres://user:canary@db.example:5433/evergrant?password=canary", "db.example:5433/evergrant"],
    ["postgresql://canary@db.example/evergrant", "db.example/evergrant"],
    ["postgres:///evergrant?host=/run/postgresql&user=canary", "/run/postgresql/evergrant"],
    ["postgres:///evergrant", "localhost/evergrant"],
    ["postgres://user:canary@[::1]:5432/evergrant", "[::1]:5432/evergrant"],
  ])("%s: %s", (url, address) => {
    expect(addressOf(secret(url))).toBe(address);
  });
});

describe("TLS that was asked for is verified", () => {
  test.each(["prefer", "require", "verify-ca", "verify-full"])("with sslmode=%s", (mode) => {
    const url = secret(`postgres://user:p%40%23@db.example/evergrant?sslmode=${mode}&sslrootcert=/etc/ca.pem`);
    const given = new URL(connectionString(url));
    expect(given.searchParams.get("sslmode")).toBe("verify-full");
    expect(given.searchParams.get("sslrootcert")).toBe("/etc/ca.pem");
    expect(decodeURIComponent(given.password)).toBe("p@#");
  });

  test.each([
    "postgres://user:p%40@db.example/evergrant",
    "postgres://db.example/evergrant?sslmode=disable",
    "postgres://db.example/evergrant?sslmode=no-verify",
    "postgres://db.example/evergrant?sslmode=require&uselibpqcompat=true",
  ])("and %s stays as it is, because it asks for something else", (url) => {
    expect(connectionString(secret(url))).toBe(url);
  });
});

describe("a connection can be read on its way", () => {
  test.each([
    ["postgres://db.example/evergrant", true],
    ["postgres://db.example/evergrant?sslmode=disable", true],
    ["postgres://db.example/evergrant?sslmode=require", false],
    ["postgres://db.example/evergrant?ssl=true", false],
    ["postgres://127.0.0.1/evergrant", false],
    ["postgres://localhost/evergrant", false],
    ["postgres:///evergrant?host=/run/postgresql", false],
  ])("%s: %s", (url, open) => {
    expect(isOpenToOthers(secret(url))).toBe(open);
  });
});
