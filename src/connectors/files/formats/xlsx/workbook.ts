import type { Entry } from 'yauzl';
import { ConfigError } from '../../../../core/errors.ts';
import { nearest } from '../../../../core/near-name.ts';
import { brokenFile } from '../broken-file.ts';
import { limitGrowth } from '../growth-limit.ts';
import { decodeText } from '../text-encoding.ts';
import { readXml, type XmlHandler } from '../xml-events.ts';
import type { ZipArchive } from '../zip-archive.ts';
import { type NumberMeaning, numberMeaning } from './number-format.ts';

/** What a workbook says of itself; its sheets are read when they are asked for. */
export interface Workbook {
  readonly sheets: readonly SheetPlace[];
  /** By the number of a cell's style. */
  readonly meanings: readonly NumberMeaning[];
  readonly sharedTexts: readonly string[];
  /** Serial numbers of days count from 1904 instead of 1900. */
  readonly uses1904: boolean;
}

export interface SheetPlace {
  readonly name: string;
  readonly entry: Entry;
}

/** Characters of all shared texts together that are held in memory. */
const maxSharedLength = 256 * 1024 * 1024;

/** Reads names, formats and shared texts. */
export async function readWorkbook(archive: ZipArchive, place: string): Promise<Workbook> {
  const find = (name: string): Entry | undefined =>
    archive.entries.find(({ fileName }) => fileName.toLowerCase() === name.toLowerCase());
  const main = find('xl/workbook.xml');
  if (!main) throw brokenFile(place, 'it is not an Excel workbook (.xlsx)', 'Save it as .xlsx, or as CSV.');
  const each = async (name: string, handler: XmlHandler): Promise<void> => {
    const entry = find(name);
    if (entry) for await (const _ of readXml(entryText(archive, entry, place), handler, `${place}: ${name}`));
  };
  const targets = new Map<string, string>();
  await each(
    'xl/_rels/workbook.xml.rels',
    elements({
      Relationship: ({ Id = '', Target = '' }) => targets.set(Id, partPath(Target)),
    }),
  );
  const named: { readonly name: string; readonly id: string }[] = [];
  let uses1904 = false;
  await each(
    'xl/workbook.xml',
    elements({
      sheet: (attributes) => named.push({ name: attributes['name'] ?? '', id: relationId(attributes) }),
      workbookPr: ({ date1904 }) => (uses1904 = date1904 === '1' || date1904 === 'true'),
    }),
  );
  const sheets = named.flatMap(({ name, id }) => {
    const entry = find(targets.get(id) ?? '');
    return entry ? [{ name, entry }] : [];
  });
  const sharedTexts: string[] = [];
  await each('xl/sharedStrings.xml', new SharedTextReader(sharedTexts, place));
  return { sheets, meanings: await readMeanings(each), sharedTexts, uses1904 };
}

/** The text of one part; strict about how far it grows. */
export async function* entryText(archive: ZipArchive, entry: Entry, place: string): AsyncGenerator<string> {
  const name = `${place}: ${entry.fileName}`;
  const bytes = limitGrowth(await archive.read(entry), entry.compressedSize, name);
  yield* decodeText(bytes, 'utf-8', name);
}

/** @throws ConfigError code `sheet_missing` with the names of the sheets that are there */
export function findSheet({ sheets }: Workbook, wanted: string | undefined, place: string): SheetPlace {
  const names = sheets.map(({ name }) => name);
  const found =
    wanted === undefined
      ? sheets[0]
      : (sheets.find(({ name }) => name === wanted) ??
        sheets.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()));
  if (found) return found;
  const near = nearest(wanted ?? '', names);
  throw new ConfigError(`${place} has no sheet ${wanted ?? ''}${near ? `; did you mean ${near}?` : '.'}`, {
    code: 'sheet_missing',
    next: `Its sheets are: ${names.join(', ')}.`,
  });
}

function partPath(target: string): string {
  return target.startsWith('/') ? target.slice(1) : `xl/${target.replace(/^\.\//, '')}`;
}

function relationId(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1] ?? '';
}

type Visit = (attributes: Readonly<Record<string, string>>) => unknown;

function elements(visits: Readonly<Record<string, Visit>>): XmlHandler {
  return {
    open: (name, attributes) => void visits[name]?.(attributes),
    text: () => {},
    close: () => {},
  };
}

async function readMeanings(
  each: (name: string, handler: XmlHandler) => Promise<void>,
): Promise<readonly NumberMeaning[]> {
  const codes = new Map<number, string>();
  const meanings: NumberMeaning[] = [];
  let isCell = false;
  await each('xl/styles.xml', {
    open: (name, { numFmtId = '0', formatCode = '' }) => {
      if (name === 'numFmt') codes.set(Number(numFmtId), formatCode);
      if (name === 'cellXfs') isCell = true;
      if (name === 'xf' && isCell)
        meanings.push(numberMeaning(Number(numFmtId), codes.get(Number(numFmtId))));
    },
    text: () => {},
    close: (name) => {
      if (name === 'cellXfs') isCell = false;
    },
  });
  return meanings;
}

class SharedTextReader implements XmlHandler {
  readonly #texts: string[];
  readonly #place: string;
  #length = 0;
  #current = '';
  #isText = false;
  #isPhonetic = false;

  constructor(texts: string[], place: string) {
    this.#texts = texts;
    this.#place = place;
  }

  open(name: string): void {
    if (name === 'si') this.#current = '';
    if (name === 'rPh') this.#isPhonetic = true;
    if (name === 't') this.#isText = !this.#isPhonetic;
  }

  text(text: string): void {
    if (this.#isText) this.#current += text;
  }

  close(name: string): void {
    if (name === 't') this.#isText = false;
    if (name === 'rPh') this.#isPhonetic = false;
    if (name !== 'si') return;
    const text = unescapeText(this.#current);
    this.#length += text.length;
    if (this.#length > maxSharedLength) {
      throw brokenFile(
        this.#place,
        `its texts are longer than ${maxSharedLength} characters together`,
        'Save it as CSV.',
      );
    }
    this.#texts.push(text);
  }
}

/** `_x000D_` stands for a character that XML cannot hold. */
export function unescapeText(text: string): string {
  return text.includes('_x')
    ? text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_whole, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
    : text;
}
