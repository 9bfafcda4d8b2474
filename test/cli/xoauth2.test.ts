import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { saslResponse } from "../../src/cli/xoauth2/sasl-response.ts";
import { openStage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

it("prints what XOAUTH2 and OAUTHBEARER (RFC 7628 §3.1) want, in base64", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const token = (await stage.token(connectionId)).at("access_token");
  const run = (...args: string[]) => evergrant(["xoauth2", connectionId, ...args], clientEnvironment(stage));
  const plain = await run("--user", "ada@example.com");
  expect(plain).toEqual({ code: EXIT.ok, stdout: expect.stringMatching(/^[\w+/=]+\n$/), stderr: "" });
  expect(decoded(plain.stdout)).toBe(`user=ada@example.com\x01auth=Bearer ${token}\x01\x01`);
  const bearer = await run("--user", "a=b,c@example.com", "--mechanism", "oauthbearer", "--json");
  const { mechanism, response }: Record<string, string> = JSON.parse(bearer.stdout);
  expect(mechanism).toBe("oauthbearer");
  expect(decoded(response ?? "")).toBe(`n,a=a=3Db=2Cc@example.com,\x01auth=Bearer ${token}\x01\x01`);
});

it("writes XOAUTH2 as its description does", () => {
  expect(saslResponse("xoauth2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")).toBe(
    "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
  );
});

it.each([
  ["no mailbox", ["xoauth2", "con_1"], "--user"],
  ["a mailbox with a control character", ["xoauth2", "con_1", "--user", "a\x01auth=Bearer x"], "address of a mailbox"],
  ["another mechanism", ["xoauth2", "con_1", "--user", "a", "--mechanism", "plain"], "oauthbearer"],
])("exits with 2 for %s", async (_name, args, text) => {
  const { code, stdout, stderr } = await evergrant(args);
  expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: "" });
  expect(stderr).toContain(text);
});

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString();
}
