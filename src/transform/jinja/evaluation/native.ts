import { ValueError } from '../error/template-error.ts';
import { NativeMark } from '../library/native-filters.ts';
import { parseLiteral } from '../library/literal.ts';
import { isNumeric } from '../value/number.ts';
import { orElse, type Awaitable, type Value } from '../value/value.ts';
import { Frame, Output } from './activation.ts';
import { chain } from './awaiting.ts';
import { executeAll } from './statement-executor.ts';
import type { Template } from './template.ts';

/** Runs a template for its value: that of the only expression that prints something, or its text. */
export function renderNativeBody(template: Template, frame: Frame): Awaitable<Value> {
  const values: Value[] = [];
  const collecting = new Frame(frame.activation, frame.scope, new Output(undefined, values));
  return chain(executeAll(template.body, collecting), () => {
    const [only] = values;
    return values.length === 1 && only !== undefined ? unmarked(only) : collecting.output.toString();
  });
}

/** Takes a value out of its `as_…` mark. */
function unmarked(value: Value): Value {
  if (!(value instanceof NativeMark)) return value;
  if (value.sort === 'text') return value.text;
  const literal = parseLiteral(value.text);
  const result = orElse(literal, () => value.text);
  const fits =
    value.sort === 'native' ||
    (value.sort === 'bool' ? typeof result === 'boolean' : isNumeric(result) && typeof result !== 'boolean');
  if (!fits) throw new ValueError(`'${value.text}' is no ${value.sort}`, 'template_value');
  return result;
}
