import type { Ownership } from '../../core/ledger.ts';
import type { OwnershipClaim, OwnershipState } from '../../core/ports.ts';
import { toOwnershipState } from '../record/ownership.ts';
import { tellOthers } from './event-log.ts';
import type { Session } from './session.ts';

export async function readOwnership(session: Session): Promise<OwnershipState> {
  return toOwnershipState(
    await session.get('SELECT owner, epoch, acquired_at_ms, expires_at_ms, address FROM ownership'),
  );
}

export async function ownsProject(session: Session, owner: string): Promise<boolean> {
  return (await session.get('SELECT 1 FROM ownership WHERE owner = $1', owner)) !== undefined;
}

export async function claimOwnership(
  session: Session,
  claim: OwnershipClaim,
): Promise<Ownership | undefined> {
  const { owner, expectedEpoch, atMs, expiresAtMs, address } = claim;
  const epoch = expectedEpoch + 1;
  const claimed = await session.run(
    expectedEpoch === 0
      ? `INSERT INTO ownership (id, owner, epoch, acquired_at_ms, expires_at_ms, address)
         VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
      : `UPDATE ownership SET owner = $1, epoch = $2, acquired_at_ms = $3, expires_at_ms = $4, address = $5
         WHERE epoch = $2 - 1`,
    owner,
    epoch,
    atMs,
    expiresAtMs,
    address ?? null,
  );
  return claimed === 1 ? { owner, epoch, acquiredAtMs: atMs, expiresAtMs, address } : undefined;
}

export async function announceAddress(session: Session, owner: string, address: string): Promise<void> {
  await session.run('UPDATE ownership SET address = $1 WHERE owner = $2', address, owner);
}

/** Keeps the epoch, so that the next owner's is higher. */
export async function releaseOwnership(session: Session, owner: string): Promise<void> {
  await session.run(
    'UPDATE ownership SET owner = NULL, expires_at_ms = 0, address = NULL WHERE owner = $1',
    owner,
  );
  await tellOthers(session, 'runs');
}
