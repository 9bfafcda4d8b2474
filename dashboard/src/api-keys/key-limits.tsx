import type { NewApiKey } from "../api/api-keys.ts";
import { Field } from "../design/field.tsx";

/** As they are written. */
interface WrittenLimits {
  addresses: string;
  rate: string;
  until: string;
}

export const NO_LIMITS: WrittenLimits = { addresses: "", rate: "", until: "" };

interface KeyLimitsProps {
  limits: WrittenLimits;
  change: (limits: WrittenLimits) => void;
}

/** From where, how often and until when a key may be used. */
export function KeyLimits({ limits, change }: KeyLimitsProps) {
  return (
    <>
      <Field label="Addresses" hint="Blocks such as 10.0.0.0/8 or 2001:db8::/32, one a line. Empty for anywhere.">
        {(id, described) => (
          <textarea
            id={id}
            aria-describedby={described}
            rows={2}
            value={limits.addresses}
            onChange={({ target }) => change({ ...limits, addresses: target.value })}
          />
        )}
      </Field>
      <Field label="Requests a second" hint="Empty for what the installation allows each key.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            type="number"
            min={1}
            max={1_000_000}
            value={limits.rate}
            onChange={({ target }) => change({ ...limits, rate: target.value })}
          />
        )}
      </Field>
      <Field label="Ends at" hint="Empty for never.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            type="datetime-local"
            value={limits.until}
            onChange={({ target }) => change({ ...limits, until: target.value })}
          />
        )}
      </Field>
    </>
  );
}

export function readLimits({
  addresses,
  rate,
  until,
}: WrittenLimits): Pick<NewApiKey, "allowed_cidrs" | "rate_limit" | "expires_at"> {
  return {
    allowed_cidrs: addresses.split(/[\s,]+/).filter(Boolean),
    ...(rate !== "" && { rate_limit: Number(rate) }),
    ...(until !== "" && { expires_at: new Date(until).toISOString() }),
  };
}
