import type { Ownership } from '../core/ledger.ts';
import type { OwnershipAttempt } from './engine.ts';
import { mayBeAlive } from './owner.ts';
import type { Workplace } from './workplace.ts';

export interface ProjectClaim {
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly address: string | undefined;
}

/** Takes the project if nobody has it, or if whoever has it is dead or has been silent for a lease's length. */
export async function claimProject(place: Workplace, claim: ProjectClaim): Promise<OwnershipAttempt> {
  for (;;) {
    const { epoch, holder } = await place.store.readOwnership();
    const atMs = place.clock.nowMs();
    if (holder?.owner === claim.owner && holder.expiresAtMs > atMs)
      return { acquired: true, ownership: holder };
    if (holder && isOwnershipLive(holder, atMs)) return { acquired: false, holder };
    const ownership = await place.store.claimOwnership({
      owner: claim.owner,
      expectedEpoch: epoch,
      atMs,
      expiresAtMs: atMs + claim.leaseMilliseconds,
      address: claim.address,
    });
    if (ownership) return { acquired: true, ownership };
  }
}

/** Of the project or of a run: false when the holder's lease has run out, or its process is known to have ended. */
export function isOwnershipLive(holder: Pick<Ownership, 'owner' | 'expiresAtMs'>, atMs: number): boolean {
  return holder.expiresAtMs > atMs && mayBeAlive(holder.owner);
}
