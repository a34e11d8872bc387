/** The app's private files, as far as captures need them. Paths are relative; folders are made where needed. */
export interface PrivateFiles {
  /** Writes a file, replacing one that is there. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Reads a file; `undefined` where there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** The names of a folder's files; empty where there is no folder. */
  list(folder: string): Promise<string[]>;
  /** Removes a file, or a folder with what is in it; nothing happens where there is none. */
  remove(path: string): Promise<void>;
}
