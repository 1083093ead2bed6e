import { ValueError } from '../error/template-error.ts';
import type {
  CallBlockNode,
  DefinitionNode,
  FilterNode,
  ForNode,
  IfNode,
  Statement,
  Target,
  WithNode,
} from '../syntax/ast.ts';
import { printed, typeName } from '../value/printing.ts';
import { isTrue, itemsOf } from '../value/sequence.ts';
import { orElse, templateObject, type Awaitable, type Value } from '../value/value.ts';
import type { Frame } from './activation.ts';
import { chain, inOrder } from './awaiting.ts';
import { evaluate, evaluateCall, evaluateFilter } from './expression-evaluator.ts';
import { LoopContext, type LoopRecursion } from './loop-context.ts';
import { callerName, Macro } from './macro.ts';

/** Why a block was left early. */
type Exit = 'break' | 'continue';

/** Runs statements in order, printing to the frame's output. */
export function executeAll(body: readonly Statement[], frame: Frame): Awaitable<Exit | undefined> {
  return inOrder(body, (statement) => execute(statement, frame));
}

function execute(node: Statement, frame: Frame): Awaitable<Exit | undefined> {
  switch (node.kind) {
    case 'text':
      frame.output.write(node.text, node.line);
      return undefined;
    case 'output':
      return chain(evaluate(node.value, frame), (value) => {
        frame.activation.current = node;
        frame.output.writeValue(value, node.line);
        return undefined;
      });
    case 'do':
      return chain(evaluate(node.value, frame), () => undefined);
    case 'if':
      return executeIf(node, frame);
    case 'for':
      return executeFor(node, frame);
    case 'set':
      return chain(evaluate(node.value, frame), (value) => {
        frame.activation.current = node;
        return assign(node.target, value, frame);
      });
    case 'set-block':
      return chain(capturedText(node.body, node.filter, frame), (value) => assign(node.target, value, frame));
    case 'filter-block':
      return chain(capturedText(node.body, node.filter, frame), (value) => {
        frame.output.write(printed(value), node.line, false);
        return undefined;
      });
    case 'call-block':
      return executeCallBlock(node, frame);
    case 'with':
      return executeWith(node, frame);
    case 'definition':
      return define(node, frame);
    case 'break':
    case 'continue':
      return node.kind;
    default:
      return node satisfies never;
  }
}

function executeIf(node: IfNode, frame: Frame): Awaitable<Exit | undefined> {
  const from = (index: number): Awaitable<Exit | undefined> => {
    const branch = node.branches[index];
    if (!branch) return executeAll(node.otherwise, frame);
    return chain(evaluate(branch.test, frame), (test) => {
      frame.activation.current = branch.test;
      return isTrue(test) ? executeAll(branch.body, frame) : from(index + 1);
    });
  };
  return from(0);
}

function executeFor(node: ForNode, frame: Frame): Awaitable<Exit | undefined> {
  return chain(evaluate(node.iterable, frame), (iterable) => {
    frame.activation.current = node;
    return runLoop(node, itemsOf(iterable), 1, frame);
  });
}

function runLoop(
  node: ForNode,
  candidates: readonly Value[],
  depth: number,
  frame: Frame,
): Awaitable<Exit | undefined> {
  return chain(selected(node, candidates, frame), (items) => {
    if (items.length === 0) return executeAll(node.otherwise, frame.inner());
    const recurse: LoopRecursion = (inner, innerDepth) => {
      const captured = frame.captured();
      return chain(runLoop(node, inner, innerDepth, captured), () => captured.output.toString());
    };
    const loop = new LoopContext(items, depth, node.recursive ? recurse : undefined);
    const passes = inOrder(items, (item, index): Awaitable<'break' | undefined> => {
      loop.moveTo(index);
      const pass = frame.inner();
      pass.scope.set('loop', loop);
      frame.activation.current = node;
      assign(node.target, item, pass);
      return chain(executeAll(node.body, pass), (exit) => (exit === 'break' ? exit : undefined));
    });
    return chain(passes, () => undefined);
  });
}

/** The items that the loop's own `if` lets through. */
function selected(node: ForNode, candidates: readonly Value[], frame: Frame): Awaitable<readonly Value[]> {
  const { test } = node;
  if (!test) return candidates;
  const items: Value[] = [];
  const done = inOrder(candidates, (item): Awaitable<undefined> => {
    const pass = frame.inner();
    assign(node.target, item, pass);
    return chain(evaluate(test, pass), (result) => {
      if (isTrue(result)) items.push(item);
      return undefined;
    });
  });
  return chain(done, () => items);
}

function assign(target: Target, value: Value, frame: Frame): undefined {
  if (target.kind === 'name') {
    frame.scope.set(target.name, value);
    return undefined;
  }
  if (target.kind === 'namespace-attribute') {
    frame.activation.current = target;
    const namespace =
      orElse(frame.scope.get(target.namespace), () => frame.activation.lookup(target.namespace)) ?? null;
    const set =
      typeof namespace === 'object' && namespace !== null ? templateObject(namespace).jinjaAssign : undefined;
    if (!set) {
      throw new ValueError(
        `Only the attributes of a namespace() can be set; '${target.namespace}' is of type '${typeName(namespace)}'`,
      );
    }
    set.call(namespace, target.name, value);
    return undefined;
  }
  const items = itemsOf(value);
  if (items.length !== target.items.length) {
    throw new ValueError(`${target.items.length} names cannot take ${items.length} values`, 'template_value');
  }
  target.items.forEach((part, index) => assign(part, items[index] ?? null, frame));
  return undefined;
}

/** The text of a block, through the block's filters. */
function capturedText(body: readonly Statement[], filter: FilterNode | null, frame: Frame): Awaitable<Value> {
  const captured = frame.captured();
  return chain(executeAll(body, captured), () => {
    const text = captured.output.toString();
    return filter ? evaluateFilter(filter, frame, text) : text;
  });
}

function executeCallBlock(node: CallBlockNode, frame: Frame): Awaitable<Exit | undefined> {
  const caller = new Macro({
    name: callerName,
    file: frame.activation.file,
    routine: node,
    scope: frame.scope,
    run: executeAll,
  });
  return chain(evaluateCall(node.call, frame, caller), (value) => {
    frame.output.write(printed(value), node.line, false);
    return undefined;
  });
}

function executeWith(node: WithNode, frame: Frame): Awaitable<Exit | undefined> {
  const inner = frame.inner();
  const bound = inOrder(node.bindings, (binding): Awaitable<undefined> =>
    chain(evaluate(binding.value, frame), (value) => assign(binding.target, value, inner)),
  );
  return chain(bound, () => executeAll(node.body, inner));
}

/** A macro becomes a variable where it stands; the other named blocks are not for the template itself. */
function define(node: DefinitionNode, frame: Frame): undefined {
  if (node.sort !== 'macro') return undefined;
  const { file } = frame.activation;
  frame.scope.set(
    node.name,
    new Macro({ name: node.name, file, routine: node, scope: frame.scope, run: executeAll }),
  );
  return undefined;
}
