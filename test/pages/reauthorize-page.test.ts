import { expect, test } from "vitest";
import { chooseLocale } from "../../src/pages/locales/choose-locale.ts";
import { GALLERY } from "../stage/page-gallery.ts";

/** What a page of the gallery says, without its markup. */
function said(name: string, language = "en") {
  const page = GALLERY[name]?.(chooseLocale(language));
  const words = (page?.text ?? []).map((each) =>
    typeof each === "string" ? each : each.map((part) => (typeof part === "string" ? part : part.name)).join(""),
  );
  return { ...page, text: words };
}

test("says which account stopped, since when, why and what comes next", () => {
  expect(said("asking").text).toEqual([
    "The access to ada@example.com at Google stopped working on November 20, 2026.",
    "The access ended when your password was changed. Please sign in again to go on.",
    "You will be sent to Google to sign in with ada@example.com. Nothing that you had is lost: what was waiting goes on by itself.",
  ]);
  expect(said("asking", "fr").text[0]).toContain("ne fonctionne plus depuis le 20 novembre 2026.");
});

test("says who else has to act", () => {
  expect(said("asking-administrator").text[2]).toContain("an administrator of your organisation has to allow");
  expect(said("asking-operator").text[2]).toContain("tell the people who run this service");
  expect(said("asking-administrator").text).toHaveLength(4);
  expect(said("asking").text).toHaveLength(3);
});

test("says that another account may be chosen only where it may", () => {
  expect(said("asking-choice").text.at(-1)).toContain("another account");
  expect(said("asking").text.join(" ")).not.toContain("another account");
});

test("has a button where signing in helps, and none where it does not", () => {
  for (const name of ["asking", "working"]) expect(said(name).button).toMatchObject({ path: null, continues: true });
  expect(said("suspended").button).toBeUndefined();
});

test("speaks of an account without a name", () => {
  expect(said("asking-nameless").text[0]).toContain("The access to your account at Google");
  expect(said("asking-nameless", "de").text[0]).toContain("Der Zugriff auf Ihr Konto bei Google");
});
