import { expect, test } from "vitest";
import { missingScopes } from "../../src/provider/scope-coverage.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";

function missingAt(provider: string, needed: string, granted: string): string {
  return missingScopes(builtInEntry(provider).provider, {
    needed: needed.split(" "),
    granted: granted === "" ? [] : granted.split(" "),
  }).join(" ");
}

test("what was granted as it was asked for is not missing, and what was not is, as it was written", () => {
  expect(missingAt("dropbox", "files.content.read Account_Info.read", "files.content.read")).toBe("Account_Info.read");
  expect(missingAt("dropbox", "a b a", "")).toBe("a b");
  expect(missingAt("dropbox", "a", "b a")).toBe("");
});

test("the case of a scope does not count", () => {
  expect(missingAt("zoho", "ZohoCRM.Modules.ALL", "zohocrm.modules.all")).toBe("");
});

test("long and short names of a scope are the same scope", () => {
  const [email, profile] = ["email", "profile"].map((name) => `https://www.googleapis.com/auth/userinfo.${name}`);
  expect(missingAt("google", "email profile", `${email} ${profile}`)).toBe("");
  expect(missingAt("google", `${email} ${profile}`, "email")).toBe(profile);
  expect(missingAt("microsoft", "https://graph.microsoft.com/Mail.Read", "mail.read")).toBe("");
  expect(missingAt("microsoft", "Mail.Read", "https://graph.microsoft.com/Mail.Read")).toBe("");
  expect(missingAt("microsoft", "https://outlook.office.com/Mail.Read", "Mail.Read")).not.toBe("");
});

test("a scope that includes others stands for them, over several steps, and not the other way round", () => {
  expect(missingAt("github-oauth-app", "public_repo read:org", "repo admin:org")).toBe("");
  expect(missingAt("github-oauth-app", "repo", "public_repo")).toBe("repo");
  expect(missingAt("microsoft", "Files.Read", "https://graph.microsoft.com/Files.ReadWrite.All")).toBe("");
});

test("what answers leave out is not missing", () => {
  expect(
    missingAt("microsoft", "offline_access openid profile https://graph.microsoft.com/.default", "User.Read"),
  ).toBe("");
  expect(missingAt("slack", "openid", "")).toBe("");
});

test("names that include each other come to an end", () => {
  const { provider } = builtInEntry("dropbox");
  const scope_implies = { a: ["b"], b: ["a"] };
  expect(missingScopes({ ...provider, scope_implies }, { needed: ["a", "b", "c"], granted: ["b"] })).toEqual(["c"]);
});
