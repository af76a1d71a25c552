export * from './marks';
export * from './notes';
export * from './words';
