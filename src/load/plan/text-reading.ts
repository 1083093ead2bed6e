import type { DataType } from '../../sql/data-type.ts';
import { namesIn, type Syntax } from '../expression/syntax.ts';
import { useOfText } from '../expression/text-value.ts';
import type { StreamConfig } from '../replication/replication.ts';

/**
 * The types that a file is to read its columns in. What transforms take for a text is read as the text that the file
 * has, and becomes the declared type when it is published; what they make of other columns is not read at all.
 */
export function readTypes(stream: StreamConfig): Readonly<Record<string, DataType>> {
  const { casts, transforms } = stream;
  const types = Object.create(null) as Record<string, DataType>;
  const names = new Set([...Object.keys(casts), ...transforms.flatMap((stage) => Object.keys(stage))]);
  for (const name of names) {
    const declared = casts[name];
    const own = name === '*' ? undefined : firstOf(stream, name);
    if (own && !namesIn(own).includes('value')) continue;
    if (name !== '*' && isText(stream, name, own)) types[name] = { type: 'text' };
    else if (declared) types[name] = declared;
  }
  return types;
}

/** The first change of a column by its name. */
function firstOf({ transforms }: StreamConfig, name: string): Syntax | undefined {
  const own = transforms.flatMap((stage) =>
    Object.entries(stage).flatMap(([key, steps]) => (isSame(key, name) ? steps : [])),
  );
  return own[0]?.syntax;
}

/** What has no declared type, and is not text by itself, has nothing that could be cleaned. */
function isText(stream: StreamConfig, name: string, own: Syntax | undefined): boolean {
  const use = own && useOfText(own);
  if (!stream.casts[name] && !stream.casts['*']) return use === 'read';
  if (use) return true;
  const isKey = [...stream.primaryKey, stream.updateKey ?? ''].some((key) => isSame(key, name));
  const all = stream.transforms.flatMap((stage) => stage['*'] ?? []);
  return !isKey && all.some(({ syntax }) => useOfText(syntax) !== undefined);
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
