import { DataError } from '../../../core/errors.ts';
import { brokenFile } from './broken-file.ts';

/** What happens in a document, in its order. Names are without their prefix. */
export interface XmlHandler {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  text(text: string): void;
  close(name: string): void;
}

/** Elements within each other. */
const maxDepth = 200;
/** Text between two tags; also the most that DuckDB takes as one JSON value. */
const maxTextLength: number = 16 * 1024 * 1024;

/**
 * Feeds a document to a handler; yields after each piece, so that what the handler gathered can be taken.
 * Entities that a document defines itself are refused: they can grow without bounds.
 * @throws DataError with line and column for what is not well-formed
 */
export async function* readXml(
  pieces: AsyncIterable<string>,
  handler: XmlHandler,
  place: string,
): AsyncGenerator<void> {
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser();
  const here = (): string => `${place}, line ${parser.line}, column ${parser.columnIndex + 1}`;
  let depth = 0;
  let textLength = 0;
  const startText = (): void => {
    textLength = 0;
  };
  const onText = (text: string): void => {
    textLength += text.length;
    if (textLength > maxTextLength)
      throw brokenFile(here(), `a text is longer than ${maxTextLength} characters`);
    handler.text(text);
  };
  parser.on('error', (error) => {
    throw brokenFile(here(), `it is not well-formed XML (${error.message.replace(/^[0-9:]+ /, '')})`);
  });
  parser.on('doctype', (text) => {
    if (!text.includes('<!ENTITY')) return;
    throw new DataError(`${here()}: the document defines entities of its own.`, {
      code: 'xml_entities',
      state: 'Nothing was read: such entities can grow without bounds, or read other files.',
      next: 'Write the document without <!ENTITY ...>.',
    });
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    if (depth > maxDepth) throw brokenFile(here(), `elements are more than ${maxDepth} deep`);
    startText();
    handler.open(localName(name), attributes);
  });
  parser.on('text', onText);
  parser.on('cdata', onText);
  parser.on('closetag', ({ name }) => {
    depth -= 1;
    startText();
    handler.close(localName(name));
  });
  let pending = 0;
  for await (const piece of pieces) {
    parser.write(piece);
    pending = piece.includes('<') ? 0 : pending + piece.length;
    if (pending > maxTextLength)
      throw brokenFile(here(), `a text is longer than ${maxTextLength} characters`);
    yield;
  }
  parser.close();
  yield;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
