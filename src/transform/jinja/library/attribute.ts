import type { CallArguments } from '../value/call-arguments.ts';
import { mappingOf, SetValue } from '../value/mapping.ts';
import { methodValue, type Method } from '../value/method.ts';
import { isFloat, isInteger, toNumber } from '../value/number.ts';
import { Float, Range, Tuple, type Value } from '../value/value.ts';
import { dictMethods, listMethods, setMethods, tupleMethods } from './collection-methods.ts';
import { objectAttribute } from './object-attribute.ts';
import { stringMethods } from './string-methods.ts';

/** An attribute of any value: what the object itself has, or a method of Python's type, bound to the value. */
export function attributeOf(value: Value, name: string): Value | undefined {
  if (typeof value === 'string') return bound(value, name, stringMethods);
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float) {
    return numberAttribute(value, name);
  }
  if (Array.isArray(value)) return bound(value as Value[], name, listMethods);
  if (value instanceof SetValue) return bound(value, name, setMethods);
  if (value instanceof Range) return rangeAttribute(value, name);
  const mapping = mappingOf(value);
  if (mapping) return bound(mapping, name, dictMethods);
  const own = objectAttribute(value, name);
  return own === undefined && value instanceof Tuple ? bound(value, name, tupleMethods) : own;
}

function bound<T>(self: T, name: string, methods: ReadonlyMap<string, Method<T>>): Value | undefined {
  const method = methods.get(name);
  return method && methodValue(name, (args: CallArguments) => method(self, args));
}

function numberAttribute(value: number | bigint | Float, name: string): Value | undefined {
  if (name === 'is_integer' && isFloat(value))
    return methodValue(name, () => Number.isInteger(toNumber(value)));
  if (name === 'bit_length' && isInteger(value)) {
    return methodValue(name, () => {
      const whole = BigInt(value);
      return whole === 0n ? 0 : (whole < 0n ? -whole : whole).toString(2).length;
    });
  }
  if (name === 'real') return value;
  return name === 'imag' ? 0 : undefined;
}

function rangeAttribute(value: Range, name: string): Value | undefined {
  return name === 'start' || name === 'stop' || name === 'step' ? value[name] : undefined;
}
