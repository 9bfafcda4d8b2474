/** Makes one value per key and keeps the `limit` most recently used ones, so that memory stays bounded. */
export function createRecent<Value>(
  limit: number,
  create: (key: string) => Value,
): { readonly get: (key: string) => Value } {
  const values = new Map<string, Value>();
  return {
    get(key) {
      const value = values.get(key) ?? create(key);
      values.delete(key);
      values.set(key, value);
      if (values.size > limit) forgetOldest(values);
      return value;
    },
  };
}

/** A Map iterates in order of insertion, and every use inserts again: the first key is the oldest. */
function forgetOldest(values: Map<string, unknown>): void {
  for (const oldest of values.keys()) {
    values.delete(oldest);
    return;
  }
}
