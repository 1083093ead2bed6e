/** `telemetry` of `millrace.config.ts`: what is told to other systems. Texts may hold `${NAME}` of the environment. */
export interface TelemetryDefinition {
  /** Lineage events of every run and step; to a URL or into a file. */
  readonly openLineage?: {
    /** Base of the receiver, such as `http://marquez:5000`; `/api/v1/lineage` is added. */
    readonly url?: string;
    /** Grows by a line of JSON per event. Relative to the project. */
    readonly file?: string;
    readonly apiKey?: string;
    /** Of jobs. Default: `default`. */
    readonly namespace?: string;
    /** What could not be sent for so long is given up. Default 72. */
    readonly keepHours?: number;
  };
  /** Spans of runs, steps, chunks and queries, by OTLP over HTTP in JSON. */
  readonly traces?: {
    /** Base of the collector, such as `http://otel:4318`; `/v1/traces` is added. */
    readonly endpoint: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** Default: the project's name. */
    readonly serviceName?: string;
    /** What could not be sent for so long is given up. Default 72. */
    readonly keepHours?: number;
  };
  /** Metrics for the text file collector of Prometheus' node exporter, such as `/var/lib/node_exporter/millrace.prom`. Relative to the project. */
  readonly metricsFile?: string;
}
