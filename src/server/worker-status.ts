import type { WorkerRecord } from '../core/dispatch.ts';
import type { WorkerStatus } from './contract.ts';

export function workerStatus({ owner, isAlive, isDraining, ...worker }: WorkerRecord): WorkerStatus {
  return { name: owner, state: isAlive ? (isDraining ? 'draining' : 'working') : 'silent', ...worker };
}
