import { type Connector, defineConnector } from '../../connector/connector.ts';
import { type HttpConfig, httpConfig, parseHttpUrl } from './config.ts';
import { openHttp } from './connection.ts';

/** HTTP systems that a sync delivers to. */
export const httpConnector: Connector<HttpConfig> = defineConnector({
  type: 'http',
  aliases: ['https'],
  config: httpConfig,
  secretKeys: ['token', 'bearer', 'password', 'headers'],
  parseUrl: parseHttpUrl,
  open: async (config, environment) => openHttp(environment.name, config),
});
