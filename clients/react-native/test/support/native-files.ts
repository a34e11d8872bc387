// Stands in for @dr.pogodin/react-native-fs, which is native code: same names, files in memory.
export const CachesDirectoryPath = '/caches';

/** The files by path, as base64. */
export const files = new Map<string, string>();
const folders = new Set<string>();
let broken: Error | undefined;

/** Makes every write fail, or work again. */
export const breakDisk = (error: Error | undefined): void => {
  broken = error;
};

const under = (path: string): string[] => [...files.keys()].filter((name) => name.startsWith(`${path}/`));

export const exists = async (path: string): Promise<boolean> => files.has(path) || folders.has(path) || under(path).length > 0;
export const mkdir = async (path: string): Promise<void> => void folders.add(path);
export async function writeFile(path: string, contents: string, encoding: string): Promise<void> {
  if (broken) throw broken;
  if (encoding !== 'base64') throw new Error(`files hold pictures, not ${encoding}`);
  if (!folders.has(path.slice(0, path.lastIndexOf('/')))) throw new Error(`no folder for ${path}`);
  files.set(path, contents);
}
export async function readFile(path: string, encoding: string): Promise<string> {
  const contents = files.get(path);
  if (contents === undefined || encoding !== 'base64') throw new Error(`cannot read ${path} as ${encoding}`);
  return contents;
}
export const readdir = async (path: string): Promise<string[]> => under(path).map((name) => name.slice(path.length + 1));
export async function unlink(path: string): Promise<void> {
  if (!(await exists(path))) throw new Error(`nothing at ${path}`);
  for (const name of [path, ...under(path)]) files.delete(name);
  folders.delete(path);
}
