import type { PrivateFiles } from './private-files';

// IndexedDB rather than the origin's private file system: there Safari before 26 has nothing that writes outside a worker.
const DATABASE = 'selfsame-captures';
const STORE = 'files';

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error as DOMException);
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answered(request);
}

/** Does something with the files. Resolves once it is done for good. */
async function within<T>(mode: IDBTransactionMode, act: (files: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error as DOMException);
    });
    const [result] = await Promise.all([answered(act(transaction.objectStore(STORE))), done]);
    return result;
  } finally {
    database.close();
  }
}

/** The paths in a folder. `0` is the character after `/`. */
const inside = (folder: string): IDBKeyRange => IDBKeyRange.bound(`${folder}/`, `${folder}0`, false, true);

/** The origin's own database, in browsers. */
export const platformFiles: PrivateFiles = {
  async write(path, bytes) {
    // A view of a larger buffer would be kept with all of it.
    await within('readwrite', (files) => files.put(bytes.slice(), path));
  },
  read(path) {
    return within<Uint8Array | undefined>('readonly', (files) => files.get(path));
  },
  async list(folder) {
    const paths = await within('readonly', (files) => files.getAllKeys(inside(folder)));
    return [...new Set(paths.map((path) => String(path).slice(folder.length + 1).split('/')[0] as string))];
  },
  async remove(path) {
    await within('readwrite', (files) => {
      files.delete(path);
      return files.delete(inside(path));
    });
  },
};
