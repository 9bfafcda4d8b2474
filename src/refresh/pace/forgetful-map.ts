/** So few entries are not worth looking through. */
const LEAST = 256;

/** Holds what there is for each key, made when first asked for, and forgets the idle ones as it grows. */
export interface ForgetfulMap<K, V> {
  get(key: K): V;
  values(): Iterable<V>;
}

/**
 * The size stays under twice the entries that were not idle at the last look, or 256; looking costs O(1) for each new entry in
 * the long run. An idle value has to be as good as a new one.
 */
export function createForgetfulMap<K, V>(make: (key: K) => V, isIdle: (value: V) => boolean): ForgetfulMap<K, V> {
  const entries = new Map<K, V>();
  let looksAt = LEAST;

  function forgetIdle(): void {
    for (const [key, value] of entries) if (isIdle(value)) entries.delete(key);
    looksAt = Math.max(LEAST, 2 * entries.size);
  }

  return {
    get: (key) => {
      const known = entries.get(key);
      if (known !== undefined) return known;
      if (entries.size >= looksAt) forgetIdle();
      const made = make(key);
      entries.set(key, made);
      return made;
    },
    values: () => entries.values(),
  };
}
