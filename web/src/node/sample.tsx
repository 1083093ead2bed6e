import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sampleLength, sampleQuery } from '../api.ts';
import { Answer } from '../parts/answer.tsx';
import { DataTable } from '../parts/data-table.tsx';

/** The first rows of an asset. */
export function Sample({ nodeKey }: { readonly nodeKey: string }): ReactNode {
  const sample = useQuery(sampleQuery(nodeKey));
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Sample rows</h2>
        <span className="quiet">at most {sampleLength}</span>
      </div>
      <Answer query={sample} of="sample rows">
        {(data) => <DataTable caption={`Sample rows of ${nodeKey}`} data={data} />}
      </Answer>
    </section>
  );
}
