import { expect, it } from "vitest";
import { isNarrowed, readConnectionFilters } from "../../dashboard/src/connections/filters.ts";

it("reads from an address what can be filtered by, and nothing else", () => {
  const search = { status: "active", q: "ada", label: "", client: 7, after: "con_1" };
  expect(readConnectionFilters(search)).toEqual({ status: "active", q: "ada" });
});

it("takes an order for no filter", () => {
  expect(isNarrowed({ sort: "status_since" })).toBe(false);
  expect(isNarrowed({ sort: "status_since", q: "ada" })).toBe(true);
});
