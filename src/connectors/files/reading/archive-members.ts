import { ConfigError, DataError } from '../../../core/errors.ts';
import type { SourceFile } from '../disk/file-paths.ts';
import { type Compression, compressionOfName, fileNameOf, type FileType } from '../disk/file-type.ts';
import { type ContentKind, contentKind } from '../formats/content-kind.ts';
import { limitGrowth } from '../formats/growth-limit.ts';
import { openZip } from '../formats/zip-archive.ts';
import type { ReadOptions } from '../options/read-options.ts';
import type { Spool } from '../disk/spool.ts';

/** One file to read, out of its archive. */
export interface Member extends SourceFile {
  readonly place: string;
  readonly fileType: FileType;
  readonly compression: Exclude<Compression, 'zip'>;
}

/** The file itself, or the files in it when it is an archive, which are unpacked. */
export async function membersOf(
  file: SourceFile,
  options: ReadOptions,
  spool: Spool,
): Promise<readonly Member[]> {
  const place = file.place ?? file.path;
  const compression = options.compression === 'auto' ? compressionOfName(place) : options.compression;
  if (compression !== 'zip') {
    const { fileType } = fileNameOf(place, options.format ?? file.format);
    await requireKind(file.path, place, fileType, compression);
    return [{ ...file, place, fileType, compression }];
  }
  const archive = await openZip(file.path, place);
  try {
    if (archive.entries.length === 0) {
      throw new DataError(`${place}: there are no files in the archive.`, {
        code: 'file_empty',
        state: 'Nothing was read.',
        next: 'Put the files into it, or leave it out.',
      });
    }
    const members: Member[] = [];
    for (const entry of archive.entries) {
      const name = `${place}: ${entry.fileName}`;
      const inner = compressionOfName(entry.fileName);
      if (inner === 'zip') throw archiveInArchive(name);
      const { fileType } = fileNameOf(/\.\w+$/.test(entry.fileName) ? entry.fileName : place, options.format);
      const bytes = limitGrowth(await archive.read(entry), entry.compressedSize, name);
      const path = await spool.write(extensionOf(fileType, entry.fileName, inner), bytes);
      await requireKind(path, name, fileType, inner);
      members.push({
        path,
        place: name,
        fileType,
        compression: inner,
        bytes: 0,
        changedAtMs: file.changedAtMs,
      });
    }
    return members;
  } finally {
    archive.close();
  }
}

/** What a temporary copy is to be called. */
export function extensionOf(fileType: FileType, name: string, compression: Compression): string {
  const kind = fileType === 'csv' && /\.tsv/i.test(name) ? 'tsv' : fileType;
  const packed = { none: '', gzip: '.gz', zstd: '.zst', snappy: '.sz', zip: '.zip' }[compression];
  return `${kind}${packed}`;
}

function archiveInArchive(place: string): ConfigError {
  return new ConfigError(`${place} is an archive within an archive.`, {
    code: 'not_yet_supported',
    next: 'Unpack the outer one.',
  });
}

const kindNames: Readonly<Record<ContentKind, string>> = {
  zip: 'a ZIP archive or an Excel workbook',
  gzip: 'packed by gzip',
  zstd: 'packed by zstd',
  snappy: 'packed by Snappy',
  parquet: 'a Parquet file',
  avro: 'an Avro file',
  xls: 'a workbook in the old format of Excel (.xls)',
};

/** A name that promises something else than the first bytes say is an error before anything is read. */
async function requireKind(
  path: string,
  place: string,
  fileType: FileType,
  compression: Compression,
): Promise<void> {
  const kind = await contentKind(path);
  if (kind === undefined || kind === compression) return;
  if (compression === 'none' && kind === fileType) return;
  if (compression === 'none' && fileType === 'xlsx' && kind === 'zip') return;
  const expected = compression === 'none' ? fileType : `packed by ${compression}`;
  throw new DataError(`${place} is ${kindNames[kind]}, and not ${expected}.`, {
    code: 'file_kind_differs',
    state: 'Nothing was read.',
    next:
      kind === 'xls'
        ? 'Save it as .xlsx.'
        : 'Name the file after what it is, or say so in source_options: format or compression.',
  });
}
