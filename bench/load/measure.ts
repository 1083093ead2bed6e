import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';

/** One run of one command line, as the shell's user sees it. */
export interface Measurement {
  readonly wallSeconds: number;
  /** Largest resident set of the main process, in millions of bytes; undefined where /proc does not tell. */
  readonly peakMegabytes: number | undefined;
}

const sampleMs = 50;

/** Runs `command` by the shell and waits for its end. Throws with its output when it fails. */
export async function measure(command: string, environment: NodeJS.ProcessEnv): Promise<Measurement> {
  const started = performance.now();
  const child = spawn('sh', ['-c', command], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  let peak: number | undefined;
  const sampler = setInterval(() => {
    void residentMegabytes(child.pid).then((now) => {
      if (now !== undefined) peak = Math.max(peak ?? 0, now);
    });
  }, sampleMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(sampler);
  if (code !== 0) throw new Error(`exit code ${code}: ${command}\n${Buffer.concat(output).toString()}`);
  return { wallSeconds: (performance.now() - started) / 1000, peakMegabytes: peak };
}

/** High-water mark of the process, which `exec` in the command makes the measured program itself. */
async function residentMegabytes(pid: number | undefined): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return undefined;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
