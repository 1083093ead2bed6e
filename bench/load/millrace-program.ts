import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type as systemType } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** A command line of this checkout's `millrace`: the built one when there is one, as users have it. */
export function millraceCommand(projectFolder: string, words: string): string {
  const built = join(root, 'dist', 'cli', 'main.js');
  const main = join(root, 'src', 'cli', 'main.ts');
  const program = existsSync(built) ? built : `--conditions=@millrace/source ${main}`;
  return `exec ${process.execPath} ${program} --project ${projectFolder} ${words}`;
}

/** Another program of Node, compiled by an earlier run as Millrace is; `folder` keeps what was compiled. */
export function compiledCommand(folder: string, words: string): string {
  return `NODE_COMPILE_CACHE=${join(folder, 'compiled')} exec ${process.execPath} ${words}`;
}

/** The same words for Sling, whose flags they are too; nothing without its program. */
export function slingRoute(program: string | undefined, words: string): { readonly slingCommand?: string } {
  return program === undefined ? {} : { slingCommand: `exec ${program} ${words}` };
}

export function slingVersion(program: string | undefined): readonly string[] {
  if (program === undefined) return [];
  const printed = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return [`Sling ${printed.replace('Version:', '').trim()}`];
}

/** What a reader needs to know of the machine; `loadBefore` is the load average at the start. */
export function machineLines(loadBefore: number): readonly string[] {
  const loadAfter = loadavg()[0] ?? 0;
  return [
    `Machine: ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemType()} ${release()}; servers are on the same machine.`,
    `Load average (1 minute): ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after; a quiet machine shows about 0 before.`,
  ];
}
