import type { OwnershipState } from '../../core/ports.ts';
import { integer, optionalText, type Row } from './row.ts';

export function toOwnershipState(row: Row | undefined): OwnershipState {
  if (!row) return { epoch: 0 };
  const epoch = integer(row, 'epoch');
  const owner = optionalText(row, 'owner');
  if (owner === undefined) return { epoch };
  const holder = {
    owner,
    epoch,
    acquiredAtMs: integer(row, 'acquired_at_ms'),
    expiresAtMs: integer(row, 'expires_at_ms'),
    address: optionalText(row, 'address'),
  };
  return { epoch, holder };
}
