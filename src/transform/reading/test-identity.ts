import { createHash } from 'node:crypto';
import { fromJs, printed } from '../jinja/index.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import type { RefNode, SourceNode } from '../manifest/transform-node.ts';

/** The argument `model` of a generic test, as dbt writes it. */
export function testedModelText(subject: RefNode | SourceNode): string {
  return `{{ get_where_subquery(${callOf(subject)}) }}`;
}

function callOf(subject: RefNode | SourceNode): string {
  if (subject.kind === 'source') return `source('${subject.sourceName}', '${subject.name}')`;
  const version = subject.kind === 'model' ? subject.version : undefined;
  return version === undefined ? `ref('${subject.name}')` : `ref('${subject.name}', version='${version}')`;
}

/** The end of dbt's id of a generic test: a hash of its name and of what it is called with. */
export function genericTestHash(
  name: string,
  test: string,
  given: Readonly<Record<string, unknown>>,
  subject: RefNode | SourceNode,
): string {
  const [macro = '', namespace] = test.split('.').toReversed();
  const metadata = {
    kwargs: { ...given, model: testedModelText(subject) },
    name: macro,
    namespace: namespace ?? null,
  };
  return createHash('md5')
    .update(name + printed(fromJs(textual(metadata))))
    .digest('hex')
    .slice(-10);
}

/** Maps sorted by key, every leaf as Python's text of it. */
function textual(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => textual(item));
  if (isJsonRecord(value)) {
    return Object.fromEntries(
      Object.keys(value)
        .toSorted()
        .map((key) => [key, textual(value[key])]),
    );
  }
  return printed(fromJs(value));
}
