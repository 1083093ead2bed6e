import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { UnreadAsset } from '../../../src/server/contract.ts';
import { curationQuery } from '../api.ts';
import { formatCount, formatDuration } from '../format.ts';
import { useNodes } from '../node/use-nodes.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Moment } from '../parts/moment.tsx';
import { NodeLink } from '../parts/node-link.tsx';
import { PageHead } from '../parts/page-head.tsx';

export function CurationView(): ReactNode {
  const curation = useQuery(curationQuery());
  return (
    <>
      <PageHead
        title="Curation"
        description="Assets that no report and no sync reads, directly or through others."
      />
      <Answer query={curation} of="the curation list">
        {({ unread }) =>
          unread.length === 0 ? (
            <Empty title="Everything is read by somebody">
              <p>Each asset has a path to a report or a sync.</p>
            </Empty>
          ) : (
            <UnreadTable unread={unread} />
          )
        }
      </Answer>
    </>
  );
}

function UnreadTable({ unread }: { readonly unread: readonly UnreadAsset[] }): ReactNode {
  const nodes = useNodes();
  return (
    <div className="panel table-scroll">
      <table>
        <caption className="unseen">Assets without a path to a consumer</caption>
        <thead>
          <tr>
            <th scope="col">Asset</th>
            <th scope="col">Why it is listed</th>
            <th scope="col" className="number">
              Rows
            </th>
            <th scope="col" className="number">
              Last run took
            </th>
            <th scope="col">Last success</th>
          </tr>
        </thead>
        <tbody>
          {unread.map((asset) => (
            <tr key={asset.key}>
              <th scope="row">
                <NodeLink nodeKey={asset.key} view={nodes.get(asset.key)} />
              </th>
              <td>{asset.reason}</td>
              <td className="number">{asset.rows !== undefined && formatCount(asset.rows)}</td>
              <td className="number">
                {asset.lastDurationMs !== undefined && formatDuration(asset.lastDurationMs)}
              </td>
              <td>{asset.succeededAtMs !== undefined && <Moment atMs={asset.succeededAtMs} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
