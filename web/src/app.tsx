import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode } from 'react';
import { projectQuery } from './api.ts';
import { useAnnouncement, useLiveEvents, type Connection } from './live.ts';
import { Icon, type IconName } from './parts/icon.tsx';
import { MistakeNote } from './parts/mistake-note.tsx';
import { ThemeSwitch } from './parts/theme-switch.tsx';
import { Link, parseRoute, usePath, type Route } from './router.tsx';
import { AutomationView } from './views/automation.tsx';
import { CurationView } from './views/curation.tsx';
import { GraphPage } from './views/graph.tsx';
import { MissingView } from './views/missing.tsx';
import { NodePage } from './views/node.tsx';
import { Overview } from './views/overview.tsx';
import { ReportPage } from './views/report.tsx';
import { ReportsView } from './views/reports.tsx';
import { RunPage } from './views/run.tsx';
import { RunsView } from './views/runs.tsx';

/** The frame around every view: navigation, live connection, theme. */
export function App(): ReactNode {
  const path = usePath();
  const route = parseRoute(path);
  const project = useQuery(projectQuery());
  useFreshDefinitions(project.data?.manifestHash);
  const firstSequence = useFirst(project.data?.sequence);
  const connection = useLiveEvents(firstSequence);
  const main = useMainFocus(path);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="side">
        <Link to="/" className="brand" aria-label="Millrace, overview">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span>
            <strong>Millrace</strong>
            <small>{project.data?.name ?? ' '}</small>
          </span>
        </Link>
        <nav aria-label="Views">
          {places.map((place) => (
            <Link
              key={place.path}
              to={place.path}
              aria-current={place.views.includes(route.view) ? 'page' : undefined}
            >
              <Icon name={place.icon} />
              {place.name}
            </Link>
          ))}
        </nav>
        <div className="side-foot">
          <LiveSign connection={connection} />
          <ThemeSwitch />
        </div>
      </header>
      <main id="main" tabIndex={-1} ref={main} className={route.view === 'graph' ? 'full' : undefined}>
        <MistakeNote mistake={project.data?.mistake} />
        <View route={route} />
      </main>
      <Announcer />
    </div>
  );
}

const places: readonly {
  readonly name: string;
  readonly path: string;
  readonly icon: IconName;
  readonly views: readonly Route['view'][];
}[] = [
  { name: 'Overview', path: '/', icon: 'overview', views: ['overview'] },
  { name: 'Graph', path: '/graph', icon: 'graph', views: ['graph', 'node'] },
  { name: 'Runs', path: '/runs', icon: 'runs', views: ['runs', 'run'] },
  { name: 'Automation', path: '/automation', icon: 'clock', views: ['automation'] },
  { name: 'Reports', path: '/reports', icon: 'reports', views: ['reports', 'report'] },
  { name: 'Curation', path: '/curation', icon: 'curation', views: ['curation'] },
];

function View({ route }: { readonly route: Route }): ReactNode {
  switch (route.view) {
    case 'overview':
      return <Overview />;
    case 'graph':
      return <GraphPage />;
    case 'runs':
      return <RunsView />;
    case 'run':
      return <RunPage key={route.runId} runId={route.runId} />;
    case 'node':
      return <NodePage key={route.nodeKey} nodeKey={route.nodeKey} />;
    case 'automation':
      return <AutomationView />;
    case 'reports':
      return <ReportsView />;
    case 'report':
      return <ReportPage key={route.name} name={route.name} />;
    case 'curation':
      return <CurationView />;
    default:
      return <MissingView />;
  }
}

const connectionWords: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
};

function LiveSign({ connection }: { readonly connection: Connection }): ReactNode {
  return (
    <p className={`live-sign ${connection}`} role="status">
      <span aria-hidden="true" />
      {connectionWords[connection]}
    </p>
  );
}

function Announcer(): ReactNode {
  return (
    <p className="unseen" role="status" aria-live="polite">
      {useAnnouncement()}
    </p>
  );
}

/** Reads everything anew when the project's files have changed. */
function useFreshDefinitions(manifestHash: string | undefined): void {
  const client = useQueryClient();
  const known = useRef(manifestHash);
  useEffect(() => {
    if (known.current !== undefined && known.current !== manifestHash) void client.invalidateQueries();
    known.current = manifestHash;
  }, [client, manifestHash]);
}

/** The first value that was there; later ones do not matter. */
function useFirst<T>(value: T | undefined): T | undefined {
  const first = useRef(value);
  first.current ??= value;
  return first.current;
}

/** After a move within the page, the keyboard and the screen reader start at the new content. */
function useMainFocus(path: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
