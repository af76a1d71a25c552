export * from './dataflow';
export * from './manager';
export * from './reach';
export * from './tokens';
