export * from '../loop-turns.ts';
export * from './figures.ts';
export * from './logger.ts';
export * from './monitoring-server.ts';
export * from './options.ts';
export * from './run-daemon.ts';
export * from './stream-options.ts';
