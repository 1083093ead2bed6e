import type { ReactNode } from 'react';
import type { Health } from '../health.ts';
import { Icon } from './icon.tsx';

/** A state as colour, sign and word. */
export function StateBadge({ health }: { readonly health: Health }): ReactNode {
  return (
    <span className={`badge tone-${health.tone}`}>
      <StateSign health={health} />
      {health.word}
    </span>
  );
}

/** A state as colour and sign; its word is there for screen readers and as a tooltip. */
export function StateDot({ health }: { readonly health: Health }): ReactNode {
  return (
    <span className={`dot tone-${health.tone}`} title={health.word}>
      <StateSign health={health} />
      <span className="unseen">{health.word}</span>
    </span>
  );
}

function StateSign({ health }: { readonly health: Health }): ReactNode {
  return (
    <span className={health.tone === 'busy' ? 'sign turning' : 'sign'}>
      <Icon name={health.tone} size={12} />
    </span>
  );
}
