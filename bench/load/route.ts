import { type Measurement, measure } from './measure.ts';

/** One way of data, and how it is gone by the floor, by Millrace and by Sling. */
export interface Route {
  readonly name: string;
  /** The highest ratio of Millrace to the floor that is accepted. */
  readonly limit: number;
  /** The largest peak of resident memory that is accepted. */
  readonly limitMegabytes?: number;
  readonly floorCommand: string;
  readonly command: string;
  /** The same load by Sling, when its program was named. */
  readonly slingCommand?: string;
  /** All as a user would type them, without the paths of this machine. */
  readonly shownCommands: readonly string[];
  /** Brings the target to its state before the load. */
  readonly reset: () => Promise<void>;
}

/** What a route took, round by round. */
export interface RouteResult {
  readonly route: Route;
  readonly floor: readonly Measurement[];
  readonly millrace: readonly Measurement[];
  /** Empty without Sling. */
  readonly sling: readonly Measurement[];
}

/** Runs the floor, Millrace and Sling in turn, `rounds` times. */
export async function measureRoute(
  route: Route,
  rounds: number,
  environment: NodeJS.ProcessEnv,
): Promise<RouteResult> {
  const result = { route, floor: [], millrace: [], sling: [] } as {
    route: Route;
    floor: Measurement[];
    millrace: Measurement[];
    sling: Measurement[];
  };
  for (let round = 1; round <= rounds; round += 1) {
    const timed = async (command: string): Promise<Measurement> => {
      await route.reset();
      return await measure(command, environment);
    };
    const floor = await timed(route.floorCommand);
    const millrace = await timed(route.command);
    result.floor.push(floor);
    result.millrace.push(millrace);
    let line = `floor ${floor.wallSeconds.toFixed(2)} s, Millrace ${millrace.wallSeconds.toFixed(2)} s, ratio ${(millrace.wallSeconds / floor.wallSeconds).toFixed(2)}`;
    if (route.slingCommand !== undefined) {
      const sling = await timed(route.slingCommand);
      result.sling.push(sling);
      line += `, Sling ${sling.wallSeconds.toFixed(2)} s`;
    }
    process.stdout.write(`${route.name}, round ${round}: ${line}\n`);
  }
  return result;
}
