// The example in a browser, by react-native-web. The partner's own service gives web tokens and relays the status. A real one takes
// the user from its own session; the one of this example's test believes whoever asks.
import { AppRegistry } from 'react-native';

import { configure, type JobNames } from '../src';
import { App } from './App';

const post = async (path: string, job: JobNames) => (await fetch(path, { method: 'POST', body: JSON.stringify(job) })).json();

configure({
  server: location.origin,
  partnerId: '2343',
  auth: {
    webToken: async (job) => (await post('/partner/token', job)).token,
    jobStatus: (job) => post('/partner/status', job),
  },
});
const userId = new URLSearchParams(location.search).get('user') ?? 'ada';
AppRegistry.registerComponent('example', () => () => <App userId={userId} />);
AppRegistry.runApplication('example', { rootTag: document.getElementById('root') as unknown as number });
