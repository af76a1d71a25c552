export * from './choose';
export * from './view';
