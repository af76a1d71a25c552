export * from './clean';
export * from './view';
