import { brokenFile } from './broken-file.ts';
import { readXml, type XmlHandler } from './xml-events.ts';
import { attributeName, isData, textKey, type XmlShape, XmlShapeReader } from './xml-shape.ts';

/** Reads a document once to learn where its records are. */
export async function xmlShape(pieces: AsyncIterable<string>, place: string): Promise<XmlShape> {
  const reader = new XmlShapeReader();
  for await (const _ of readXml(pieces, reader, place));
  const shape = reader.shape();
  if (!shape) throw brokenFile(place, 'the document is empty');
  return shape;
}

/**
 * The records of a document. An element without elements and attributes is its text; one with them is an
 * object; one that comes more than once is a list; `xsi:nil` is null.
 */
export async function* xmlRecords(
  pieces: AsyncIterable<string>,
  shape: XmlShape,
  place: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const builder = new RecordBuilder(shape);
  for await (const _ of readXml(pieces, builder, place)) yield* builder.take();
}

interface Element {
  readonly name: string;
  readonly values: Record<string, unknown>;
  text: string;
  readonly isNil: boolean;
}

class RecordBuilder implements XmlHandler {
  readonly #shape: XmlShape;
  /** Names from the root to where the reader is, until a record begins. */
  readonly #path: string[] = [];
  readonly #open: Element[] = [];
  #done: Readonly<Record<string, unknown>>[] = [];

  constructor(shape: XmlShape) {
    this.#shape = shape;
  }

  take(): readonly Readonly<Record<string, unknown>>[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    const isInside = this.#open.length > 0;
    if (!isInside) this.#path.push(name);
    if (!isInside && !this.#isRecord()) return;
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(attributes)) {
      if (!isData(key)) continue;
      const plain = attributeName(key);
      values[!isInside && this.#shape.clashing.has(plain) ? `@${plain}` : plain] = value;
    }
    const nil = attributes['xsi:nil'];
    this.#open.push({ name, values, text: '', isNil: nil === 'true' || nil === '1' });
  }

  text(text: string): void {
    const current = this.#open.at(-1);
    if (current) current.text += text;
  }

  close(): void {
    const element = this.#open.pop();
    if (!element) {
      this.#path.pop();
      return;
    }
    const parent = this.#open.at(-1);
    if (parent) {
      addValue(parent.values, element.name, valueOf(element));
      return;
    }
    this.#path.pop();
    const hasColumns = Object.keys(element.values).length > 0;
    const text = hasColumns ? element.text.trim() : element.text;
    if (this.#shape.columns.includes(textKey) && text !== '') element.values[textKey] = text;
    this.#done.push(element.values);
  }

  #isRecord(): boolean {
    const { path } = this.#shape;
    return path.length === this.#path.length && path.every((name, index) => name === this.#path[index]);
  }
}

function valueOf({ values, text, isNil }: Element): unknown {
  if (isNil) return null;
  if (Object.keys(values).length === 0) return text;
  const own = text.trim();
  return own === '' ? values : { ...values, [textKey]: own };
}

function addValue(values: Record<string, unknown>, name: string, value: unknown): void {
  const before = values[name];
  if (!Object.hasOwn(values, name)) values[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else values[name] = [before, value];
}
