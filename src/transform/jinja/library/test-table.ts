import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { areEqual, compareValues, contains } from '../value/comparison.ts';
import { mappingOf } from '../value/mapping.ts';
import { isFloat, isInteger, isNumeric } from '../value/number.ts';
import { printed } from '../value/printing.ts';
import { iterableOf, lengthOf } from '../value/sequence.ts';
import { templateObject, Undefined, type TemplateFunction, type Value } from '../value/value.ts';
import { binaryOperation } from './operator.ts';

function unary(holds: (value: Value) => boolean): TemplateFunction {
  return (args) => holds(args.positional[0] ?? null);
}

function binary(holds: (value: Value, other: Value) => boolean): TemplateFunction {
  return (args) => {
    const [value = null, other] = args.positional;
    if (other === undefined) throw new ValueError('This test needs something to compare with');
    return holds(value, other);
  };
}

function remainder(value: Value, divisor: Value): Value {
  return binaryOperation('%', value, divisor);
}

function isCallable(value: Value): boolean {
  if (typeof value === 'function' || value instanceof Undefined) return true;
  return typeof value === 'object' && value !== null && templateObject(value).jinjaCall !== undefined;
}

function isSequence(value: Value): boolean {
  return lengthOf(value) !== undefined && iterableOf(value) !== undefined;
}

function isMapping(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return mappingOf(value) !== undefined || templateObject(value).jinjaIsMapping === true;
}

/** `sameas`: identity; equal numbers and texts are the same. */
function isSame(value: Value, other: Value): boolean {
  return value === other;
}

function hasLetters(value: Value, fold: (text: string) => string): boolean {
  const text = printed(value);
  return text.toLowerCase() !== text.toUpperCase() && fold(text) === text;
}

function named(lookup: (args: CallArguments, name: string) => unknown): TemplateFunction {
  return (args) => lookup(args, printed(args.positional[0] ?? null)) !== undefined;
}

const isEqualTo = binary(areEqual);
const isUnequalTo = binary((value, other) => !areEqual(value, other));
const isLess = binary((value, other) => compareValues(value, other, '<') < 0);
const isAtMost = binary((value, other) => compareValues(value, other, '<=') <= 0);
const isGreater = binary((value, other) => compareValues(value, other, '>') > 0);
const isAtLeast = binary((value, other) => compareValues(value, other, '>=') >= 0);

/** Jinja's tests. */
export const builtinTests: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['boolean', unary((value) => typeof value === 'boolean')],
  ['callable', unary(isCallable)],
  ['defined', unary((value) => !(value instanceof Undefined))],
  ['divisibleby', binary((value, divisor) => areEqual(remainder(value, divisor), 0))],
  ['escaped', unary(() => false)],
  ['even', unary((value) => areEqual(remainder(value, 2), 0))],
  ['false', unary((value) => value === false)],
  ['filter', named((args, name) => args.site.filter(name))],
  ['float', unary(isFloat)],
  ['in', binary((value, container) => contains(container, value))],
  ['integer', unary(isInteger)],
  ['iterable', unary((value) => iterableOf(value) !== undefined)],
  ['lower', unary((value) => hasLetters(value, (text) => text.toLowerCase()))],
  ['mapping', unary(isMapping)],
  ['none', unary((value) => value === null)],
  ['number', unary(isNumeric)],
  ['odd', unary((value) => areEqual(remainder(value, 2), 1))],
  ['sameas', binary(isSame)],
  ['sequence', unary(isSequence)],
  ['string', unary((value) => typeof value === 'string')],
  ['test', named((args, name) => args.site.test(name))],
  ['true', unary((value) => value === true)],
  ['undefined', unary((value) => value instanceof Undefined)],
  ['upper', unary((value) => hasLetters(value, (text) => text.toUpperCase()))],
  ['==', isEqualTo],
  ['eq', isEqualTo],
  ['equalto', isEqualTo],
  ['!=', isUnequalTo],
  ['ne', isUnequalTo],
  ['<', isLess],
  ['lt', isLess],
  ['lessthan', isLess],
  ['<=', isAtMost],
  ['le', isAtMost],
  ['>', isGreater],
  ['gt', isGreater],
  ['greaterthan', isGreater],
  ['>=', isAtLeast],
  ['ge', isAtLeast],
]);
