/** Why a connection ended: RFC 6455's code (1006 when the network or the dialling failed) and the reason that came with it. */
export interface Disconnect {
  readonly code: number;
  readonly reason: string;
}

/** RFC 6455, section 7.4.1: no close frame came. */
export const ABNORMAL_CLOSE = 1006;

export interface LineEvents {
  onOpen(): void;
  onFrame(data: unknown): void;
  /** Comes once, last, also for an attempt that failed; not after {@link Line.cut}. */
  onClosed(disconnect: Disconnect): void;
}

/** One websocket, from dialling to its end: the narrowest that the client needs, so that a test can fake its faults. */
export interface Line {
  send(text: string): void;
  /** Ends it in whatever state it is. No event comes after this. */
  cut(): void;
}

export type Dial = (url: string, events: LineEvents) => Line;

/** Dials by the WebSocket that browsers and Node have. */
export function dialWebSocket(url: string, events: LineEvents): Line {
  const socket = new WebSocket(url);
  const undo = new AbortController();
  const { signal } = undo;
  socket.addEventListener('open', () => events.onOpen(), { signal });
  socket.addEventListener('message', (event) => events.onFrame(event.data), { signal });
  // An `error` event says nothing that the `close` event after it does not (the platforms hide the cause), so it has no handler.
  socket.addEventListener('close', ({ code, reason }) => events.onClosed({ code, reason }), { signal });
  return {
    send: (text) => socket.send(text),
    cut: () => {
      undo.abort();
      socket.close(1000);
    },
  };
}
