import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openZip } from './zip-archive.ts';
import { writeZip } from './zip-writer.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-zip-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const text = 'id,t\n1,\u00e9\n'.repeat(50_000);
const hasProgram = (name: string, ...words: string[]): boolean => spawnSync(name, words).status === 0;

async function* pieces(): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += 10_000) yield bytes.subarray(start, start + 10_000);
}

describe.each([
  ['with sizes of 32 bits', 1e9, '504b0304140000080800'],
  ['with sizes of ZIP64', 2 ** 32, '504b03042d0000080800'],
])('an archive %s', (_, mostBytes, start) => {
  const changedAt = new Date('2024-02-29T10:20:30Z');
  const write = async (): Promise<string> => {
    const path = join(folder, `${mostBytes}.zip`);
    await writeZip(path, { name: 'rows \u00e9.csv', bytes: pieces(), mostBytes, changedAt });
    return path;
  };

  test('is read as it was written', async () => {
    const archive = await openZip(await write(), 'rows.zip');
    const [entry] = archive.entries;
    if (!entry) throw new Error('expected an entry');
    expect(entry.fileName).toBe('rows \u00e9.csv');
    expect(entry.uncompressedSize).toBe(Buffer.byteLength(text));
    const found: Uint8Array[] = [];
    for await (const piece of await archive.read(entry)) found.push(piece);
    expect(Buffer.concat(found).toString()).toBe(text);
    archive.close();
  });

  test('begins as such', async () => {
    expect(
      readFileSync(await write())
        .subarray(0, 10)
        .toString('hex'),
    ).toBe(start);
  });

  test.skipIf(!hasProgram('unzip', '-v'))('is sound to unzip', async () => {
    const path = await write();
    expect(execFileSync('unzip', ['-t', path], { encoding: 'utf8' })).toMatch(/No errors detected/);
    const unpacked = execFileSync('unzip', ['-p', path], { encoding: 'utf8', maxBuffer: 1e8 });
    expect(unpacked).toBe(text);
  });

  test.skipIf(!hasProgram('python3', '--version'))('is sound to Python', async () => {
    const program = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
i = z.infolist()[0]
print(z.testzip(), i.filename == 'rows \u00e9.csv', i.file_size, i.date_time, oct(i.external_attr >> 16))`;
    const said = execFileSync('python3', ['-c', program, await write()], { encoding: 'utf8' });
    expect(said.trim()).toBe(`None True ${Buffer.byteLength(text)} (2024, 2, 29, 10, 20, 30) 0o100644`);
  });
});
