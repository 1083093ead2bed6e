import { totalmem } from 'node:os';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';

/** What a process may take, as connections are told. */
export interface MemoryBudget {
  /** For the buffers of one connection. */
  readonly memoryBudgetBytes: number;
  /** For an embedded engine such as DuckDB; absent when nobody set a budget, so that it decides itself. */
  readonly engineMemoryBytes?: number;
}

const variable = 'MILLRACE_MEMORY_BUDGET';

/**
 * What is taken beside the two parts: Node, our code, and what DuckDB uses outside of its own limit while it compresses.
 * Measured on Linux, x64, 2 threads: 5 million rows of 13 columns from PostgreSQL peak at 410 MB with a budget of 512 MB.
 */
const processBytes = 300e6;
/** An engine that gets less than this cannot write a row group of a wide table. */
const leastEngineBytes = 100e6;
const leastBytes = 500e6;

const units: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
};

/**
 * Splits `MILLRACE_MEMORY_BUDGET`, such as `512MB`, between the process itself, DuckDB and the rows on their way.
 * @throws ConfigError for what is no size, or too little
 */
export function memoryBudget(environment: Environment): MemoryBudget {
  const written = environment[variable]?.trim();
  if (!written) return { memoryBudgetBytes: Math.floor(totalmem() / 4) };
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMG]i?B)$/i.exec(written) ?? [];
  const bytes = Number(amount) * (units[unit.toUpperCase()] ?? Number.NaN);
  if (!(bytes >= leastBytes)) {
    throw new ConfigError(`${variable} is '${written}'`, {
      code: 'invalid_value',
      next: `Write a size of at least ${leastBytes / 1e6}MB, such as 512MB or 2GB`,
    });
  }
  const forRows = bytes - processBytes;
  const engineMemoryBytes = Math.floor(Math.max(leastEngineBytes, forRows * 0.5));
  return { memoryBudgetBytes: Math.floor(Math.max(16e6, forRows - engineMemoryBytes)), engineMemoryBytes };
}
