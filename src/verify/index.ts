export * from './ask';
export * from './model';
export * from './view';
