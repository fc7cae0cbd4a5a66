import { NatsServerNotFoundError, NatsServerStartError, startNatsServer } from '../nats-server/index.ts';
import { exitText, PartEndedError, type Part, type RunningPart } from './part.ts';

export interface NatsServerPartOptions {
  readonly port: number;
  readonly monitoringPort: number;
  readonly storeDirectory: string;
  /** Lines of the server's own log. */
  readonly onLine: (line: string) => void;
  /** A server that is passed over or fetched. */
  readonly onProgress: (line: string) => void;
}

export class NatsServerPart implements Part {
  readonly name = 'nats-server';
  private readonly options: NatsServerPartOptions;

  constructor(options: NatsServerPartOptions) {
    this.options = options;
  }

  async start(signal: AbortSignal): Promise<RunningPart> {
    const { onLine, ...options } = this.options;
    try {
      const server = await startNatsServer({ ...options, onLogLine: onLine });
      const running: RunningPart = {
        ended: server.exited.then(({ code, signal: exitSignal }) => exitText(code, exitSignal)),
        stop: async () => {
          await server.stop();
        },
        kill: () => void server.kill(),
      };
      if (signal.aborted) await running.stop();
      return running;
    } catch (error) {
      throw new PartEndedError(error instanceof Error ? error.message : String(error), {
        cause: error,
        isFinal: isFinal(error),
      });
    }
  }
}

/** None to be found, a port or the store in use: that stays so until somebody does something about it. */
function isFinal(error: unknown): boolean {
  if (error instanceof NatsServerNotFoundError) return true;
  return (
    error instanceof NatsServerStartError && (error.code === 'PORT_IN_USE' || error.code === 'STORE_IN_USE')
  );
}
