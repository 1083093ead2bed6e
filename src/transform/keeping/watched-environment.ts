type Environment = Readonly<Record<string, string | undefined>>;

/** An environment that notes which of its variables were asked for, whether they were there or not. */
export interface WatchedEnvironment {
  readonly environment: Environment;
  /** So far, sorted. */
  names(): readonly string[];
}

export function watchEnvironment(environment: Environment): WatchedEnvironment {
  const asked = new Set<string>();
  return {
    names: () => [...asked].sort(),
    environment: new Proxy(environment, {
      get: (target, name) => {
        if (typeof name !== 'string') return undefined;
        asked.add(name);
        return target[name];
      },
    }),
  };
}
