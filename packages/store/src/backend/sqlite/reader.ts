import { CatalogueReader } from './catalogue-reader.ts';
import { DataDirectory } from './data-directory.ts';
import { HistoryReader } from './history-reader.ts';
import { attempt } from './sqlite-file.ts';

/** Reads the files of one data directory, beside the writer. Lives in a thread of its own. */
export class Reader {
  readonly catalogue: CatalogueReader;
  readonly history: HistoryReader;
  readonly directory: DataDirectory;

  /** @throws {StoreError} */
  constructor(directory: string) {
    const files = new DataDirectory(directory);
    this.directory = files;
    this.catalogue = attempt(files.catalogueFile, () => new CatalogueReader(files.catalogueFile));
    this.history = new HistoryReader(files);
  }

  close(): void {
    this.history.close();
    this.catalogue.close();
  }
}
