import { cp, rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { startNatsServer } from '@katbus/cli/nats-server';
import { testFolder } from './store-fixture.ts';

/** A nats-server whose store a test takes away or puts back: always on the same ports. */
export class ManagedNats {
  readonly #folder: string;
  #server: Awaited<ReturnType<typeof startNatsServer>>;

  private constructor(folder: string, server: Awaited<ReturnType<typeof startNatsServer>>) {
    this.#folder = folder;
    this.#server = server;
  }

  static async start(): Promise<ManagedNats> {
    const folder = await testFolder();
    const server = await startNatsServer({ port: 0, monitoringPort: 0, storeDirectory: `${folder}/store` });
    const nats = new ManagedNats(folder, server);
    onTestFinished(async () => {
      await nats.#server.kill();
    });
    return nats;
  }

  get url(): string {
    return this.#server.url;
  }

  get monitoringUrl(): string {
    return this.#server.monitoringUrl;
  }

  /** Stopped, so that its files are whole, copied, and started again. */
  async backUp(): Promise<void> {
    await this.#server.stop();
    await cp(`${this.#folder}/store`, `${this.#folder}/copy`, { recursive: true });
    await this.#startAgain();
  }

  /** What a power failure does to a server that syncs late: its last messages are gone, with the place of its consumers. */
  async rollBack(): Promise<void> {
    await this.#server.kill();
    await rm(`${this.#folder}/store`, { recursive: true });
    await cp(`${this.#folder}/copy`, `${this.#folder}/store`, { recursive: true });
    await this.#startAgain();
  }

  /** All streams are gone. */
  async wipe(): Promise<void> {
    await this.#server.kill();
    await rm(`${this.#folder}/store`, { recursive: true });
    await this.#startAgain();
  }

  /** Away, until {@link restart}. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async restart(): Promise<void> {
    await this.#server.kill();
    await this.#startAgain();
  }

  async #startAgain(): Promise<void> {
    const port = Number(new URL(this.#server.url).port);
    const monitoringPort = Number(new URL(this.#server.monitoringUrl).port);
    this.#server = await startNatsServer({ port, monitoringPort, storeDirectory: `${this.#folder}/store` });
  }
}
