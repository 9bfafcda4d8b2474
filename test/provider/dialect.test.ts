import { expect, test } from "vitest";
import { DIALECT_NAMES, normalise, requestShape, type DialectName } from "../../src/provider/dialect.ts";

test.each<[DialectName, object, object]>([
  ["authed_user", { ok: true, authed_user: { access_token: "a" } }, { access_token: "a" }],
  ["authed_user", { access_token: "bot", authed_user: { access_token: "a" } }, { access_token: "bot" }],
  ["wrapped_answer", { code: 0, data: { access_token: "a", expires_in: 5 } }, { access_token: "a", expires_in: 5 }],
  ["wrapped_answer", { body: { access_token: "a" } }, { access_token: "a" }],
  ["wrapped_answer", { result: { access_token: "a" } }, { access_token: "a" }],
  ["wrapped_answer", { access_token: "a", data: [1] }, { access_token: "a" }],
  ["camel_case", { accessToken: "a", expiresIn: 5 }, { access_token: "a", expires_in: 5 }],
  ["expires_in_milliseconds", { expires_in: 3_600_000 }, { expires_in: 3600 }],
  ["expires_in_milliseconds", { expires_in: "3600000" }, { expires_in: 3600 }],
  ["expires_in_zero_is_never", { expires_in: 0 }, { expires_in: null }],
  ["expires_in_zero_is_never", { expires_in: "0" }, { expires_in: null }],
  ["expires_in_zero_is_never", { expires_in: 60 }, { expires_in: 60 }],
])("%s reads %j", (name, answer, expected) => {
  expect(normalise([name], { ...answer })).toMatchObject(expected);
});

test("several apply in the order in which they are named", () => {
  const answer = { data: { accessToken: "a", expiresIn: 5000 } };
  const names: DialectName[] = ["wrapped_answer", "camel_case", "expires_in_milliseconds"];
  expect(normalise(names, answer)).toMatchObject({ access_token: "a", expires_in: 5 });
});

test("a missing lifetime is not made up", () => {
  expect(normalise(["expires_in_milliseconds"], {})).toEqual({});
  expect(normalise(["expires_in_zero_is_never"], {})).toEqual({});
});

test("each dialect changes the request or the answer", () => {
  const answer = { accessToken: "a", data: { x: 1 }, authed_user: { y: 1 }, expires_in: 0 };
  const idle = DIALECT_NAMES.filter(
    (name) =>
      Object.keys(requestShape([name])).length === 0 &&
      JSON.stringify(normalise([name], answer)) === JSON.stringify(answer) &&
      JSON.stringify(normalise([name], { expires_in: 5000 })) === JSON.stringify({ expires_in: 5000 }),
  );
  expect(idle).toEqual([]);
});

test("what the requests want is put together", () => {
  expect(requestShape(["json_request", "repeat_redirect_uri", "repeat_scope"])).toEqual({
    encoding: "json",
    repeatRedirectUri: true,
    repeatScope: true,
  });
  expect(requestShape([])).toEqual({});
});
