import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createAdmission } from "../../src/access/admission.ts";
import { hashKey, mintKey } from "../../src/access/api-key.ts";
import { createAuthenticator } from "../../src/access/authenticator.ts";
import { createRateLimits } from "../../src/access/rate-limits.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { createMemoryApiKeys } from "./memory-api-keys.ts";
import { createMemoryTenants } from "./memory-tenants.ts";

const pepper = secret<Uint8Array>(Buffer.alloc(32, 9));
const HOME = "192.0.2.1";
const ELSEWHERE = "203.0.113.9";
const BURST = 200;

/** A store with one key that may be used from `HOME`, and what lets requests in. */
async function setUp({ perSecond = 1000, allowedCidrs = ["192.0.2.0/24"] } = {}) {
  const clock = createManualClock();
  const random = createSeededRandom();
  const keys = createMemoryApiKeys(clock);
  const { id, text } = mintKey("key", clock, random);
  const hash = hashKey(pepper, text.reveal());
  const given = { scopes: [], hash, expiresAt: null, allowedCidrs, rateLimit: null, replaces: null };
  await keys.create({ id, tenantId: "ten_1", name: "sync", ...given });
  const authenticator = createAuthenticator({ keys, tenants: createMemoryTenants(), pepper, agentKey: pepper, clock });
  const noted: [string, string | null][] = [];
  const uses = { note: (keyId: string, from: string | null) => void noted.push([keyId, from]) };
  // Sessions are proven in test/api/operator-sessions.test.ts.
  const operators = { verify: () => Promise.resolve(null) };
  const limits = createRateLimits(clock, perSecond);
  const admission = createAdmission({ authenticator, operators, limits, uses, clock });
  const identify = (key: string | undefined, from: string | null): Promise<string> =>
    admission.identify(key, from).then(
      () => "in",
      (error: unknown) => (error instanceof ServiceError ? error.code : String(error)),
    );
  const stranger = () => mintKey("key", clock, random).text.reveal();
  return { clock, keys, id, text: text.reveal(), admission, noted, identify, stranger };
}

describe("a request is let in", () => {
  test("by its key, from the addresses of the key, and its use is noted", async () => {
    const { admission, text, id, noted } = await setUp();
    const caller = await admission.identify(text, HOME);
    expect(caller.keyId).toBe(id);
    expect(noted).toEqual([]);
    expect(admission.enter(caller, HOME)).toBe(0);
    expect(noted).toEqual([[id, HOME]]);
  });

  test("from memory as it is by looking, and from no other address", async () => {
    const { admission, text } = await setUp();
    expect(admission.recall(text, HOME)).toBeUndefined();
    const caller = await admission.identify(text, HOME);
    expect(admission.recall(text, HOME)).toBe(caller);
    expect(admission.recall(text, ELSEWHERE)).toBeUndefined();
    expect(admission.recall(text, null)).toBeUndefined();
  });

  test("not from elsewhere or nowhere, and the sentence does not say from where it would be", async () => {
    const { admission, text, identify } = await setUp();
    expect([await identify(text, ELSEWHERE), await identify(text, null)]).toEqual(["forbidden", "forbidden"]);
    await expect(admission.identify(text, ELSEWHERE)).rejects.toThrow(/^(?!.*192\.0\.2).*address/);
  });

  test("not without a key, which is not counted", async () => {
    const { identify } = await setUp();
    for (let i = 0; i < 2 * BURST; i++) expect(await identify(undefined, ELSEWHERE)).toBe("unauthorized");
  });

  test("only as often as the limit allows, and what is refused is no use", async () => {
    const { admission, text, noted } = await setUp({ perSecond: 1 });
    const caller = await admission.identify(text, HOME);
    const waits = [1, 2, 3].map(() => admission.enter(caller, HOME));
    expect(waits).toEqual([0, 0, 1000]);
    expect(noted).toHaveLength(2);
  });
});

test("a thousand requests at once with a good key that nobody remembers are let in by one lookup", async () => {
  const { identify, text, keys } = await setUp();
  const answers = await Promise.all(Array.from({ length: 1000 }, () => identify(text, HOME)));
  expect(new Set(answers)).toEqual(new Set(["in"]));
  expect(keys.lookups).toHaveLength(1);
});

describe("guessing", () => {
  test("costs no lookup beyond the limit, and goes on slowly", async () => {
    const { clock, identify, keys, stranger } = await setUp();
    const answers = await Promise.all(Array.from({ length: 300 }, () => identify(stranger(), ELSEWHERE)));
    expect(answers.filter((code) => code === "unauthorized")).toHaveLength(BURST);
    expect(answers.filter((code) => code === "rate_limited")).toHaveLength(100);
    expect(keys.lookups).toHaveLength(BURST);
    await clock.advance(1000);
    for (let i = 0; i < 50; i++) await identify(stranger(), ELSEWHERE);
    expect(keys.lookups).toHaveLength(BURST + 10);
  });

  test("is limited for a malformed key and for one that is used from elsewhere alike", async () => {
    const { identify, text } = await setUp();
    for (let i = 0; i < BURST / 2; i++) await identify("eg_key_malformed", ELSEWHERE);
    await identify(text, HOME);
    for (let i = 0; i < BURST / 2; i++) expect(await identify(text, ELSEWHERE)).toBe("forbidden");
    expect(await identify(text, ELSEWHERE)).toBe("rate_limited");
    expect(await identify("eg_key_malformed", ELSEWHERE)).toBe("rate_limited");
  });

  test("at what stands beside a key counts with it, and is given back where it was right", async () => {
    const { admission, identify, stranger } = await setUp();
    for (let i = 0; i < 2 * BURST; i++)
      expect(await admission.guess(ELSEWHERE, () => Promise.resolve("found"))).toBe("found");
    for (let i = 0; i < BURST; i++) expect(await admission.guess(ELSEWHERE, () => Promise.resolve(null))).toBeNull();
    let lookups = 0;
    const late = admission.guess(ELSEWHERE, () => Promise.resolve(++lookups));
    await expect(late).rejects.toMatchObject({ code: "rate_limited" });
    expect([await identify(stranger(), ELSEWHERE), lookups]).toEqual(["rate_limited", 0]);
  });

  test("locks out nobody at another address, and all of one IPv6 network", async () => {
    const { identify, stranger } = await setUp();
    for (let i = 0; i < BURST; i++) await identify(stranger(), `2001:db8:1:2::${i.toString(16)}`);
    expect(await identify(stranger(), "2001:db8:1:2:ffff::1")).toBe("rate_limited");
    expect(await identify(stranger(), "2001:db8:1:3::1")).toBe("unauthorized");
    expect(await identify(stranger(), ELSEWHERE)).toBe("unauthorized");
  });

  test("does not lock out a caller at the same address whose key was good, as long as it is", async () => {
    const { clock, identify, stranger, text, keys, id } = await setUp();
    expect(await identify(text, HOME)).toBe("in");
    for (let i = 0; i < 2 * BURST; i++) await identify(stranger(), HOME);
    expect(await identify(text, HOME)).toBe("in");
    await clock.advance(5000);
    for (let i = 0; i < 2 * BURST; i++) await identify(stranger(), HOME);
    expect(await identify(text, HOME)).toBe("in");
    await keys.revoke("ten_1", id);
    await clock.advance(5000);
    for (let i = 0; i < 2 * BURST; i++) await identify(stranger(), HOME);
    expect(await identify(text, HOME)).toBe("unauthorized");
    expect(await identify(text, HOME)).toBe("rate_limited");
  });

  test("is not what a good key does that nobody remembers", async () => {
    const { clock, identify, text, keys } = await setUp();
    for (let i = 0; i < 2 * BURST; i++) {
      expect(await identify(text, HOME)).toBe("in");
      await clock.advance(5000);
    }
    expect(keys.lookups).toHaveLength(2 * BURST);
    expect(await identify(forged(text), HOME)).toBe("unauthorized");
  });
});

/** The same id with another secret and a checksum that fits it. */
function forged(text: string): string {
  const start = `${text.slice(0, -51)}${"A".repeat(43)}`;
  return start + crc32(start).toString(16).padStart(8, "0");
}
