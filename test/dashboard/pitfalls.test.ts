import { expect, test } from "vitest";
import { pitfallsBeside } from "../../dashboard/src/connect/pitfalls.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";

test("each pitfall stands beside the field that it is about, and none twice", () => {
  const google = builtInEntry("google").provider;
  const places = pitfallsBeside(google);
  expect(places.testing).toEqual([expect.stringContaining("status Testing")]);
  expect(places.scopes).toHaveLength(2);
  expect(Object.values(places).flat().toSorted()).toEqual(google.pitfalls.toSorted());
  const shopify = pitfallsBeside(builtInEntry("shopify").provider);
  expect(shopify.secret).toEqual([expect.stringContaining("Revoking an old client secret")]);
  expect(shopify.redirect).toEqual([expect.stringContaining("The redirect back")]);
});
