/** Whether a value comes back the same after it was written down: texts, numbers, lists, maps and plain objects all through. */
export function isPlain(value: unknown): boolean {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'function' || typeof next === 'symbol') return false;
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (Array.isArray(next) || next instanceof Set) waiting.push(...next);
    else if (next instanceof Map) waiting.push(...next.keys(), ...next.values());
    else if (Object.getPrototypeOf(next) === Object.prototype) waiting.push(...Object.values(next));
    else return false;
  }
  return true;
}
