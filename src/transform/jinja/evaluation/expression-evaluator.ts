import { ValueError } from '../error/template-error.ts';
import { attributeOf } from '../library/attribute.ts';
import { itemOf } from '../library/object-attribute.ts';
import { binaryOperation, unaryOperation } from '../library/operator.ts';
import type {
  ArgumentList,
  CallNode,
  CompareNode,
  CompareOperator,
  Expression,
  FilterNode,
  ItemNode,
  SliceNode,
  TestNode,
} from '../syntax/ast.ts';
import { CallArguments } from '../value/call-arguments.ts';
import { areEqual, compareValues, contains } from '../value/comparison.ts';
import { Dict, mappingOf } from '../value/mapping.ts';
import { floatOf } from '../value/number.ts';
import { printed, represented, typeName } from '../value/printing.ts';
import { isTrue, itemsOf, sliceOf } from '../value/sequence.ts';
import { orElse, Tuple, Undefined, type Awaitable, type Value } from '../value/value.ts';
import type { Frame } from './activation.ts';
import { chain, collected } from './awaiting.ts';
import { callValue, settled } from './call.ts';

/** The value of an expression; a promise only if something in it had to be awaited. */
export function evaluate(node: Expression, frame: Frame): Awaitable<Value> {
  switch (node.kind) {
    case 'constant':
      return node.value;
    case 'float':
      return floatOf(node.value);
    case 'big-integer':
      return BigInt(node.digits);
    case 'name':
      return resolve(node.name, frame);
    case 'list':
      return evaluateAll(node.items, frame);
    case 'tuple':
      return chain(evaluateAll(node.items, frame), (items) => new Tuple(items));
    case 'dict':
      return evaluateDict(node.entries, frame, node);
    case 'attribute':
      return chain(evaluate(node.object, frame), (object) => {
        frame.activation.current = node;
        return settled(attribute(object, node.name, frame), frame.activation.session.isSync);
      });
    case 'item':
      return evaluateItem(node, frame);
    case 'call':
      return evaluateCall(node, frame);
    case 'filter':
      return evaluateFilter(node, frame, undefined);
    case 'test':
      return evaluateTest(node, frame);
    case 'unary':
      return chain(evaluate(node.operand, frame), (operand) => {
        frame.activation.current = node;
        return node.operator === 'not' ? !isTrue(operand) : unaryOperation(node.operator, operand);
      });
    case 'binary':
      return chain(evaluate(node.left, frame), (left) =>
        chain(evaluate(node.right, frame), (right) => {
          frame.activation.current = node;
          return binaryOperation(node.operator, left, right);
        }),
      );
    case 'concat':
      return chain(evaluateAll(node.parts, frame), (parts) => parts.map(printed).join(''));
    case 'compare':
      return evaluateCompare(node, frame);
    case 'and':
      return chain(evaluate(node.left, frame), (left) => (isTrue(left) ? evaluate(node.right, frame) : left));
    case 'or':
      return chain(evaluate(node.left, frame), (left) => (isTrue(left) ? left : evaluate(node.right, frame)));
    case 'conditional':
      return chain(evaluate(node.test, frame), (test) => {
        if (isTrue(test)) return evaluate(node.consequent, frame);
        if (node.otherwise) return evaluate(node.otherwise, frame);
        return frame.activation.session.undefinedValue(
          'The inline if has no else, and its condition is false',
        );
      });
    case 'slice':
      throw new ValueError('A slice stands alone only between brackets');
    default:
      return node satisfies never;
  }
}

/** A variable, else a name of the context, else one of the language's own. */
function resolve(name: string, frame: Frame): Value {
  const { activation } = frame;
  const found = orElse(frame.scope.get(name), () => activation.lookup(name));
  return orElse(found, () => activation.session.undefinedValue(`'${name}' is undefined`));
}

function evaluateAll(nodes: readonly Expression[], frame: Frame): Awaitable<Value[]> {
  const values: Value[] = [];
  for (const node of nodes) {
    const value = evaluate(node, frame);
    if (value instanceof Promise) {
      return chain(value, (first) =>
        chain(
          collected(nodes.slice(values.length + 1), (rest) => evaluate(rest, frame)),
          (rest) => [...values, first, ...rest],
        ),
      );
    }
    values.push(value);
  }
  return values;
}

function evaluateDict(
  entries: readonly { readonly key: Expression; readonly value: Expression }[],
  frame: Frame,
  node: Expression,
): Awaitable<Value> {
  const flat = entries.flatMap((entry) => [entry.key, entry.value]);
  return chain(evaluateAll(flat, frame), (values) => {
    frame.activation.current = node;
    const dict = new Dict();
    for (let index = 0; index < values.length; index += 2) {
      dict.set(values[index] ?? null, values[index + 1] ?? null);
    }
    return dict;
  });
}

/** `object.name`: an attribute or a method, else the item of that name. */
function attribute(object: Value, name: string, frame: Frame): Value {
  if (object instanceof Undefined) return undefinedUse(object);
  const found = orElse(attributeOf(object, name), () => itemOf(object, name));
  return orElse(found, () => missing(object, name, frame));
}

function undefinedUse(object: Undefined): Value {
  if (object.lenient) return object;
  throw new ValueError(object.hint, 'template_undefined');
}

function missing(object: Value, key: Value, frame: Frame): Value {
  const name = typeof key === 'string' ? `attribute '${key}'` : `item ${represented(key)}`;
  return frame.activation.session.undefinedValue(`A value of type '${typeName(object)}' has no ${name}`);
}

function evaluateItem(node: ItemNode, frame: Frame): Awaitable<Value> {
  const { key: keyNode } = node;
  return chain(evaluate(node.object, frame), (object) => {
    if (keyNode.kind === 'slice') return evaluateSlice(object, keyNode, frame);
    return chain(evaluate(keyNode, frame), (key) => {
      frame.activation.current = node;
      if (object instanceof Undefined) return undefinedUse(object);
      const found = orElse(itemOf(object, key), () =>
        typeof key === 'string' ? attributeOf(object, key) : undefined,
      );
      const value = orElse(found, () => missing(object, key, frame));
      return settled(value, frame.activation.session.isSync);
    });
  });
}

function evaluateSlice(object: Value, node: SliceNode, frame: Frame): Awaitable<Value> {
  const parts = collected([node.start, node.stop, node.step], (part) =>
    part ? evaluate(part, frame) : null,
  );
  return chain(parts, ([start = null, stop = null, step = null]) => {
    frame.activation.current = node;
    return object instanceof Undefined ? undefinedUse(object) : sliceOf(object, start, stop, step);
  });
}

/** A call. `caller` is the block of a call tag. */
export function evaluateCall(node: CallNode, frame: Frame, caller?: Value): Awaitable<Value> {
  return chain(evaluate(node.callee, frame), (callee) =>
    chain(evaluateArguments(node.arguments, frame, undefined, caller), (args) => {
      frame.activation.current = node;
      return callValue(callee, args, frame.activation.session.isSync);
    }),
  );
}

/** Evaluates arguments from left to right. `first` is put before the positional ones. */
function evaluateArguments(
  list: ArgumentList,
  frame: Frame,
  first: Value | undefined,
  caller?: Value,
): Awaitable<CallArguments> {
  const nodes = [...list.positional, ...list.keyword.map((argument) => argument.value)];
  if (list.spread) nodes.push(list.spread);
  if (list.keywordSpread) nodes.push(list.keywordSpread);
  return chain(evaluateAll(nodes, frame), (values) => {
    const positional = values.slice(0, list.positional.length);
    if (first !== undefined) positional.unshift(first);
    const keyword = new Map<string, Value>();
    let at = list.positional.length;
    for (const { name } of list.keyword) {
      keyword.set(name, values[at] ?? null);
      at += 1;
    }
    if (list.spread) {
      positional.push(...itemsOf(values[at] ?? null));
      at += 1;
    }
    if (list.keywordSpread) spreadKeywords(values[at] ?? null, keyword);
    if (caller !== undefined) keyword.set('caller', caller);
    return new CallArguments(positional, keyword, frame.activation);
  });
}

function spreadKeywords(value: Value, keyword: Map<string, Value>): void {
  const mapping = mappingOf(value);
  if (!mapping) throw new ValueError(`'**' needs a dict, not a value of type '${typeName(value)}'`);
  for (const key of mapping.keys()) {
    if (typeof key !== 'string') throw new ValueError("The keys of a dict behind '**' must be strings");
    if (keyword.has(key)) throw new ValueError(`Two values for the keyword argument '${key}'`);
    keyword.set(key, mapping.get(key) ?? null);
  }
}

/** A filter; `block` is the text it takes where it has no operand. */
export function evaluateFilter(node: FilterNode, frame: Frame, block: string | undefined): Awaitable<Value> {
  const operand =
    node.operand === null
      ? (block ?? '')
      : node.operand.kind === 'filter'
        ? evaluateFilter(node.operand, frame, block)
        : evaluate(node.operand, frame);
  return chain(operand, (value) =>
    chain(evaluateArguments(node.arguments, frame, value), (args) => {
      frame.activation.current = node;
      const filter = frame.activation.filter(node.name);
      if (!filter) throw new ValueError(`There is no filter named '${node.name}'`);
      return settled(filter(args), frame.activation.session.isSync);
    }),
  );
}

function evaluateTest(node: TestNode, frame: Frame): Awaitable<Value> {
  return chain(evaluate(node.operand, frame), (value) =>
    chain(evaluateArguments(node.arguments, frame, value), (args) => {
      frame.activation.current = node;
      const test = frame.activation.test(node.name);
      if (!test) throw new ValueError(`There is no test named '${node.name}'`);
      return chain(settled(test(args), frame.activation.session.isSync), isTrue);
    }),
  );
}

function evaluateCompare(node: CompareNode, frame: Frame): Awaitable<Value> {
  const step = (left: Value, index: number): Awaitable<Value> => {
    const part = node.rest[index];
    if (!part) return true;
    return chain(evaluate(part.operand, frame), (right) => {
      frame.activation.current = node;
      return holds(part.operator, left, right) && step(right, index + 1);
    });
  };
  return chain(evaluate(node.first, frame), (first) => step(first, 0));
}

function holds(operator: CompareOperator, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return areEqual(left, right);
    case '!=':
      return !areEqual(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    case '<':
      return compareValues(left, right, operator) < 0;
    case '<=':
      return compareValues(left, right, operator) <= 0;
    case '>':
      return compareValues(left, right, operator) > 0;
    default:
      return compareValues(left, right, operator) >= 0;
  }
}
