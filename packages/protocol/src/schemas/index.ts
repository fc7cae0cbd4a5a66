export * from './shapes.ts';
export * from './validator.ts';
