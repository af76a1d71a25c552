export * from './tokens';
export * from './troubles';
