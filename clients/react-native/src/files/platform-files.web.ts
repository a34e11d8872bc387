import type { PrivateFiles } from './private-files';

/** The folder of a path in the origin's private file system; `undefined` where it is missing and not to be made. */
async function folderOf(parts: string[], create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
  let folder = await navigator.storage.getDirectory();
  for (const part of parts) {
    const next = await folder.getDirectoryHandle(part, { create }).catch(missing);
    if (!next) return undefined;
    folder = next;
  }
  return folder;
}

function missing(error: unknown): undefined {
  if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
  throw error;
}

const split = (path: string): [string[], string] => {
  const parts = path.split('/');
  return [parts.slice(0, -1), parts.at(-1) ?? ''];
};

/** The origin's private file system, in browsers. */
export const platformFiles: PrivateFiles = {
  async write(path, bytes) {
    const [folders, name] = split(path);
    const file = await (await folderOf(folders, true))?.getFileHandle(name, { create: true });
    const stream = await file?.createWritable();
    await stream?.write(bytes as BufferSource);
    await stream?.close();
  },
  async read(path) {
    const [folders, name] = split(path);
    const file = await (await folderOf(folders, false))?.getFileHandle(name).catch(missing);
    return file && new Uint8Array(await (await file.getFile()).arrayBuffer());
  },
  async list(path) {
    const names: string[] = [];
    const folder = await folderOf(path.split('/'), false);
    if (folder) for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
    return names;
  },
  async remove(path) {
    const [folders, name] = split(path);
    await (await folderOf(folders, false))?.removeEntry(name, { recursive: true }).catch(missing);
  },
};
