import { crc32, deflateRawSync } from 'node:zlib';

/** A file for an archive. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Uncompressed size that the archive claims; the true one when absent. */
  readonly claimedBytes?: number;
  readonly encrypted?: boolean;
}

/** Makes a ZIP archive in memory. */
export function zipOf(files: readonly ArchiveFile[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content, claimedBytes, encrypted } of files) {
    const data = Buffer.from(content as Uint8Array);
    const packed = deflateRawSync(data);
    const base = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(encrypted ? 1 : 0, 2);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(crc32(data), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(claimedBytes ?? data.length, 18);
    shared.writeUInt16LE(base.length, 22);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), shared, base, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from('504b01021400', 'hex'), shared, Buffer.alloc(0), tail, base]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** Styles of the cells in `workbookOf`: 0 general, 1 date, 2 date and time, 3 time, 4 percent, 5 a format of its own. */
const styles =
  '<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm"/></numFmts>' +
  '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>' +
  [0, 14, 22, 20, 9, 164].map((id) => `<xf numFmtId="${id}"/>`).join('') +
  '</cellXfs></styleSheet>';

export interface SheetXml {
  readonly name: string;
  /** The rows' XML. */
  readonly rows: string;
}

/** Makes an Excel workbook in memory. */
export function workbookOf(
  sheets: readonly SheetXml[],
  {
    shared = [],
    date1904 = false,
  }: { readonly shared?: readonly string[]; readonly date1904?: boolean } = {},
): Buffer {
  return zipOf([
    { name: '[Content_Types].xml', content: '<Types/>' },
    {
      name: 'xl/workbook.xml',
      content: `<workbook xmlns:r="urn:r"><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>${sheets
        .map(({ name }, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`)
        .join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `<Relationships>${sheets
        .map((_, index) => `<Relationship Id="rId${index + 1}" Target="worksheets/sheet${index + 1}.xml"/>`)
        .join('')}</Relationships>`,
    },
    { name: 'xl/styles.xml', content: styles },
    { name: 'xl/sharedStrings.xml', content: `<sst>${shared.join('')}</sst>` },
    ...sheets.map(({ rows }, index) => ({
      name: `xl/worksheets/sheet${index + 1}.xml`,
      content: `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
    })),
  ]);
}
