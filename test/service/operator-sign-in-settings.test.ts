import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { secret } from "../../src/runtime/secret.ts";
import { readOperatorClientSecret } from "../../src/service/operator-client-secret.ts";
import { readSettings } from "../../src/service/settings.ts";
import { StartError } from "../../src/service/start-error.ts";
import { signInAt } from "../stage/operator-browser.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

const WHOLE = {
  EVERGRANT_OPERATOR_ISSUER: "https://login.example/realms/us",
  EVERGRANT_OPERATOR_CLIENT_ID: "evergrant",
  EVERGRANT_OPERATOR_ALLOWED: "Alice@example.com, domain:example.com=viewer,group:On Call=operator,",
};

function failure(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof StartError && error.kind === "settings") return error.message;
    throw error;
  }
  throw new Error("the settings were accepted");
}

describe("the settings of the sign-in", () => {
  test("are all or none", () => {
    expect(readSettings({}).operatorSignIn).toBeNull();
    expect(readSettings(WHOLE).operatorSignIn).toEqual({
      issuer: "https://login.example/realms/us",
      clientId: "evergrant",
      clientSecret: null,
      allowed: [
        { kind: "email", name: "alice@example.com", role: "admin" },
        { kind: "domain", name: "example.com", role: "viewer" },
        { kind: "group", name: "On Call", role: "operator" },
      ],
    });
  });

  test.each(Object.keys(WHOLE))("without %s stop the start, and say what is missing", (name) => {
    expect(failure({ ...WHOLE, [name]: "" })).toMatch(new RegExp(`^${name} is missing\\. .* are set together`));
  });

  test("of a secret alone stop the start", () => {
    expect(failure({ EVERGRANT_OPERATOR_CLIENT_SECRET: "CANARY" })).toMatch(/^EVERGRANT_OPERATOR_ISSUER is missing/);
  });

  test("have the secret in a file or not, and print none", () => {
    const text = readSettings({ ...WHOLE, EVERGRANT_OPERATOR_CLIENT_SECRET: "CANARY" });
    expect(text.operatorSignIn?.clientSecret).toEqual({ kind: "value", text: secret("CANARY") });
    expect(JSON.stringify(text)).not.toContain("CANARY");
    const file = readSettings({ ...WHOLE, EVERGRANT_OPERATOR_CLIENT_SECRET_FILE: "secret.txt" });
    expect(file.operatorSignIn?.clientSecret).toEqual({ kind: "file", path: resolve("secret.txt") });
    const both = { EVERGRANT_OPERATOR_CLIENT_SECRET: "CANARY", EVERGRANT_OPERATOR_CLIENT_SECRET_FILE: "x" };
    expect(failure({ ...WHOLE, ...both })).toContain("Keep one of them");
  });

  test.each([
    ["EVERGRANT_OPERATOR_ISSUER", "CANARY"],
    ["EVERGRANT_OPERATOR_ISSUER", "ftp://CANARY.example"],
    ["EVERGRANT_OPERATOR_ISSUER", "https://login.example/?CANARY"],
    ["EVERGRANT_OPERATOR_ISSUER", "https://user:CANARY@login.example"],
    ["EVERGRANT_OPERATOR_ALLOWED", "CANARY"],
    ["EVERGRANT_OPERATOR_ALLOWED", "alice@example.com,CANARY"],
    ["EVERGRANT_OPERATOR_ALLOWED", "CANARY@example.com=owner"],
    ["EVERGRANT_OPERATOR_ALLOWED", " , "],
  ])("with %s=%s stop the start, which does not tell the value", (name, value) => {
    const message = failure({ ...WHOLE, [name]: value });
    expect(message).toMatch(new RegExp(`^${name}: has to be`));
    expect(message).not.toContain("CANARY");
  });
});

test("a file with the secret is read anew each time, and has to be there at the start", async () => {
  const path = join(temporaryFolder(), "secret");
  const source = { kind: "file", path } as const;
  writeFileSync(path, "first\n");
  expect((await readOperatorClientSecret(source))?.reveal()).toBe("first");
  writeFileSync(path, "second");
  expect((await readOperatorClientSecret(source))?.reveal()).toBe("second");
  writeFileSync(path, "");
  const operatorSignIn = { ...signInAt("https://login.example", "a@b.example"), clientSecret: source };
  await expect(openStage({ settings: { operatorSignIn } })).rejects.toMatchObject({
    name: "StartError",
    kind: "settings",
    message: expect.stringContaining("EVERGRANT_OPERATOR_CLIENT_SECRET_FILE"),
  });
});
