import { ValueError } from '../error/template-error.ts';
import { decimalArithmetic, decimalOf } from './decimal.ts';
import { Decimal, Float, type Value } from './value.ts';

/** Bits that an integer may grow to by `**`; past it the template is surely wrong. */
const maximumIntegerBits = 65_536;

/** A float value: boxed where the number is integral. */
export function floatOf(number: number): number | Float {
  return Number.isInteger(number) ? new Float(number) : number;
}

/** An integer value: a number where that is exact, else a bigint. */
export function integerOf(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

export function isFloat(value: Value): value is number | Float {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
}

export function isInteger(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** Whether Python counts it as a number: booleans are integers. */
export function isNumeric(value: Value): value is number | bigint | boolean | Float {
  const kind = typeof value;
  return kind === 'number' || kind === 'boolean' || kind === 'bigint' || value instanceof Float;
}

/** The number behind any numeric value; a bigint loses what a double cannot hold. */
export function toNumber(value: number | bigint | boolean | Float): number {
  return value instanceof Float ? value.value : Number(value);
}

/** An index or a count: a safe integer. Throws if the value is none. */
export function toIndex(value: Value, what: string = 'an index'): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Decimal && Number.isInteger(value.value)) return value.value;
  throw new ValueError(`Expected an integer as ${what}`);
}

function toBigInt(value: number | bigint | boolean | Float): bigint {
  return BigInt(value instanceof Float ? value.value : value);
}

function divideByZero(): ValueError {
  return new ValueError('Division by zero', 'template_value');
}

function floorDivide(left: bigint, right: bigint): bigint {
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

function integerArithmetic(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      if (right === 0n) throw divideByZero();
      return floorDivide(left, right);
    default:
      if (right === 0n) throw divideByZero();
      return left - floorDivide(left, right) * right;
  }
}

function floatArithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw divideByZero();
      return left / right;
    case '//':
      if (right === 0) throw divideByZero();
      return Math.floor(left / right);
    default: {
      if (right === 0) throw divideByZero();
      const rest = left % right;
      if (rest === 0) return right < 0 ? -0 : 0;
      return rest < 0 === right < 0 ? rest : rest + right;
    }
  }
}

function power(left: number | bigint | boolean | Float, right: number | bigint | boolean | Float): Value {
  const base = toNumber(left);
  const exponent = toNumber(right);
  const isWhole = !isFloat(left) && !isFloat(right) && exponent >= 0;
  if (!isWhole) {
    if (base === 0 && exponent < 0) throw divideByZero();
    if (base < 0 && !Number.isInteger(exponent)) {
      throw new ValueError('A negative number has no fractional power', 'template_value');
    }
    return floatOf(base ** exponent);
  }
  const result = base ** exponent;
  if (Number.isSafeInteger(result)) return result;
  if (Math.log2(Math.abs(base)) * exponent > maximumIntegerBits) {
    throw new ValueError(`The power ${base} ** ${exponent} is too large`, 'template_limit');
  }
  return integerOf(toBigInt(left) ** toBigInt(right));
}

function isExact(value: number | bigint | boolean | Float): value is Decimal | number | bigint {
  return value instanceof Decimal || typeof value === 'bigint' || Number.isInteger(value);
}

/** `+ - * / // % **` of two numbers by Python's rules. */
export function arithmetic(
  operator: string,
  left: number | bigint | boolean | Float,
  right: number | bigint | boolean | Float,
): Value {
  if (operator === '**') return power(left, right);
  if ((left instanceof Decimal || right instanceof Decimal) && isExact(left) && isExact(right)) {
    const exact = decimalArithmetic(operator, left, right);
    if (exact) return exact;
  }
  if (operator === '/' || isFloat(left) || isFloat(right)) {
    return floatOf(floatArithmetic(operator, toNumber(left), toNumber(right)));
  }
  if (typeof left !== 'bigint' && typeof right !== 'bigint' && operator !== '//' && operator !== '%') {
    const result = floatArithmetic(operator, Number(left), Number(right));
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
  }
  return integerOf(integerArithmetic(operator, toBigInt(left), toBigInt(right)));
}

export function negate(value: number | bigint | boolean | Float): Value {
  if (value instanceof Decimal) return decimalArithmetic('-', 0, value) ?? value;
  if (value instanceof Float) return new Float(-value.value);
  if (typeof value === 'bigint') return integerOf(-value);
  const negated = -Number(value);
  return negated === 0 ? 0 : negated;
}

/** Negative, zero or positive; NaN if one of them is NaN. */
export function compareNumbers(
  left: number | bigint | boolean | Float,
  right: number | bigint | boolean | Float,
): number {
  const a = left instanceof Float ? left.value : left;
  const b = right instanceof Float ? right.value : right;
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(a) === Number(b) ? 0 : Number.NaN;
}

/** Python's `repr` of a float: shortest digits, exponent from 1e16 and below 1e-4. */
export function printFloat(number: number): string {
  if (Number.isNaN(number)) return 'nan';
  if (!Number.isFinite(number)) return number > 0 ? 'inf' : '-inf';
  if (Object.is(number, -0)) return '-0.0';
  const [mantissa = '0', exponentText = '0'] = number.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= 16 || exponent < -4) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const digits = mantissa.replace(/[-.]/g, '');
  const sign = number < 0 ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** The `Decimal` of a float, with the digits that the float prints. */
export function decimalOfFloat(number: number): Value {
  return Number.isFinite(number) ? decimalOf(printFloat(number)) : number;
}

/** `round(number, digits)`: half to even of the exact binary value, as Python rounds. */
export function roundHalfEven(number: number, digits: number): number {
  if (!Number.isFinite(number)) return number;
  if (digits >= 0) return digits > 100 ? number : Number(fixedText(number, digits));
  const scale = 10 ** -digits;
  return Number(fixedText(number / scale, 0)) * scale;
}

/** Digits behind a tie that show it to be exact; a double has no more than 17 that count. */
const tieDigits = 25;

/** `toFixed`, but exact ties go to the even digit, and large numbers have no exponent. */
export function fixedText(number: number, digits: number): string {
  if (Math.abs(number) >= 1e21)
    return BigInt(number).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  const rounded = number.toFixed(digits);
  const isOdd = Number(rounded.at(-1)) % 2 === 1;
  if (!isOdd || digits + tieDigits > 100) return rounded;
  const exact = number.toFixed(digits + tieDigits);
  const cut = exact.slice(0, -tieDigits);
  const isTie = exact.slice(-tieDigits) === '5'.padEnd(tieDigits, '0');
  return isTie ? cut.replace(/\.$/, '') : rounded;
}
