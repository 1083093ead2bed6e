import type { Readable } from 'node:stream';

/** A line that is longer is cut into several. */
const longestLine = 16_384;

/** Calls back with every line that a process prints, as it comes; the last one too when nothing ends it. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  const tell = (line: string): void => {
    const text = line.replace(/\r$/, '');
    if (text !== '') onLine(text);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) tell(line);
    while (rest.length > longestLine) {
      tell(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
  });
  stream.on('end', () => tell(rest));
  stream.on('error', () => undefined);
}
