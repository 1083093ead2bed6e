import { ValueError } from '../error/template-error.ts';
import { Float, Tuple, type Value } from './value.ts';

/** What every dict of a template can do, whatever JavaScript object is behind it. */
export interface Mapping {
  readonly size: number;
  get(key: Value): Value | undefined;
  has(key: Value): boolean;
  set(key: Value, value: Value): void;
  delete(key: Value): boolean;
  clear(): void;
  /** The keys of now; changes during the iteration do not matter. */
  keys(): Value[];
}

type HashKey = string | number | bigint | null | object;

let lastIdentity = 0;
const identities = new WeakMap<object, number>();

function identityOf(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  lastIdentity += 1;
  identities.set(value, lastIdentity);
  return lastIdentity;
}

/** Equal keys give the same hash key: `1`, `1.0` and `True` are one key, tuples count by their items. */
export function hashKey(key: Value): HashKey {
  if (typeof key === 'boolean') return Number(key);
  if (key instanceof Float) return key.value === 0 ? 0 : key.value;
  if (key instanceof Tuple) {
    const parts = key.items.map((item) => {
      const part = hashKey(item);
      return typeof part === 'object' && part !== null
        ? `o${identityOf(part)}`
        : `${typeof part}${String(part)}`;
    });
    return `\0(${parts.map((part) => `${part.length}:${part}`).join('')})`;
  }
  if (Array.isArray(key)) throw new ValueError("A list cannot be a key (unhashable type: 'list')");
  if (mappingOf(key)) throw new ValueError("A dict cannot be a key (unhashable type: 'dict')");
  return key;
}

/** A dict made by a template: any key, in order of insertion. */
export class Dict implements Mapping {
  readonly #entries: Map<HashKey, [Value, Value]> = new Map();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(hashKey(key))?.[1];
  }

  has(key: Value): boolean {
    return this.#entries.has(hashKey(key));
  }

  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    const entry = this.#entries.get(hash);
    if (entry) entry[1] = value;
    else this.#entries.set(hash, [key, value]);
  }

  delete(key: Value): boolean {
    return this.#entries.delete(hashKey(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  keys(): Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
}

/** A plain JavaScript object, used in place. Its keys are strings. */
class ObjectMapping implements Mapping {
  readonly #object: Record<string, Value | undefined>;

  constructor(object: object) {
    this.#object = object as Record<string, Value | undefined>;
  }

  get size(): number {
    return Object.keys(this.#object).length;
  }

  get(key: Value): Value | undefined {
    return this.has(key) ? (this.#object[key as string] ?? null) : undefined;
  }

  has(key: Value): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#object, key);
  }

  set(key: Value, value: Value): void {
    if (typeof key !== 'string') throw new ValueError('The keys of this dict are strings');
    Object.defineProperty(this.#object, key, { value, writable: true, enumerable: true, configurable: true });
  }

  delete(key: Value): boolean {
    return this.has(key) && delete this.#object[key as string];
  }

  clear(): void {
    for (const key of Object.keys(this.#object)) delete this.#object[key];
  }

  keys(): Value[] {
    return Object.keys(this.#object);
  }
}

/** A JavaScript Map, used in place. */
class MapMapping implements Mapping {
  readonly #map: Map<unknown, Value | undefined>;

  constructor(map: Map<unknown, Value | undefined>) {
    this.#map = map;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: Value): Value | undefined {
    const own = this.#own(key);
    return this.#map.has(own) ? (this.#map.get(own) ?? null) : undefined;
  }

  has(key: Value): boolean {
    return this.#map.has(this.#own(key));
  }

  set(key: Value, value: Value): void {
    this.#map.set(this.#own(key), value);
  }

  delete(key: Value): boolean {
    return this.#map.delete(this.#own(key));
  }

  clear(): void {
    this.#map.clear();
  }

  keys(): Value[] {
    return [...this.#map.keys()] as Value[];
  }

  #own(key: Value): unknown {
    return this.#map.has(key) ? key : hashKey(key);
  }
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value as a dict; `undefined` if it is none. */
export function mappingOf(value: Value): Mapping | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (value instanceof Dict) return value;
  if (value instanceof Map) return new MapMapping(value);
  return isPlainObject(value) ? new ObjectMapping(value) : undefined;
}

/** A set made by a template: any hashable value, in order of insertion. */
export class SetValue {
  readonly #items: Dict = new Dict();

  constructor(items: Iterable<Value> = []) {
    for (const item of items) this.add(item);
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: Value): void {
    if (!this.#items.has(item)) this.#items.set(item, null);
  }

  has(item: Value): boolean {
    return this.#items.has(item);
  }

  delete(item: Value): boolean {
    return this.#items.delete(item);
  }

  clear(): void {
    this.#items.clear();
  }

  items(): Value[] {
    return this.#items.keys();
  }
}

/** A live view of a dict, as `keys()`, `values()` and `items()` give it. */
export class DictView {
  readonly sort: 'keys' | 'values' | 'items';
  readonly #mapping: Mapping;

  constructor(mapping: Mapping, sort: 'keys' | 'values' | 'items') {
    this.#mapping = mapping;
    this.sort = sort;
  }

  get size(): number {
    return this.#mapping.size;
  }

  items(): Value[] {
    const keys = this.#mapping.keys();
    if (this.sort === 'keys') return keys;
    const values = keys.map((key) => this.#mapping.get(key) ?? null);
    return this.sort === 'values'
      ? values
      : keys.map((key, index) => new Tuple([key, values[index] ?? null]));
  }
}
