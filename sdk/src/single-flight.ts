/** Callers who come with the key of a running start get its promise; once it has settled, the next one starts anew. */
export function createSingleFlight<Value>(): (key: number, start: () => Promise<Value>) => Promise<Value> {
  const flights = new Map<number, Promise<Value>>();
  return (key, start) => {
    const running = flights.get(key);
    if (running !== undefined) return running;
    const flight = start().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
