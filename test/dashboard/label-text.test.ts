import { describe, expect, it } from "vitest";
import { parseLabels, printLabels } from "../../dashboard/src/connection/label-text.ts";

describe("labels as text", () => {
  it("reads what it prints", () => {
    const labels = { plan: "enterprise", url: "https://a.example", empty: "" };
    expect(parseLabels(printLabels(labels).join("\n"))).toEqual({ labels });
  });

  it("takes blank lines and spaces for nothing", () => {
    expect(parseLabels("\n  plan : free \n\n")).toEqual({ labels: { plan: "free" } });
  });

  it("says what is wrong with a line", () => {
    expect(parseLabels("plan")).toEqual({ problem: "“plan” has to be name:value." });
    expect(parseLabels(":free")).toEqual({ problem: "“:free” has to be name:value." });
    expect(parseLabels("plan:a\nplan:b")).toEqual({ problem: "“plan” is there twice." });
  });
});
