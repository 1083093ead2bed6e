import type { ReactNode } from 'react';
import type { ReadingMistake } from '../../../src/server/contract.ts';
import { FailureBlock } from './failure-block.tsx';
import { Moment } from './moment.tsx';

/** Above every view, while the project's files are not what is shown. */
export function MistakeNote({ mistake }: { readonly mistake: ReadingMistake | undefined }): ReactNode {
  return (
    <div className="mistake-note" role="alert">
      {mistake && (
        <details open>
          <summary>
            The files have a mistake, found <Moment atMs={mistake.atMs} />. What is shown and run is from
            before.
          </summary>
          <FailureBlock failure={mistake.failure} title="What is wrong in them" />
        </details>
      )}
    </div>
  );
}
