import { z } from "zod";

const text = z.string().min(1).max(300);

/** What a client has to say where one entry stands for many authorization servers: `{name}` in a URL stands for its value. */
export const providerParameter = z.discriminatedUnion("kind", [
  /** One label of a host name, or one segment of a path. */
  z.strictObject({ kind: z.literal("label"), description: text, example: text, default: text.optional() }),
  /** A whole host name; `within`: only these, or hosts below those that begin with a dot. */
  z.strictObject({
    kind: z.literal("host"),
    description: text,
    example: text,
    within: z.array(text).default([]),
    default: text.optional(),
  }),
  z.strictObject({
    kind: z.literal("choice"),
    description: text,
    values: z.array(z.strictObject({ value: text, label: text })).min(2),
    default: text.optional(),
  }),
]);

export type ProviderParameter = z.infer<typeof providerParameter>;

const LABEL = /^[a-z0-9]([a-z0-9_.-]{0,98}[a-z0-9])?$/i;
const HOST = /^[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*(:\d{1,5})?$/i;

/** What is wrong with `value`, as the end of a sentence that names the parameter; null when it may be used. */
export function parameterProblem(parameter: ProviderParameter, value: string): string | null {
  switch (parameter.kind) {
    case "label":
      return LABEL.test(value) && !value.includes("..") ? null : `has to look like "${parameter.example}"`;
    case "host":
      if (!HOST.test(value))
        return `has to be a host name like "${parameter.example}", without https:// and without a path`;
      return isWithin(parameter.within, value) ? null : `has to be ${parameter.within.map(placed).join(" or ")}`;
    case "choice": {
      const values = parameter.values.map((choice) => choice.value);
      return values.includes(value) ? null : `has to be one of ${values.join(", ")}`;
    }
  }
}

function isWithin(within: readonly string[], host: string): boolean {
  const name = host.toLowerCase();
  return within.length === 0 || within.some((one) => (one.startsWith(".") ? name.endsWith(one) : name === one));
}

function placed(within: string): string {
  return within.startsWith(".") ? `a host below ${within.slice(1)}` : within;
}
