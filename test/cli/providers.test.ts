import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBuiltInProviders } from "../../src/service/built-in-providers.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant } from "./evergrant.ts";

const ENTRY = {
  id: "acme",
  name: "Acme",
  authorization_url: "https://acme.example/authorize",
  token_url: "https://acme.example/token",
};

async function check(entry: unknown) {
  const file = join(temporaryFolder(), "acme.json");
  await writeFile(file, typeof entry === "string" ? entry : JSON.stringify(entry));
  return evergrant(["providers", "check", file]);
}

describe("evergrant providers", () => {
  it("lists all of the catalogue", async () => {
    const { code, stdout } = await evergrant(["providers", "list"]);
    expect(code).toBe(0);
    const ids = stdout.split("\n").map((line) => line.split(" ")[0]);
    for (const { id } of readBuiltInProviders()) expect(ids).toContain(id);
    expect(stdout).toMatch(/^google +Google +never +1 hour +180 days +high$/m);
  });

  it("shows what is known of one", async () => {
    const { code, stdout } = await evergrant(["providers", "show", "salesforce"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\{login_host\} +Where users sign in/m);
    expect(stdout).toMatch(/^source +https:\/\//m);
  });

  it("says where to look for one that it does not know", async () => {
    const { code, stderr } = await evergrant(["providers", "show", "nobody"]);
    expect(code).toBe(9);
    expect(stderr).toContain("There is no provider nobody in the catalogue.");
  });

  it("accepts a valid entry", async () => {
    const { code, stdout } = await check(ENTRY);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Acme (acme) is a valid entry.\n" });
  });

  it.each([
    ["{", "The file is not JSON."],
    [{ ...ENTRY, token_url: "acme.example" }, "token_url: an http or https URL"],
    [{ ...ENTRY, tokenUrl: "x" }, 'Unrecognized key: "tokenUrl"'],
    [{ ...ENTRY, dialects: ["xml"] }, "dialects.0: "],
    [{ ...ENTRY, token_url: "https://{shop}.example/token" }, "parameters: {shop} is missing"],
    [
      { ...ENTRY, parameters: { shop: { kind: "label", description: "The shop", example: "acme" } } },
      "parameters.shop: it stands in no URL",
    ],
  ])("says what is wrong with %j", async (entry, problem) => {
    const { code, stderr } = await check(entry);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});
