export * from './extension';
export * from './status';
export * from './strip';
