import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent, type ReactNode } from 'react';

export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'graph' }
  | { readonly view: 'runs' }
  | { readonly view: 'run'; readonly runId: string }
  | { readonly view: 'node'; readonly nodeKey: string }
  | { readonly view: 'reports' }
  | { readonly view: 'report'; readonly name: string }
  | { readonly view: 'automation' }
  | { readonly view: 'curation' }
  | { readonly view: 'missing' };

/** What a path of the address bar shows. */
export function parseRoute(path: string): Route {
  const [first = '', ...rest] = path.split('/').filter(Boolean).map(decodeSegment);
  const [second] = rest;
  if (first === 'node' && second !== undefined) return { view: 'node', nodeKey: rest.join('/') };
  if (rest.length > 1) return { view: 'missing' };
  if (second !== undefined) {
    if (first === 'runs') return { view: 'run', runId: second };
    if (first === 'reports') return { view: 'report', name: second };
    return { view: 'missing' };
  }
  if (first === '') return { view: 'overview' };
  return isView(first) ? { view: first } : { view: 'missing' };
}

const plainViews = ['graph', 'runs', 'automation', 'reports', 'curation'] as const;

function isView(text: string): text is (typeof plainViews)[number] {
  return plainViews.some((view) => view === text);
}

export const paths = {
  run: (runId: string): string => `/runs/${encodeURIComponent(runId)}`,
  report: (name: string): string => `/reports/${encodeURIComponent(name)}`,
  node: (key: string): string => `/node/${key.split('/').map(encodeURIComponent).join('/')}`,
};

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const moved = 'millrace-moved';

function listen(callback: () => void): () => void {
  window.addEventListener('popstate', callback);
  window.addEventListener(moved, callback);
  return () => {
    window.removeEventListener('popstate', callback);
    window.removeEventListener(moved, callback);
  };
}

/** The path of the address bar; the component renders again when it changes. */
export function usePath(): string {
  return useSyncExternalStore(listen, () => window.location.pathname);
}

export function navigate(path: string): void {
  window.history.pushState(null, '', path);
  window.dispatchEvent(new Event(moved));
  window.scrollTo(0, 0);
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string;
  readonly children: ReactNode;
}

/** A link inside the page; keeps what browsers do with modifier keys. */
export function Link({ to, children, ...rest }: LinkProps): ReactNode {
  return (
    <a {...rest} href={to} onClick={(event) => followInPage(event, to)}>
      {children}
    </a>
  );
}

/** Turns a click on a link into a move within the page, unless the browser should open it elsewhere. */
export function followInPage(event: MouseEvent, to: string): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(to);
}
