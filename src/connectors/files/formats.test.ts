import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import avro from 'avsc';
import { compress } from 'snappyjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, ReadRequest } from '../../connector/connection.ts';
import { workbookOf, zipOf } from './archive.fixture.ts';
import { limitGrowth } from './formats/growth-limit.ts';
import { filesConnector } from './index.ts';

const never = new AbortController().signal;
let folder: string;
let temporaryFolder: string;
let connection: Connection;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-formats-'));
  temporaryFolder = mkdtempSync(join(tmpdir(), 'millrace-spool-'));
  connection = await filesConnector.open(
    {},
    { name: 'LOCAL', projectFolder: folder, temporaryFolder, memoryBudgetBytes: 5e8 },
  );
});

afterEach(async () => {
  await connection.close();
  rmSync(folder, { recursive: true });
  rmSync(temporaryFolder, { recursive: true });
});

function put(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

type Options = ReadRequest['options'];

async function typesOf(name: string, options: Options = {}): Promise<Record<string, string>> {
  const schema = await connection.source?.describe({ name: `file://${name}` }, options);
  return Object.fromEntries((schema?.columns ?? []).map((column) => [column.name, column.type.type]));
}

/** Rows through the column lane, by way of a JSONL file that we write ourselves. */
async function rowsOf(
  name: string,
  options: Options = {},
  more: Partial<ReadRequest> = {},
): Promise<unknown[]> {
  const stream = { name: `file://${name}` };
  const columns = (await connection.source?.describe(stream, options))?.columns.map((column) => column.name);
  const payload = await connection.source?.read(
    { stream, columns: columns ?? [], options, ...more },
    'columns',
    never,
  );
  if (payload?.format !== 'columns') throw new Error('expected columns');
  const table = { schema: '', name: 'rows-read.jsonl' };
  await connection.target?.stage({ table, schema: payload.schema, onProgress: () => {} }, payload, never);
  const text = readFileSync(join(folder, 'rows-read.jsonl'), 'utf8').trim();
  return text === '' ? [] : text.split('\n').map((line) => Object.values(JSON.parse(line) as object));
}

const shared = [
  '<si><t>id</t></si>',
  '<si><r><t>na</t></r><r><t>me</t></r><rPh><t>x</t></rPh></si>',
  '<si><t>Zoë_x000D_</t></si>',
];
const sheet = {
  name: 'People',
  rows: `<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="inlineStr"><is><t>born</t></is></c><c r="E2" t="str"><v>share</v></c><c r="F2" t="str"><v>ok</v></c><c r="G2" t="str"><v>at</v></c></row>
<row r="3"><c r="B3"><v>1</v></c><c r="C3" t="s"><v>2</v></c><c r="D3" s="1"><v>45292</v></c><c r="E3" s="4"><f>1/4</f><v>0.25</v></c><c r="F3" t="b"><v>1</v></c><c r="G3" s="5"><v>45292.5</v></c></row>
<row r="4"/>
<row r="5"><c r="B5"><v>2</v></c><c r="C5" t="str"><v></v></c><c r="D5" s="1"><v>45293</v></c><c r="E5"><v>19.989999999999998</v></c><c r="F5" t="b"><v>0</v></c></row>`,
};

describe('Excel', () => {
  it('reads texts, numbers, truths, dates and the stored values of formulas', async () => {
    put('people.xlsx', workbookOf([sheet], { shared }));
    expect(await typesOf('people.xlsx')).toEqual({
      id: 'int64',
      name: 'text',
      born: 'date',
      share: 'float64',
      ok: 'boolean',
      at: 'timestamp',
    });
    expect(await rowsOf('people.xlsx')).toEqual([
      [1, 'Zoë\r', '2024-01-01', 0.25, true, '2024-01-01 12:00:00'],
      [2, '', '2024-01-02', 19.99, false, null],
    ]);
  });

  it('counts days from 1904 where the workbook says so', async () => {
    const rows =
      '<row><c t="str"><v>d</v></c></row><row><c s="1"><v>0</v></c></row><row><c s="1"><v>366</v></c></row>';
    put('old.xlsx', workbookOf([{ name: 'a', rows }], { date1904: true }));
    expect(await rowsOf('old.xlsx')).toEqual([['1904-01-01'], ['1905-01-01']]);
  });

  it('reads the sheet and the range that are named', async () => {
    const rows =
      '<row r="1"><c r="A1" t="str"><v>title</v></c></row><row r="3"><c r="B3" t="str"><v>x</v></c><c r="C3" t="str"><v>y</v></c></row>' +
      '<row r="4"><c r="A4"><v>9</v></c><c r="B4"><v>1</v></c><c r="C4" t="e"><v>#N/A</v></c></row><row r="5"><c r="B5"><v>2</v></c></row>';
    put('two.xlsx', workbookOf([sheet, { name: 'My data', rows }], { shared }));
    const range = { sheet: "'My data'!B3:C4" };
    expect(await rowsOf('two.xlsx', range)).toEqual([[1, '#N/A']]);
    expect(await rowsOf('two.xlsx', { ...range, null_if: '#N/A' })).toEqual([[1, null]]);
    await expect(typesOf('two.xlsx', { sheet: 'My dat' })).rejects.toMatchObject({
      code: 'sheet_missing',
      message: expect.stringContaining('did you mean My data?'),
    });
    await expect(typesOf('two.xlsx', { sheet: 'My data' })).rejects.toThrow(
      /two\.xlsx, sheet My data, cell B3/,
    );
    expect(await rowsOf('two.xlsx', { sheet: 'My data!B4:C5', header: false })).toEqual([
      [1, '#N/A'],
      [2, null],
    ]);
  });

  it('says row and column of what does not fit', async () => {
    put('people.xlsx', workbookOf([sheet], { shared }));
    const columns = { share: { type: 'decimal', precision: 4, scale: 2 }, at: { type: 'timestamp' } };
    expect(await typesOf('people.xlsx', { columns })).toMatchObject({ share: 'decimal' });
    const misfit = typesOf('people.xlsx', { columns: { name: { type: 'int32' } } });
    await expect(misfit).rejects.toThrow(/people\.xlsx, row 3: the value of name does not fit int32/);
  });

  it('tells what is not a workbook', async () => {
    put('fake.xlsx', 'a,b\n1,2\n');
    await expect(typesOf('fake.xlsx')).rejects.toMatchObject({ kind: 'data', code: 'file_broken' });
    put('zip.xlsx', zipOf([{ name: 'a.csv', content: 'a\n1\n' }]));
    await expect(typesOf('zip.xlsx')).rejects.toThrow(/not an Excel workbook/);
    put('cut.xlsx', workbookOf([sheet], { shared }).subarray(0, 600));
    await expect(typesOf('cut.xlsx')).rejects.toMatchObject({ code: 'file_broken' });
    put('old.xls', Buffer.from('d0cf11e0a1b11ae100000000', 'hex'));
    await expect(typesOf('old.xls')).rejects.toMatchObject({
      code: 'file_kind_differs',
      next: 'Save it as .xlsx.',
    });
    put('workbook.csv', workbookOf([sheet], { shared }));
    await expect(typesOf('workbook.csv')).rejects.toThrow(
      /is a ZIP archive or an Excel workbook, and not csv/,
    );
  });
});

describe('XML', () => {
  it('takes the element that repeats as a record', async () => {
    put(
      'orders.xml',
      `<?xml version="1.0"?><shop xmlns="urn:x" name="s"><head><made>2024-01-01</made></head><orders>
       <order id="1"><day>2024-01-01</day><price>1.50</price><note/><line><sku>a</sku></line><line><sku>b</sku></line></order>
       <order id="2"><day>2024-01-02</day><price>2</price><note>x &amp; y</note></order></orders></shop>`,
    );
    expect(await typesOf('orders.xml')).toEqual({
      id: 'int64',
      day: 'date',
      price: 'decimal',
      note: 'text',
      line: 'json',
    });
    expect(await rowsOf('orders.xml')).toEqual([
      [1, '2024-01-01', 1.5, '', [{ sku: 'a' }, { sku: 'b' }]],
      [2, '2024-01-02', 2, 'x & y', null],
    ]);
  });

  it('flattens what is nested', async () => {
    put('deep.xml', '<a><r><b><c>1</c><d u="kg">2</d></b></r><r><b><c>3</c></b></r></a>');
    expect(await rowsOf('deep.xml', { flatten: true })).toEqual([
      ['1', 'kg', '2'],
      ['3', null, null],
    ]);
    expect(Object.keys(await typesOf('deep.xml', { flatten: true }))).toEqual([
      'b__c',
      'b__d__u',
      'b__d__#text',
    ]);
  });

  it('refuses entities of its own, and says where a document breaks', async () => {
    put('laughs.xml', '<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;">]><a><r>&m;</r><r/></a>');
    await expect(typesOf('laughs.xml')).rejects.toMatchObject({ kind: 'data', code: 'xml_entities' });
    put('open.xml', '<a>\n<r>1</r>\n<r>2</a>');
    await expect(typesOf('open.xml')).rejects.toThrow(
      /open\.xml, line 3, column \d+: it is not well-formed XML/,
    );
    put('cut.xml', '<a><r>1</r><r>2');
    await expect(typesOf('cut.xml')).rejects.toMatchObject({ code: 'file_broken' });
  });

  it('follows the encoding that a document declares', async () => {
    put(
      'latin.xml',
      Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a><r>é</r><r>ü</r></a>', 'latin1'),
    );
    expect(await rowsOf('latin.xml')).toEqual([['é'], ['ü']]);
  });
});

describe('Avro', () => {
  const schema = {
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'price', type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }] },
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'clock', type: { type: 'int', logicalType: 'time-millis' } },
      { name: 'key', type: { type: 'string', logicalType: 'uuid' } },
      { name: 'raw', type: 'bytes' },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['open', 'done'] } },
      { name: 'tags', type: { type: 'array', items: ['null', 'string', 'long'] } },
      { name: 'next', type: ['null', 'State'] },
    ],
  };
  const long = avro.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(value);
      return buffer;
    },
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: () => 0,
  });
  const records = [
    {
      id: 9223372036854775807n,
      price: { bytes: Buffer.from('ff5c', 'hex') },
      day: -1,
      at: -1n,
      clock: 3_723_004,
      key: '9f1b7c1e-0000-4000-8000-000000000001',
      raw: Buffer.from([0, 255]),
      state: 'open',
      tags: [null, { string: 'a' }, { long: 9007199254740993n }],
      next: { 'shop.State': 'done' },
    },
    {
      id: -1n,
      price: null,
      day: 0,
      at: 1_000_000n,
      clock: 0,
      key: '9f1b7c1e-0000-4000-8000-000000000002',
      raw: Buffer.alloc(0),
      state: 'done',
      tags: [],
      next: null,
    },
  ];

  function container(codec: string, pack: (data: Buffer) => Buffer): Buffer {
    const plain = schema.fields.map((field) => {
      const { type } = field as { type: { type?: string } };
      return { ...field, type: type.type === 'long' ? 'long' : type };
    });
    const type = avro.Type.forSchema({ ...schema, fields: plain } as never, {
      registry: { long },
      wrapUnions: 'always',
    });
    const data = Buffer.concat(records.map((record) => type.toBuffer(record)));
    const packed = pack(data);
    const number = (value: number): Buffer => avro.Type.forSchema('long').toBuffer(value);
    const text = (value: string): Buffer => avro.Type.forSchema('string').toBuffer(value);
    const sync = Buffer.alloc(16, 7);
    return Buffer.concat([
      Buffer.from('Obj\u0001'),
      number(2),
      text('avro.schema'),
      text(JSON.stringify(schema)),
      text('avro.codec'),
      text(codec),
      number(0),
      sync,
      number(records.length),
      number(packed.length),
      packed,
      sync,
    ]);
  }
  const expected = [
    [
      expect.anything(),
      -1.64,
      '1969-12-31',
      '1969-12-31 23:59:59.999999+00',
      '01:02:03.004',
      records[0]?.key,
      expect.anything(),
      'open',
      [null, 'a', expect.anything()],
      'done',
    ],
    [-1, null, '1970-01-01', '1970-01-01 00:00:01+00', '00:00:00', records[1]?.key, '', 'done', [], null],
  ];

  it.each([
    ['null', (data: Buffer) => data],
    ['deflate', (data: Buffer) => deflateRawSync(data)],
    ['zstandard', (data: Buffer) => zstdCompressSync(data)],
    [
      'snappy',
      (data: Buffer) => {
        const checksum = Buffer.alloc(4);
        checksum.writeUInt32BE(crc32(data));
        return Buffer.concat([compress(data), checksum]);
      },
    ],
  ] as const)('reads %s blocks with the types of the schema', async (codec, pack) => {
    put('orders.avro', container(codec, pack));
    expect(await typesOf('orders.avro')).toEqual({
      id: 'int64',
      price: 'decimal',
      day: 'date',
      at: 'timestamptz',
      clock: 'time',
      key: 'uuid',
      raw: 'bytes',
      state: 'text',
      tags: 'json',
      next: 'text',
    });
    expect(await rowsOf('orders.avro')).toEqual(expected);
    const text = readFileSync(join(folder, 'rows-read.jsonl'), 'utf8');
    expect(text).toContain('9223372036854775807');
    expect(text).toContain('9007199254740993');
  });

  it('tells where a file breaks', async () => {
    const whole = container('null', (data) => data);
    put('cut.avro', whole.subarray(0, -30));
    await expect(typesOf('cut.avro')).rejects.toThrow(/cut\.avro, byte \d+: the file ends within a block/);
    put('head.avro', whole.subarray(0, 100));
    await expect(typesOf('head.avro')).rejects.toThrow(/its header is not complete/);
    const mixed = Buffer.from(whole);
    mixed[whole.length - 1] = 8;
    put('mark.avro', mixed);
    await expect(typesOf('mark.avro')).rejects.toThrow(/a block does not end where it should/);
    put(
      'codec.avro',
      container('lzma', (data) => data),
    );
    await expect(typesOf('codec.avro')).rejects.toThrow(/it is packed by lzma/);
  });
});

describe('packed files', () => {
  const csv = 'a,b\n1,x\n2,\n';
  const rows = [
    [1, 'x'],
    [2, null],
  ];

  function snappyFrames(data: Buffer, breakChecksum = false): Buffer {
    const table = Uint32Array.from({ length: 256 }, (_, index) => {
      let value = index;
      for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
      return value >>> 0;
    });
    let crc = 0xffffffff;
    for (const byte of data) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
    crc = (crc ^ 0xffffffff) >>> 0;
    const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    const body = Buffer.concat([Buffer.alloc(4), compress(data)]);
    body.writeUInt32LE(breakChecksum ? 0 : masked);
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 1, 3);
    return Buffer.concat([Buffer.from('ff060000734e61507059', 'hex'), head, body]);
  }

  it.each([
    ['a.csv.gz', gzipSync(csv)],
    ['a.csv.zst', zstdCompressSync(csv)],
    ['a.csv.sz', snappyFrames(Buffer.from(csv))],
    ['a.csv.zip', zipOf([{ name: 'inner.csv', content: csv }])],
    ['nested.zip', zipOf([{ name: 'x/inner.csv.gz', content: gzipSync(csv) }])],
  ])('%s is unpacked', async (name, content) => {
    put(name, content);
    expect(await rowsOf(name)).toEqual(rows);
  });

  it('reads several entries of an archive one after another', async () => {
    put(
      'two.zip',
      zipOf([
        { name: 'a.csv', content: csv },
        { name: '__MACOSX/a.csv', content: 'x' },
        { name: 'b.csv', content: 'a,b\n3,y\n' },
      ]),
    );
    expect(await rowsOf('two.zip')).toEqual([...rows, [3, 'y']]);
    put(
      'mixed.zip',
      zipOf([
        { name: 'a.csv', content: csv },
        { name: 'b.json', content: '{}' },
      ]),
    );
    await expect(typesOf('mixed.zip')).rejects.toMatchObject({ code: 'file_format' });
  });

  it('names the entry and the line of a broken row', async () => {
    put(
      'two.zip',
      zipOf([
        { name: 'a.csv', content: csv },
        { name: 'b.csv', content: 'a,b\n3,y\n4\n' },
      ]),
    );
    await expect(typesOf('two.zip')).rejects.toThrow(
      /two\.zip: b\.csv, line 3: it has 1 fields where the header has 2/,
    );
    const columns = { b: { type: 'int32' } };
    put('one.zip', zipOf([{ name: 'a.csv', content: csv }]));
    await expect(rowsOf('one.zip', { columns })).rejects.toThrow(
      /one\.zip: a\.csv, line 2: the value of column b/,
    );
  });

  it('leaves no temporary file behind when it fails', async () => {
    put(
      'bad.zip',
      zipOf([
        { name: 'a.csv', content: csv },
        { name: 'b.csv', content: 'other\n1\n' },
      ]),
    );
    await expect(typesOf('bad.zip')).rejects.toMatchObject({ code: 'file_columns_differ' });
    expect(readdirSync(temporaryFolder)).toEqual([]);
  });

  it.each([
    ['cut.csv.gz', gzipSync(csv.repeat(1000)).subarray(0, 40)],
    ['cut.csv.zip', zipOf([{ name: 'a.csv', content: csv }]).subarray(0, -30)],
    ['liar.csv.zip', zipOf([{ name: 'a.csv', content: csv.repeat(1000), claimedBytes: 10 }])],
    ['cut.csv.sz', snappyFrames(Buffer.from(csv)).subarray(0, -3)],
    ['sum.csv.sz', snappyFrames(Buffer.from(csv), true)],
  ])('%s is refused with its name', async (name, content) => {
    put(name, content);
    await expect(typesOf(name)).rejects.toMatchObject({
      kind: 'data',
      code: 'file_broken',
      message: expect.stringContaining(name),
    });
  });

  it('refuses secret and endless archives', async () => {
    put('secret.zip', zipOf([{ name: 'a.csv', content: csv, encrypted: true }]));
    await expect(typesOf('secret.zip')).rejects.toMatchObject({ code: 'file_encrypted' });
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield new Uint8Array(1000);
    }
    const reading = async (): Promise<void> => {
      for await (const _ of limitGrowth(endless(), 10, 'bomb.zip', { freeBytes: 5000, mostGrowth: 100 }));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'file_grows_too_much' });
  });

  it('tells a packed file whose name does not say so', async () => {
    put('plain.csv', gzipSync(csv));
    await expect(typesOf('plain.csv')).rejects.toThrow(/plain\.csv is packed by gzip, and not csv/);
    expect(await rowsOf('plain.csv', { compression: 'gzip' })).toEqual(rows);
  });
});

describe('encodings', () => {
  const text = 'a,b\n1,é\n';
  const utf16 = Buffer.from(text, 'utf16le');

  it.each([
    ['utf8_bom', Buffer.from(`\ufeff${text}`), 'é'],
    ['latin1', Buffer.from(text, 'latin1'), 'é'],
    ['windows1252', Buffer.from('a,b\n1,\x80\n', 'latin1'), '€'],
    ['windows1250', Buffer.from('a,b\n1,\xb9\n', 'latin1'), 'ą'],
    ['latin9', Buffer.from('a,b\n1,\xa4\n', 'latin1'), '€'],
    ['latin5', Buffer.from('a,b\n1,\xd0\n', 'latin1'), 'а'],
    ['utf16', Buffer.concat([Buffer.from('fffe', 'hex'), utf16]), 'é'],
    ['utf16', Buffer.concat([Buffer.from('feff', 'hex'), Buffer.from(utf16).swap16()]), 'é'],
    ['utf16be', Buffer.from(utf16).swap16(), 'é'],
  ])('%s', async (encoding, content, letter) => {
    put('a.csv', content);
    expect(await rowsOf('a.csv', { encoding })).toEqual([[1, letter]]);
    const json = `{"a":1,"b":"${letter}"}\n`;
    put('a.jsonl', encoding.startsWith('utf8') ? `\ufeff${json}` : content);
    if (encoding.startsWith('utf8')) expect(await rowsOf('a.jsonl', { encoding })).toEqual([[1, letter]]);
  });

  it('is told with its place when the text is something else', async () => {
    put('a.jsonl', Buffer.from('{"a":"é"}\n', 'latin1'));
    expect(await rowsOf('a.jsonl', { encoding: 'latin1' })).toEqual([['é']]);
    put('odd.csv', Buffer.from('a\n1\n\x00', 'latin1'));
    await expect(typesOf('odd.csv', { encoding: 'utf16le' })).rejects.toThrow(
      /odd\.csv, between bytes \d+ and \d+/,
    );
  });
});

describe('documents', () => {
  const document =
    '{"meta":{"n":2},"items":[{"id":12345678901234567890,"who":{"name":"Ada","at":{"city":"x"}}},{"id":2,"who":{"name":"Bo"}}]}';

  it('are asked by JMESPath and by jq, with every digit', async () => {
    put('page.json', document);
    expect(await rowsOf('page.json', { jmespath: 'items[].{id: id, name: who.name}' })).toHaveLength(2);
    expect(readFileSync(join(folder, 'rows-read.jsonl'), 'utf8')).toContain('12345678901234567890');
    expect(await rowsOf('page.json', { jq: '.items[] | {name: .who.name}' })).toEqual([['Ada'], ['Bo']]);
    put('lines.jsonl', '{"a":[{"x":1}]}\n{"a":[]}\n{"a":[{"x":2}]}\n');
    expect(await rowsOf('lines.jsonl', { jq: '.a[]' })).toEqual([[1], [2]]);
    expect(await rowsOf('lines.jsonl', { jmespath: 'a' })).toEqual([[1], [2]]);
  });

  it('answer with clear errors', async () => {
    put('page.json', document);
    for (const options of [{ jmespath: 'items[' }, { jq: '.items[' }])
      await expect(typesOf('page.json', options)).rejects.toMatchObject({
        kind: 'config',
        code: 'expression_failed',
      });
    await expect(typesOf('page.json', { jmespath: 'meta.n' })).rejects.toMatchObject({
      code: 'records_missing',
    });
    put('bad.json', '{"a":');
    for (const options of [{ jmespath: 'a' }, { jq: '.a' }])
      await expect(typesOf('bad.json', options)).rejects.toMatchObject({ kind: 'data', code: 'file_broken' });
  });

  it('are flattened to any depth', async () => {
    put('lines.jsonl', '{"id":1,"who":{"name":"Ada","at":{"city":"x"}}}\n{"id":2,"who":null}\n');
    expect(Object.keys(await typesOf('lines.jsonl', { flatten: true }))).toEqual([
      'id',
      'who__name',
      'who__at__city',
      'who',
    ]);
    expect(await rowsOf('lines.jsonl', { flatten: 1 })).toEqual([
      [1, 'Ada', { city: 'x' }, null],
      [2, null, null, null],
    ]);
    put('clash.jsonl', '{"a__b":1,"a":{"b":2}}\n');
    await expect(typesOf('clash.jsonl', { flatten: true })).rejects.toMatchObject({ code: 'column_twice' });
  });
});

describe('options', () => {
  it('null_if and empty_as_null hold for JSON too', async () => {
    put('a.jsonl', '{"a":"NULL","b":""}\n{"a":"x","b":"y"}\n');
    expect(await rowsOf('a.jsonl')).toEqual([
      ['NULL', ''],
      ['x', 'y'],
    ]);
    expect(await rowsOf('a.jsonl', { null_if: 'NULL', empty_as_null: true })).toEqual([
      [null, null],
      ['x', 'y'],
    ]);
  });

  it('datetime_format types what is written so, and only that', async () => {
    put('a.csv', 'd,t,x\n31.12.2024,31.12.2024 10:05,2024-01-01\n01.02.2024,01.02.2024 23:59,2024-01-02\n');
    const options = { datetime_format: 'DD.MM.YYYY' };
    expect(await typesOf('a.csv', options)).toEqual({ d: 'date', t: 'text', x: 'date' });
    expect(await rowsOf('a.csv', options, { columns: ['d'] })).toEqual([['2024-12-31'], ['2024-02-01']]);
    expect(await rowsOf('a.csv', { datetime_format: 'DD.MM.YYYY HH:mm' }, { columns: ['t'] })).toEqual([
      ['2024-12-31 10:05:00'],
      ['2024-02-01 23:59:00'],
    ]);
    const columns = { d: { type: 'timestamptz' } };
    expect(await rowsOf('a.csv', { ...options, columns }, { columns: ['d'] })).toEqual([
      ['2024-12-31 00:00:00+00'],
      ['2024-02-01 00:00:00+00'],
    ]);
    await expect(typesOf('a.csv', { datetime_format: 'DD.QQ.YYYY' })).rejects.toMatchObject({
      code: 'invalid_value',
    });
  });

  it('a declared name is also that of a column written in other letters, and an instant without a zone is in UTC', async () => {
    const columns = { id: { type: 'int32' }, AT: { type: 'timestamptz' } };
    put('a.csv', 'Id,at\n1,2024-01-15 10:30:00\n2,2024-01-16T00:00:00+02:00\n');
    put('a.jsonl', '{"Id":1,"at":"2024-01-15 10:30:00"}\n{"Id":2,"at":"2024-01-16T00:00:00+02:00"}\n');
    for (const file of ['a.csv', 'a.jsonl']) {
      expect(await typesOf(file, { columns })).toEqual({ Id: 'int32', at: 'timestamptz' });
      expect(await rowsOf(file, { columns })).toEqual([
        [1, '2024-01-15 10:30:00+00'],
        [2, '2024-01-15 22:00:00+00'],
      ]);
    }
  });

  it('max_decimals rounds, because it is asked to', async () => {
    put('a.csv', 'a,b\n1.239,9.995\n-1.235,1\n');
    expect(await rowsOf('a.csv', { max_decimals: 2 })).toEqual([
      [1.24, 10],
      [-1.24, 1],
    ]);
    put('a.jsonl', '{"a":1.239}\n');
    expect(await rowsOf('a.jsonl', { max_decimals: 1 })).toEqual([[1.2]]);
  });

  it('fields_per_rec fills up short rows, or insists', async () => {
    put('a.csv', 'a,b\n1\n2,x\n');
    await expect(typesOf('a.csv')).rejects.toMatchObject({ code: 'file_broken_row' });
    expect(await rowsOf('a.csv', { fields_per_rec: -1 })).toEqual([
      [1, null],
      [2, 'x'],
    ]);
    await expect(typesOf('a.csv', { fields_per_rec: 3 })).rejects.toMatchObject({
      code: 'file_columns_differ',
    });
  });

  it('skip_blank_lines tells a blank line of one column from NULL', async () => {
    put('a.csv', 'a\n1\n\n2\n');
    expect(await rowsOf('a.csv')).toEqual([[1], [null], [2]]);
    expect(await rowsOf('a.csv', { skip_blank_lines: true })).toEqual([[1], [2]]);
  });

  it('offset and limit cut a piece out', async () => {
    put('a.csv', `a\n${[1, 2, 3, 4, 5].join('\n')}\n`);
    expect(await rowsOf('a.csv', { offset: 1 }, { limit: 2 })).toEqual([[2], [3]]);
  });

  it('without effect are refused', async () => {
    put('a.jsonl', '{"a":1}\n');
    for (const options of [{ delimiter: ';' }, { sheet: 'x' }, { skip_lines: 1 }, { header: false }])
      await expect(typesOf('a.jsonl', options)).rejects.toMatchObject({ code: 'option_not_applicable' });
    expect(await typesOf('a.jsonl', { header: true, skip_blank_lines: false })).toEqual({ a: 'int64' });
  });

  it('metadata tell file and row', async () => {
    put('m1.csv', 'a\n10\n20\n');
    put('m2.csv', 'a\n30\n');
    const rows = await rowsOf('m*.csv', { metadata: ['row_num', 'stream_url'] });
    expect(rows).toEqual([
      [10, 1, `file://${join(folder, 'm1.csv')}`],
      [20, 2, `file://${join(folder, 'm1.csv')}`],
      [30, 1, `file://${join(folder, 'm2.csv')}`],
    ]);
  });
});
