import { describe, expect, test } from "vitest";
import { SECOND, type Clock } from "../../../src/runtime/clock.ts";
import { secret } from "../../../src/runtime/secret.ts";
import { ServiceError } from "../../../src/runtime/service-error.ts";
import type { KeyClient } from "../../../src/keyring/kms/key-client.ts";
import { createKeyService, KEY_DEADLINE } from "../../../src/keyring/kms/key-service.ts";
import { freePort } from "../../stage/free-port.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { silence, type Answer, type KeyRequest, type KeyServer } from "./key-server.ts";

/** One service as its adapter meets it. */
export interface KeyServiceCase {
  /** A server that has the keys `one` and `other` and encrypts with them. */
  serve(): Promise<KeyServer>;
  /** The adapter of `key` with its real package. */
  client(port: number, key: "one" | "other" | "missing"): Promise<KeyClient>;
  bindsContext: boolean;
  /** False where a request cannot be taken back. */
  givesUp: boolean;
  /** The service's own refusals, each with `text` where it says what it means. */
  answers: Record<"notPermitted" | "throttled" | "broken" | "disabled", (text: string) => Answer>;
}

const ROOT_KEY = Buffer.from("000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "hex");
const CONTEXT = "evergrant.root-key.1:ins_1";

/** What every service has to make of `KeyService`. */
export function keyServiceContract(name: string, kind: KeyServiceCase): void {
  async function open(key: "one" | "other" | "missing" = "one") {
    const server = await kind.serve();
    const clock = createManualClock();
    const service = createKeyService(await kind.client(server.port, key), withoutPauses(clock));
    return { server, clock, service };
  }

  const encrypt = ({ service }: Awaited<ReturnType<typeof open>>) => service.encrypt(secret(ROOT_KEY), CONTEXT);

  describe(`a key at ${name}`, () => {
    test("decrypts what it encrypted", async () => {
      const stage = await open();
      const [first, second] = [await encrypt(stage), await encrypt(stage)];
      expect(Buffer.from(first).equals(second)).toBe(false);
      expect(Buffer.from(first).includes(ROOT_KEY)).toBe(false);
      const opened = await stage.service.decrypt(first, CONTEXT);
      expect(Buffer.from(opened.reveal())).toEqual(ROOT_KEY);
      expect(String(opened)).toBe("[secret]");
    });

    test(`decrypts ${kind.bindsContext ? "nothing" : "as well"} for another context`, async () => {
      const stage = await open();
      const ciphertext = await encrypt(stage);
      const opened = await stage.service.decrypt(ciphertext, `${CONTEXT}2`).catch((error: unknown) => String(error));
      const refusal: unknown = expect.stringMatching(/did not encrypt what it is to decrypt/);
      expect(typeof opened === "string" ? opened : opened.reveal()).toEqual(kind.bindsContext ? refusal : ROOT_KEY);
    });

    test("decrypts nothing of another key", async () => {
      const stage = await open();
      const ciphertext = await encrypt(stage);
      const other = createKeyService(await kind.client(stage.server.port, "other"), stage.clock);
      expect(await failure(other.decrypt(ciphertext, CONTEXT))).toMatch(/did not encrypt what it is to decrypt/);
    });

    test.each(["half", "changed"])("decrypts nothing that is %s", async (what) => {
      const stage = await open();
      const ciphertext = Buffer.from(await encrypt(stage));
      const at = ciphertext.length - 5;
      const half = ciphertext.subarray(0, ciphertext.length / 2);
      const changed = Buffer.concat(
        [ciphertext.subarray(0, at), ciphertext[at] === 65 ? "B" : "A", ciphertext.subarray(at + 1)].map((part) =>
          Buffer.from(part),
        ),
      );
      const sentence = await failure(stage.service.decrypt(what === "half" ? half : changed, CONTEXT));
      expect(sentence).toMatch(/did not encrypt what it is to decrypt/);
    });

    test("says which key does not exist", async () => {
      const { service } = await open("missing");
      const sentence = await failure(service.encrypt(secret(ROOT_KEY), CONTEXT));
      expect(sentence).toContain(service.name);
      expect(sentence).toMatch(/is unknown, disabled or deleted/);
    });

    test.each([
      ["disabled", /is unknown, disabled or deleted/],
      ["notPermitted", /may not be used by this process/],
    ] as const)("says so when it is %s, and does not ask again", async (answer, expected) => {
      const stage = await open();
      stage.server.instead.push(({ body }) => kind.answers[answer](JSON.stringify(body)));
      expect(await failure(encrypt(stage))).toMatch(expected);
      expect(stage.server.requests).toHaveLength(1);
    });

    test.each(["throttled", "broken"] as const)("is asked once more after it was %s", async (answer) => {
      const stage = await open();
      const ciphertext = await encrypt(stage);
      stage.server.instead.push(({ body }) => kind.answers[answer](JSON.stringify(body)));
      const before = stage.server.requests.length;
      const opened = await stage.service.decrypt(ciphertext, CONTEXT);
      expect(Buffer.from(opened.reveal())).toEqual(ROOT_KEY);
      expect(stage.server.requests).toHaveLength(before + 2);
    });

    test.each(["throttled", "broken"] as const)("is not asked a third time when it stays %s", async (answer) => {
      const stage = await open();
      const always = ({ body }: KeyRequest) => kind.answers[answer](JSON.stringify(body));
      stage.server.instead.push(always, always);
      expect(await failure(encrypt(stage))).toMatch(/cannot answer now/);
      expect(stage.server.requests).toHaveLength(2);
    });

    test("is waited for no longer than ten seconds", async () => {
      const stage = await open();
      const silent = silence();
      stage.server.instead.push(() => silent.answer);
      const result = failure(encrypt(stage));
      await silent.arrived;
      await stage.clock.advance(KEY_DEADLINE);
      expect(await result).toMatch(/cannot be reached \(no answer in 10 s\)/);
      if (kind.givesUp) await silent.givenUp;
      expect(stage.server.requests).toHaveLength(1);
    });

    test("is asked once more after the connection broke", async () => {
      const stage = await open();
      stage.server.instead.push(() => (response) => void response.socket?.destroy());
      await encrypt(stage);
      expect(stage.server.requests).toHaveLength(2);
    });

    test("says so when nothing listens there", async () => {
      const service = createKeyService(await kind.client(await freePort(), "one"), withoutPauses(createManualClock()));
      const sentence = await failure(service.encrypt(secret(ROOT_KEY), CONTEXT));
      expect(sentence).toMatch(/cannot be reached \((ECONNREFUSED|refused)\)/);
    });

    test.each<[string, Answer]>([
      ["a page", (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>")],
      ["nothing", (response) => void response.writeHead(200).end()],
      ["an empty object", (response) => void response.writeHead(200, { "content-type": "application/json" }).end("{}")],
    ])("answers no secret and throws nothing else when there is %s", async (_what, answer) => {
      const stage = await open();
      stage.server.instead.push(...Array.from({ length: 2 }, () => () => answer));
      expect(await failure(encrypt(stage))).toMatch(/not understood|cannot answer now/);
    });
  });
}

/** The sentence of the `key_unavailable` that a call ends with; it has to hold nothing of what was sent. */
async function failure(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) throw new Error("no ServiceError", { cause: error });
  expect(error.code).toBe("key_unavailable");
  expect(error.message).toMatch(/^[^ ]+ .*\.$/);
  for (const encoding of ["hex", "base64", "base64url", "latin1"] as const) {
    expect(error.message).not.toContain(ROOT_KEY.toString(encoding).slice(0, 20));
  }
  expect(error.cause).toBeUndefined();
  return error.message;
}

/** Time that stands still, but for pauses, which take none. */
function withoutPauses(clock: Clock): Clock {
  return {
    ...clock,
    sleep: (milliseconds, signal) => (milliseconds < SECOND ? Promise.resolve() : clock.sleep(milliseconds, signal)),
  };
}
