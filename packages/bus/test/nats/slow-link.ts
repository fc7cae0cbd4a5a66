import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const TICK_MS = 5;

/** A way to a server that hands on, of what the server sends, only so much at a time. */
export interface SlowLink extends AsyncDisposable {
  readonly port: number;
  /** In 5 ms; at first as much as there is. */
  bytesPerTick: number;
}

export async function slowLink(serverPort: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const listener = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    sockets.add(near).add(far);
    near.pipe(far);
    far.pause();
    const timer = setInterval(() => {
      const most = Math.min(link.bytesPerTick, far.readableLength);
      // What is asked for beyond what has come would be answered with nothing at all; read(0) only makes it fetch more.
      const chunk = far.read(most === 0 ? 0 : most) as Buffer | null;
      if (chunk !== null) near.write(chunk);
    }, TICK_MS);
    for (const socket of [near, far]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        clearInterval(timer);
        near.destroy();
        far.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const link: SlowLink = {
    port: (listener.address() as AddressInfo).port,
    bytesPerTick: Infinity,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
  return link;
}
