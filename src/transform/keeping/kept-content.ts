import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { GraphNode } from '../../core/node.ts';
import type { ManifestNodes } from '../reading/manifest.ts';
import type { TransformOptions } from '../reading/transform-options.ts';
import { wholePrint } from './input-print.ts';
import { isPlain } from './plain-data.ts';

/** What a project's files make, as plain data. */
export interface ProjectContent {
  readonly manifest: ManifestNodes;
  readonly graph: readonly GraphNode[];
}

/** Content, and what it follows from. */
export interface KeptContent {
  /** Of the inputs and the environment: see `wholePrint`. */
  readonly print: string;
  /** Variables of the environment that the content follows from. */
  readonly names: readonly string[];
  readonly content: ProjectContent;
}

interface Header extends Pick<KeptContent, 'print' | 'names'> {
  readonly digest: string;
}

const newLine = 10;

/** The content that was kept in `file` for these inputs; undefined when there is none, or only another or a damaged one. */
export function readKept(
  file: string,
  inputs: string,
  environment: TransformOptions['environment'],
): KeptContent | undefined {
  try {
    const bytes = readFileSync(file);
    const end = bytes.indexOf(newLine);
    const { print, names, digest } = JSON.parse(bytes.subarray(0, end).toString()) as Header;
    if (wholePrint(inputs, names, environment) !== print) return undefined;
    const body = bytes.subarray(end + 1);
    if (digestOf(body) !== digest) return undefined;
    return { print, names, content: deserialize(body) as ProjectContent };
  } catch {
    return undefined;
  }
}

/** Keeps content for later processes, if `file` can be written and the content is nothing but data. */
export function writeKept(file: string, { print, names, content }: KeptContent): void {
  if (!isPlain(content)) return;
  const body = serialize(content);
  const header: Header = { print, names, digest: digestOf(body) };
  const beside = `${file}.${process.pid}`;
  try {
    writeFileSync(beside, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
    renameSync(beside, file);
  } catch {
    rmSync(beside, { force: true });
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
