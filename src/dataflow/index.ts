export * from './dataflow';
export * from './manager';
export * from './tokens';
