export * from './costs';
export * from './tokens';
