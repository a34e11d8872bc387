import { CachesDirectoryPath, exists, mkdir, readdir, readFile, unlink, writeFile } from '@dr.pogodin/react-native-fs';

import { fromBase64, toBase64 } from './base64';
import type { PrivateFiles } from './private-files';

// Private to the app, and in no backup: faces do not go where the person did not send them. The system may empty it when
// space runs out; then the person captures again.
const at = (path: string): string => `${CachesDirectoryPath}/${path}`;

/** The app's private files on iOS and Android. */
export const platformFiles: PrivateFiles = {
  async write(path, bytes) {
    await mkdir(at(path.slice(0, path.lastIndexOf('/'))));
    await writeFile(at(path), toBase64(bytes), 'base64');
  },
  async read(path) {
    return (await exists(at(path))) ? fromBase64(await readFile(at(path), 'base64')) : undefined;
  },
  async list(folder) {
    return (await exists(at(folder))) ? readdir(at(folder)) : [];
  },
  async remove(path) {
    if (await exists(at(path))) await unlink(at(path));
  },
};
