import type { Ownership } from '../../core/ledger.ts';
import type { OwnershipClaim, OwnershipState } from '../../core/ports.ts';
import { toOwnershipState } from '../record/ownership.ts';
import { integer } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';

export function readOwnership(database: LedgerDatabase): OwnershipState {
  return toOwnershipState(
    database.get('SELECT owner, epoch, acquired_at_ms, expires_at_ms, address FROM ownership'),
  );
}

export function ownsProject(database: LedgerDatabase, owner: string): boolean {
  return database.get('SELECT 1 FROM ownership WHERE owner = ?', owner) !== undefined;
}

export function claimOwnership(database: LedgerDatabase, claim: OwnershipClaim): Ownership | undefined {
  const { owner, expectedEpoch, atMs, expiresAtMs, address } = claim;
  return database.write(() => {
    const row = database.get('SELECT epoch FROM ownership');
    if ((row ? integer(row, 'epoch') : 0) !== expectedEpoch) return undefined;
    const epoch = expectedEpoch + 1;
    database.run(
      `INSERT INTO ownership (id, owner, epoch, acquired_at_ms, expires_at_ms, address) VALUES (1, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch,
         acquired_at_ms = excluded.acquired_at_ms, expires_at_ms = excluded.expires_at_ms, address = excluded.address`,
      owner,
      epoch,
      atMs,
      expiresAtMs,
      address ?? null,
    );
    return { owner, epoch, acquiredAtMs: atMs, expiresAtMs, address };
  });
}

export function announceAddress(database: LedgerDatabase, owner: string, address: string): void {
  database.run('UPDATE ownership SET address = ? WHERE owner = ?', address, owner);
}

/** Keeps the epoch, so that the next owner's is higher. */
export function releaseOwnership(database: LedgerDatabase, owner: string): void {
  database.run('UPDATE ownership SET owner = NULL, expires_at_ms = 0, address = NULL WHERE owner = ?', owner);
}
