import type { CallArguments } from './call-arguments.ts';

/**
 * A value of the template language, Python's model on JavaScript's objects:
 *
 * | Python | here |
 * |---|---|
 * | None, True, False, str | null, boolean, string |
 * | int | an integral number, or a bigint past 2^53 |
 * | float | a fractional number, or {@link Float} where the number is integral (`4/2` is `2.0`) |
 * | Decimal | {@link Decimal} |
 * | list | array |
 * | dict | `Dict`; a plain object or a Map given by JavaScript is used in place |
 * | tuple, range, set | `Tuple`, `Range`, `SetValue`; a JavaScript Set is used in place |
 * | function | {@link TemplateFunction}, or an object with `jinjaCall` |
 * | any other object | a class instance, which keeps its identity; see {@link TemplateObject} |
 *
 * JavaScript's `undefined` never is a value: a callable that returns it returns None.
 */
export type Value = null | boolean | number | bigint | string | object;

/** A value, or its promise: evaluation stays synchronous until a callable returns a promise. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Every JavaScript function that a template calls gets one {@link CallArguments}, so that positional and keyword
 * arguments stay apart. A returned promise is awaited in the middle of the expression.
 */
export type TemplateFunction = (args: CallArguments) => Value | void | PromiseLike<Value | void>;

/**
 * What a class instance may define to be used by templates. It prints by its `toString`. Without `jinjaAttribute` its own
 * enumerable data properties can be read, its methods cannot.
 */
export interface TemplateObject {
  /** Attribute by name: `object.name`. `undefined` means that there is none. */
  readonly jinjaAttribute?: (name: string) => Value | undefined;
  /** Item by key: `object[key]`. `undefined` means that there is none, and the attribute of that name is tried. */
  readonly jinjaItem?: (key: Value) => Value | undefined;
  /** Assignment of an attribute by `set object.name = value`; only namespaces take it. */
  readonly jinjaAssign?: (name: string, value: Value) => void;
  /** The call of an object: `object(...)`. */
  readonly jinjaCall?: (args: CallArguments) => Value | void | PromiseLike<Value | void>;
  /** Whether the object counts as a mapping for `is mapping`. */
  readonly jinjaIsMapping?: boolean;
  /** Iteration; makes the object a sequence for `for` and for filters. */
  readonly jinjaIterate?: () => Iterable<Value>;
  /** `object | length` */
  readonly jinjaLength?: () => number;
  /** Truth in a condition. Without it, an object with a length is true when it is not empty, any other is true. */
  readonly jinjaTruth?: () => boolean;
  /** `value in object` */
  readonly jinjaContains?: (value: Value) => boolean;
  /** `object == other`. Without it, identity. */
  readonly jinjaEquals?: (other: Value) => boolean;
  /** Order against another value: negative, zero or positive; `undefined` if the two have none. */
  readonly jinjaCompare?: (other: Value) => number | undefined;
  /**
   * An arithmetic operator (`+`, `-`, `*`, `/`, `//`, `%`, `**`) with this object on the left, or on the right if
   * `reflected`. `undefined` means that the operator does not apply.
   */
  readonly jinjaBinary?: (operator: string, other: Value, reflected: boolean) => Value | undefined;
  /** Text inside of a list or a dict. Without it, `toString`. */
  readonly jinjaRepr?: () => string;
}

/** A float whose number is integral, such as `2.0`. Made by `floatOf`, which leaves fractional numbers as they are. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A number that a query gave, as Python's `Decimal`: it prints the digits that it came with. Made by `decimalOf`. */
export class Decimal extends Float {
  readonly text: string;

  constructor(text: string) {
    super(Number(text));
    this.text = text;
  }
}

/** An immutable sequence. `names` are those of a named tuple. */
export class Tuple {
  readonly items: readonly Value[];
  readonly names: readonly string[];

  constructor(items: readonly Value[], names: readonly string[] = []) {
    this.items = items;
    this.names = names;
  }
}

/** Python's range: the integers from `start` up (or down) to before `stop`. */
export class Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;

  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
}

/** A name, attribute or item that is not there: prints nothing, is false, iterates as empty, and fails on other use. */
export class Undefined {
  /** What is missing, as a sentence: `'orders' is undefined`. */
  readonly hint: string;
  /** Whether attributes, items and calls give an undefined value again in place of an error. */
  readonly lenient: boolean;

  constructor(hint: string, lenient = false) {
    this.hint = hint;
    this.lenient = lenient;
  }

  toString(): string {
    return '';
  }
}

/** The object as one that may define the template protocol. */
export function templateObject(value: object): TemplateObject {
  return value;
}

/** The value, or another one where there is none. None (null) is a value, which `??` would pass over. */
export function orElse<T>(value: Value | undefined, otherwise: () => T): Value | T {
  return value === undefined ? otherwise() : value;
}
