import { ArgumentError } from './errors.js';

/**
 * A server's base URL as paths are put behind it.
 *
 * @throws `ArgumentError` where it is no URL of a server.
 */
export function serverRoot(server: string): string {
  if (!/^https?:\/\/[^/?#]+[^?#]*$/i.test(server)) {
    throw new ArgumentError('server must be an http or https URL without a query, e.g. https://faces.example.com');
  }
  return server.replace(/\/+$/, '');
}
